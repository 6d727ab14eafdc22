/**
 * The parent's side of a run: hands inputs to a child and takes what it observed, one by one. A child
 * that dies takes one input with it; the next request gets a new child.
 */
import { type Child, startChild } from './process.ts';
import { type Died, type Limits, LIMITS, type Line, type Reply } from './wire.ts';

export interface RunnerOptions {
  /** The kit's script. */
  readonly kit: string;
  /** May use packages of the project: the reference. */
  readonly trusted?: boolean;
  readonly limits?: Partial<Limits>;
  /** Waits for a debugger and lifts the limits of time. */
  readonly debug?: boolean;
}

/** The parts under test: a script that evaluates to a function of `require`. */
export interface Script {
  readonly script: string;
  readonly filename: string;
}

export interface Runner {
  /** While there is nothing to do: the kit warms up, so that the next parts are observed sooner. */
  rehearse(): void;
  /**
   * Loads the parts into the child that waits.
   *
   * @returns undefined if they loaded.
   * @throws Error if the kit itself does not start.
   */
  load(parts: Script): Promise<Reply | undefined>;
  /**
   * What came of each input, in their order; ends early after a `died`. The parts are loaded anew for
   * it, so what an earlier request left in a variable is not there. Whoever has seen enough may stop.
   *
   * @throws Error if the kit itself does not start.
   */
  observe(check: string, inputs: readonly unknown[]): AsyncGenerator<Reply, void>;
  close(): void;
}

/** A line about a batch. */
type Answer = Exclude<Line, { readonly kind: 'ready' }>;

/** Once something ran out of time, what follows is given less: a loop is often met again. */
const PATIENCE_SHARE = 1 / 4;
const PATIENCE_MS_MIN = 300;

/** Starts a child at once: it gets ready while the parts are bundled. */
export const createRunner = (options: RunnerOptions): Runner => {
  const { kit, trusted = false, debug = false } = options;
  const limits = { ...LIMITS, ...options.limits };
  let patienceMs = limits.replyMs;
  let parts: Script | undefined;
  let child: Child | undefined;
  let batch = 0;

  const launch = async (): Promise<Child> => {
    const started = startChild({ kit, limits, debug });
    const ready = await started.next(limits.startMs);
    if (ready.kind === 'ready') return started;
    started.end();
    const reason = ready.kind === 'died' ? ready.reason : ready.kind;
    throw new Error(`the grading process did not start: it ${reason}`);
  };
  let spare: Promise<Child> | undefined = launch();
  // Whoever needs it hears of it then.
  spare.catch(() => {});

  const dismiss = () => {
    child?.end();
    child = undefined;
  };

  /** A child with the parts in it, or what became of loading them. */
  const start = async (): Promise<Child | Reply> => {
    const started = await (spare ?? launch());
    spare = undefined;
    child = started;
    started.say({ ...parts!, trusted, limits });
    const loaded = await started.next(limits.replyMs);
    if (loaded.kind === 'observed') return started;
    dismiss();
    return replyOf(loaded);
  };

  /** The next line about this batch; what is left of earlier ones is dropped. */
  const nextOf = async (asked: Child, number: number): Promise<Answer | Died> => {
    for (;;) {
      const line = await asked.next(patienceMs);
      if (line.kind === 'died') {
        if (line.how === 'time')
          patienceMs = Math.max(PATIENCE_MS_MIN, patienceMs * PATIENCE_SHARE);
        return line;
      }
      if (line.kind !== 'ready' && line.batch === number) return line;
    }
  };

  /** Hands the inputs over. A child that still hangs on earlier ones is replaced, once. */
  const ask = async (check: string, inputs: readonly unknown[]): Promise<Child | Reply> => {
    let died: Died | undefined;
    for (let attempt = 0; attempt < 2; attempt++) {
      const asked = child ?? (await start());
      if ('kind' in asked) return asked;
      batch++;
      asked.say({ batch, check, inputs });
      const begun = await nextOf(asked, batch);
      if (begun.kind !== 'died') return asked;
      died = begun;
      dismiss();
    }
    return died!;
  };

  return {
    rehearse: () => void spare?.then((waiting) => waiting.say({ rehearse: true })).catch(() => {}),
    async load(script) {
      parts = script;
      const started = await start();
      return 'kind' in started ? started : undefined;
    },
    async *observe(check, inputs) {
      const asked = await ask(check, inputs);
      if ('kind' in asked) {
        yield asked;
        return;
      }
      const number = batch;
      for (const _ of inputs) {
        const line = await nextOf(asked, number);
        if (line.kind === 'died') dismiss();
        if (batch !== number) throw new Error('a later request has ended this one');
        yield replyOf(line);
        if (line.kind === 'died') return;
      }
    },
    close() {
      dismiss();
      void spare?.then((waiting) => waiting.end()).catch(() => {});
    },
  };
};

/** A line that answers an input. */
const replyOf = (line: Line | Died): Reply => {
  if (line.kind === 'ready' || line.kind === 'begun') throw new Error(`unasked: ${line.kind}`);
  return line;
};
