/**
 * Many runs with fresh seeds and drawn faults, and every canary until it is caught. Ends early with
 * Ctrl-C, and says what was done so far.
 */
import chalk from 'chalk';
import { canaries } from '#reference/sim/canary/canary.ts';
import { EXIT } from '../exit.ts';
import { canaryText, jsonOf, printRun, seconds } from './print.ts';
import { createPool, type Outcome, type Pool } from './pool.ts';
import { replayCommand, shrinkTrial, succeeded, type Trial } from './trial.ts';

export interface ManyOptions {
  readonly runs: number;
  readonly seed: string;
  readonly nemeses: readonly string[];
  readonly workers: number;
  readonly json: boolean;
}

/** A canary must be caught within so many seeds. */
const CANARY_SEEDS_MAX = 200;
/** Of so many failed runs the plan is made smaller, with so many runs each. */
const SHRUNK_MAX = 2;
const SHRINK_RUNS_MAX = 100;
/** Progress is told this often, in shares of the whole. */
const PROGRESS_PARTS = 10;

/** What was done so far. */
interface Tally {
  held: number;
  unknown: number;
  records: number;
  frames: number;
  /** Virtual time that passed, faults and healing. */
  virtualMs: number;
  readonly failed: Outcome[];
  /** Canary -> seeds that it took; undefined: never caught. */
  readonly caught: Map<string, number | undefined>;
  interrupted: boolean;
}

const mixture = (seed: string, nemeses: readonly string[], canary?: string): Trial => ({
  seed,
  knobs: undefined,
  nemeses,
  canary,
  kept: undefined,
});

const count = (outcome: Outcome, tally: Tally): void => {
  if ('error' in outcome) {
    tally.failed.push(outcome);
    return;
  }
  const { report } = outcome;
  tally.records += report.records;
  tally.frames += report.frames;
  tally.virtualMs += report.faultyMs + (report.healedMs ?? 0);
  if (report.verdict === 'held') tally.held += 1;
  else if (report.verdict === 'unknown') tally.unknown += 1;
  else tally.failed.push(outcome);
};

const printOutcome = (outcome: Outcome, json: boolean): void => {
  const { trial } = outcome;
  if ('error' in outcome) {
    if (json) {
      const { error } = outcome;
      console.log(
        JSON.stringify({
          ...trial,
          ok: false,
          status: 'defect',
          error,
          replay: replayCommand(trial),
        }),
      );
    } else
      console.log(`${chalk.red('DEFECT')}  ${outcome.error}\n  replay: ${replayCommand(trial)}`);
  } else if (json) console.log(jsonOf(outcome.report, trial));
  else if (!succeeded(outcome.report, trial) && outcome.report.verdict !== 'unknown') {
    printRun(outcome.report, trial, 0);
  }
};

const runMixtures = async (options: ManyOptions, pool: Pool, tally: Tally): Promise<void> => {
  const { runs, seed, nemeses, json } = options;
  let next = 1;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next <= runs && !tally.interrupted) {
      const outcome = await pool.run(mixture(`${seed}-${next++}`, nemeses));
      if (tally.interrupted) return;
      done += 1;
      count(outcome, tally);
      printOutcome(outcome, json);
      const part = Math.floor((done * PROGRESS_PARTS) / runs);
      const isStep = part > Math.floor(((done - 1) * PROGRESS_PARTS) / runs);
      if (isStep && !json && runs >= PROGRESS_PARTS) {
        console.log(`  ${done} of ${runs}: ${tally.failed.length} broken so far`);
      }
    }
  };
  await Promise.all(Array.from({ length: pool.workers }, work));
};

const catchCanary = async (name: string, options: ManyOptions, pool: Pool, tally: Tally) => {
  const { seed, json } = options;
  for (let tried = 1; tried <= CANARY_SEEDS_MAX; tried++) {
    const outcome = await pool.run(mixture(`${seed}-${name}-${tried}`, [], name));
    if (tally.interrupted) return;
    const { trial } = outcome;
    if ('error' in outcome || !succeeded(outcome.report, trial)) continue;
    tally.caught.set(name, tried);
    if (json) console.log(jsonOf(outcome.report, trial));
    else console.log(`  ${canaryText(name)} with ${tried === 1 ? '1 seed' : `${tried} seeds`}`);
    return;
  }
  tally.caught.set(name, undefined);
  console.log(chalk.red(`  canary ${name} was not caught by ${CANARY_SEEDS_MAX} seeds`));
};

const runCanaries = async (options: ManyOptions, pool: Pool, tally: Tally): Promise<void> => {
  const names = Object.keys(canaries);
  const work = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (tally.interrupted) return;
      await catchCanary(name, options, pool, tally);
    }
  };
  await Promise.all(Array.from({ length: pool.workers }, work));
};

/** Shows of a few failed runs the smallest plan that still fails. */
const shrinkFailed = async (tally: Tally): Promise<void> => {
  for (const outcome of tally.failed.slice(0, SHRUNK_MAX)) {
    if ('error' in outcome) continue;
    const { trial, runs } = await shrinkTrial(outcome.trial, outcome.report, SHRINK_RUNS_MAX);
    console.log(`  smaller, after ${runs} runs: ${replayCommand(trial)} show`);
  }
};

const exitOf = ({ failed, caught, unknown, held, interrupted }: Tally): number => {
  if (failed.some((outcome) => 'error' in outcome)) return EXIT.defect;
  const verdicts = failed.map((outcome) =>
    'report' in outcome ? outcome.report.verdict : 'broken',
  );
  if (verdicts.includes('broken') || [...caught.values()].includes(undefined)) return EXIT.failed;
  if (verdicts.includes('stalled')) return EXIT.stalled;
  if (interrupted) return EXIT.interrupted;
  return held === 0 && unknown > 0 ? EXIT.inconclusive : EXIT.ok;
};

const printSummary = (options: ManyOptions, tally: Tally, tookMs: number): void => {
  const { held, unknown, failed, caught, records, frames, virtualMs, interrupted } = tally;
  const good = exitOf(tally) === EXIT.ok;
  const done = held + unknown + failed.length;
  const canariesCaught = [...caught.values()].filter((seeds) => seeds !== undefined).length;
  const per = tookMs / 1_000;
  const line = [
    ...(interrupted ? [`stopped after ${done} of ${options.runs} runs:`] : []),
    `${held} of ${done} runs held every law,`,
    ...(unknown > 0 ? [`${unknown} tried nothing,`] : []),
    `${canariesCaught} of ${Object.keys(canaries).length} canaries caught;`,
    `${records} records, ${frames} frames, ${seconds(tookMs)}`,
    `(${(virtualMs / tookMs).toFixed(0)} virtual seconds and ${(frames / per).toFixed(0)} frames a second)`,
  ].join(' ');
  console.log(good ? chalk.green(line) : chalk.red(line));
};

/** Runs them; gives the exit code. */
export const runMany = async (options: ManyOptions): Promise<number> => {
  const { runs, seed, json } = options;
  if (!json) console.log(`${runs} runs; seeds ${seed}-1 to ${seed}-${runs}`);
  const tally: Tally = {
    held: 0,
    unknown: 0,
    records: 0,
    frames: 0,
    virtualMs: 0,
    failed: [],
    caught: new Map(),
    interrupted: false,
  };
  const pool = await createPool(options.workers);
  let interrupt: () => void = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = () => {
      tally.interrupted = true;
      resolve();
    };
  });
  process.once('SIGINT', interrupt);
  const beganMs = performance.now();
  let tookMs = 0;
  const all = async (): Promise<void> => {
    await runMixtures(options, pool, tally);
    tookMs = performance.now() - beganMs;
    if (!tally.interrupted) await runCanaries(options, pool, tally);
  };
  try {
    await Promise.race([all(), interrupted]);
  } finally {
    process.removeListener('SIGINT', interrupt);
    pool.close();
  }
  if (tally.interrupted) tookMs = performance.now() - beganMs;
  if (!json) {
    printSummary(options, tally, tookMs);
    if (!tally.interrupted) await shrinkFailed(tally);
  }
  return exitOf(tally);
};
