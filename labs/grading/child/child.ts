/**
 * The child: runs the code under test and says what happened; what that means is judged elsewhere.
 *
 * Requests come in over standard input, answers go out over descriptor 3. The realm is closed before
 * the first line of the code under test runs, so all that is used here is imported, not global.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { setImmediate } from 'node:timers';
import { Script } from 'node:vm';
import type { Checkpoint, Parts } from '../../checkpoint.ts';
import { createPrinter } from './printed.ts';
import { closeRealm } from './realm.ts';
import { describeThrown } from './thrown.ts';
import { LIMITS, type Load, type Outcome, type Question, type Rehearsal } from '../wire.ts';

const ANSWERS = 3;
const MB = 1024 * 1024;

/** Writes all of it: a pipe takes what it has room for. */
const write = (text: string): void => {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(ANSWERS, bytes, written);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EAGAIN') throw error;
    }
  }
};

class NotExported extends Error {
  override readonly name = 'NotExported';
}

/** The parts, so that asking for what they do not export says that. */
const guard = (modules: Parts): Parts => {
  const guarded = Object.entries(modules).map(([file, exports]) => {
    const get = (_: object, name: PropertyKey): unknown => {
      if (typeof name === 'string' && !Object.hasOwn(exports, name)) {
        throw new NotExported(`${file}.ts does not export ${name}`);
      }
      return Reflect.get(exports, name);
    };
    return [file, new Proxy({}, { get, has: (_, name) => Object.hasOwn(exports, name) })];
  });
  return Object.fromEntries(guarded) as Parts;
};

const createLoader = ({ script, filename, trusted }: Load): (() => Parts) => {
  const compiled = new Script(script, { filename });
  const require = trusted ? createRequire(process.argv[1]!) : undefined;
  return () => {
    const evaluate = compiled.runInThisContext() as (require: unknown) => Parts;
    return guard(evaluate(require));
  };
};

/** Does it, and says what came of it: an answer as text, or what was thrown. */
const attempt = (act: () => unknown, observationMB: number): string => {
  const unusable = (reason: string) =>
    JSON.stringify({ kind: 'unusable', reason } satisfies Outcome);
  try {
    const observation = act();
    if (observation instanceof Promise) return unusable('gave a promise: a core answers at once');
    const text = JSON.stringify(observation) ?? 'null';
    if (text.length > observationMB * MB) {
      const size = (text.length / MB).toFixed(1);
      return unusable(`gave ${size} MB to look at, and ${observationMB} MB is the most`);
    }
    return `{"kind":"observed","observation":${text}}`;
  } catch (thrown) {
    return JSON.stringify(describeThrown(thrown));
  }
};

/** Serves requests until the grading process closes the channel. */
export const serve = (checkpoint: Checkpoint): void => {
  let nonce = '';
  let limits = LIMITS;
  let load: (() => Parts) | undefined;
  let queue: { readonly batch: number; readonly act: () => unknown }[] = [];
  let working = false;
  /** What a promise threw after the call was over. */
  let stray: string | undefined;
  const printer = createPrinter(() => limits.printedCharactersMax);

  const say = (json: string) => write(`${nonce} ${json}\n`);
  const note = (thrown: unknown) => {
    stray ??= JSON.stringify(describeThrown(thrown));
  };

  /** One input a turn of the event loop: promises that it leaves behind run before it is answered. */
  const work = () => {
    const job = queue.shift();
    working = job !== undefined;
    if (!job) return;
    stray = undefined;
    const outcome = attempt(job.act, limits.observationMB);
    setImmediate(() => {
      const printed = printer.take();
      const tail = printed === undefined ? '' : `,"printed":${JSON.stringify(printed)}`;
      say(`${(stray ?? outcome).slice(0, -1)},"batch":${job.batch}${tail}}`);
      work();
    });
  };

  const enqueue = (jobs: typeof queue) => {
    queue = jobs;
    if (!working) work();
  };

  const ask = ({ batch, check: id, inputs }: Question) => {
    const check = checkpoint.checks.find((each) => each.id === id)!;
    let parts: Parts | undefined;
    const jobs = inputs.map((input) => ({
      batch,
      // Loaded anew for each request: what one check leaves in a variable, no other finds there.
      act: () => check.observe((parts ??= load!()), input),
    }));
    say(JSON.stringify({ kind: 'begun', batch }));
    enqueue(jobs);
  };

  const receive = (line: string) => {
    if (nonce === '') {
      nonce = line;
      closeRealm(printer.console);
      say('{"kind":"ready"}');
    } else if (load === undefined) {
      const request = JSON.parse(line) as Load | Rehearsal;
      if ('rehearse' in request) {
        checkpoint.rehearse?.();
        return;
      }
      limits = request.limits;
      load = createLoader(request);
      enqueue([{ batch: 0, act: () => void load!() }]);
    } else ask(JSON.parse(line) as Question);
  };

  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  let received: string[] = [];
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk: string) => {
    const [end, ...begun] = chunk.split('\n');
    received.push(end!);
    for (const part of begun) {
      receive(received.join(''));
      received = [part];
    }
  });
};
