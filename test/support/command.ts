/**
 * The command line as a stranger has it: real child processes, and the same commands in this process
 * where a table of fifty refusals would cost fifty starts.
 *
 * Every child has a deadline, is killed when its test is over, and sees neither npm's variables nor ours.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, vi } from 'vitest';
import { reportFailure } from '#reference/commands/exit.ts';
import { node } from '#reference/commands/node/node.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What `npm run node ...`, `demo` and `sim` start, for `node`; the command's own word comes next. */
export const MAIN = [join(ROOT, 'reference/start/start.mjs'), 'reference/main.ts'] as const;
/** It ends what hangs, before the test that waits for it is ended. */
const DEADLINE_MS = 60_000;

/** How a command ended. */
export interface Ran {
  /** As a shell shows it: 128 and the number of the signal for whoever a signal ended. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const cleanups: (() => void)[] = [];

/** Kills what still runs and removes what was made; for `afterAll`. */
export const cleanUp = (): void => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
};

/** A directory of its own, removed by `cleanUp`, also while a child that was killed is on its way out. */
export const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'murmuration-test-'));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  return directory;
};

/** The environment without npm's variables and ours; nothing is coloured. */
export const environment = (more: { readonly [name: string]: string } = {}): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|MURMURATION_|VITEST|NODE_)/i.test(name),
    ),
  ),
  FORCE_COLOR: '0',
  ...more,
});

/** Polls until there is a value; rejects with what it waited for, as that is told then. */
export const until = async <Value>(
  what: string | (() => string),
  probe: () => Value | undefined | Promise<Value | undefined>,
  deadlineMs = DEADLINE_MS,
): Promise<Value> => {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > giveUpAt) {
      const told = typeof what === 'string' ? what : what();
      throw new Error(`waited ${deadlineMs} ms for ${told}`);
    }
    await sleep(10);
  }
};

export interface Started {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves when it has ended and all it said is here. */
  readonly ended: Promise<Ran>;
  /** Resolves with the match once standard output fits. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface Launch {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
  /** A process group of its own, so that a terminal's Ctrl-C can be imitated. */
  readonly detached?: boolean;
  /** Another user, where this one may say so. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Starts any program; kills it at the deadline or when the tests are over. */
export const launch = (
  program: string,
  words: readonly string[],
  { env, cwd = ROOT, detached = false, user }: Launch = {},
): Started => {
  const child = spawn(program, words, { cwd, detached, env: environment(env), ...user });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const kill = (): void => void child.kill('SIGKILL');
  cleanups.push(kill);
  const ended = once(child, 'close').then(([code, signal]): Ran => {
    cleanups.splice(cleanups.indexOf(kill), 1);
    const number = constants.signals[signal as NodeJS.Signals];
    return { code: (code as number | null) ?? 128 + number, out, err };
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    said: (pattern) =>
      until(
        () => `${words.slice(-3).join(' ')} to say ${pattern.source}; it said ${out}${err}`,
        () => {
          const match = pattern.exec(out);
          if (match) return match;
          if (child.exitCode !== null) throw new Error(`it ended, and had said: ${out}${err}`);
          return undefined;
        },
      ),
  };
};

/** Starts `npm run node ...` without npm. */
export const start = (words: readonly string[], options: Launch = {}): Started =>
  launch(process.execPath, [...MAIN, ...words], options);

/** Runs a command of reference/main.ts to its end. */
export const run = async (
  words: readonly string[],
  { input = '', ...options }: Launch & { readonly input?: string | Uint8Array } = {},
): Promise<Ran> => {
  const { child, ended } = start(words, options);
  child.stdin?.on('error', () => {}); // It may end without reading.
  child.stdin?.end(input);
  return within(`the end of ${words.join(' ')}`, ended);
};

/** The promise, or a rejection that names what it was. */
export const within = async <Value>(
  what: string,
  promise: Promise<Value>,
  deadlineMs = DEADLINE_MS,
): Promise<Value> => {
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`waited ${deadlineMs} ms for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
};

let last: Promise<unknown> = Promise.resolve();

/**
 * The same `node` command in this process: what it prints and the exit code it gives. One at a time,
 * because there is one console.
 */
export const inProcess = (...words: readonly string[]): Promise<Ran> => {
  const ran = last.then(() => runHere(words));
  last = ran.catch(() => {});
  return ran;
};

const runHere = async (words: readonly string[]): Promise<Ran> => {
  let [out, err] = ['', ''];
  const plain = (text: unknown): string => stripVTControlCharacters(String(text));
  const spies = [
    vi
      .spyOn(console, 'log')
      .mockImplementation((text: unknown) => void (out += `${plain(text)}\n`)),
    vi.spyOn(console, 'error').mockImplementation((text) => void (err += `${plain(text)}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += plain(text);
      return true;
    }),
  ];
  try {
    const code = await node(words).catch((error: unknown) =>
      reportFailure(error, words.includes('json')),
    );
    return { code, out, err };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
};

/**
 * What a refusal must equal: this exit code, nothing on standard output, and on standard error one
 * sentence that begins with the status, has these words in it and nothing that no person should read.
 */
export const refusal = (code: number, status: string, words: RegExp): Ran => ({
  code,
  out: '',
  err: expect.stringMatching(
    new RegExp(
      `^(?=[^]*?(?:${words.source}))(?![^]*(?:undefined|\\[object|NaN))${status}: [^\\n]+\\n$`,
    ),
  ) as string,
});

/** The result of a command that was told `json` and succeeded. */
export const resultOf = <Result>(ran: Ran): Result => {
  expect({ code: ran.code, err: ran.err }).toEqual({ code: 0, err: '' });
  const answer = JSON.parse(ran.out) as { readonly ok: boolean; readonly result: Result };
  expect(answer.ok).toBe(true);
  return answer.result;
};
