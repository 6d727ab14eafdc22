/**
 * A pool of workers for many runs: as many processes as there are processors, each running one trial at a
 * time. A run is a function of its words, so who runs it makes no difference. With one worker everything
 * stays in this process.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { messageOf } from '#contracts/faults.ts';
import type { SimulationReport } from '#reference/sim/simulation.ts';
import { wordsToRun } from '#start/built.mjs';
import { runTrial, type Trial } from './trial.ts';

/** A report, or what broke the run. */
export type Outcome =
  | { readonly trial: Trial; readonly report: SimulationReport }
  | { readonly trial: Trial; readonly error: string };

export interface Pool {
  run(trial: Trial): Promise<Outcome>;
  readonly workers: number;
  /** Ends the workers at once. */
  close(): void;
}

/** Runs a trial; a broken assertion is an outcome too. */
export const outcomeOf = async (trial: Trial): Promise<Outcome> => {
  try {
    return { trial, report: await runTrial(trial) };
  } catch (error) {
    return {
      trial,
      error: error instanceof Error ? (error.stack ?? error.message) : messageOf(error),
    };
  }
};

/** Everything in this process; whoever waits for a signal gets a turn between two runs. */
const createLocalPool = (): Pool => ({
  workers: 1,
  run: async (trial) => {
    await new Promise((resolve) => setImmediate(resolve));
    return outcomeOf(trial);
  },
  close: () => {},
});

interface Waiting {
  readonly trial: Trial;
  readonly done: (outcome: Outcome) => void;
}

const createForkedPool = async (workers: number): Promise<Pool> => {
  const words = await wordsToRun('reference/commands/sim/worker.ts');
  const [script, flags] = [words.at(-1)!, words.slice(0, -1)];
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  const queue: Waiting[] = [];
  const busy = new Map<ChildProcess, Waiting>();

  const next = (): void => {
    for (let child = idle.pop(); child !== undefined; child = idle.pop()) {
      const waiting = queue.shift();
      if (waiting === undefined) {
        idle.push(child);
        return;
      }
      busy.set(child, waiting);
      child.send(waiting.trial);
    }
  };

  const begin = (): void => {
    const child = fork(script, { execArgv: flags });
    all.add(child);
    child.on('message', (outcome) => {
      busy.get(child)?.done(outcome as Outcome);
      busy.delete(child);
      idle.push(child);
      next();
    });
    child.on('exit', (code, signal) => {
      const lost = busy.get(child);
      if (!all.delete(child)) return;
      busy.delete(child);
      const error = `the worker ended with ${signal ?? `code ${code}`}`;
      lost?.done({ trial: lost.trial, error });
      begin();
    });
    idle.push(child);
    next();
  };
  for (let count = 0; count < workers; count++) begin();

  return {
    workers,
    run: (trial) =>
      new Promise((done) => {
        queue.push({ trial, done });
        next();
      }),
    close() {
      for (const child of all) {
        all.delete(child);
        child.kill();
      }
    },
  };
};

export const createPool = async (workers: number): Promise<Pool> =>
  workers === 1 ? createLocalPool() : createForkedPool(workers);
