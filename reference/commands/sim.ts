/** `npm run sim`: a cluster in the deterministic simulator, once or many times. */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Fault } from '#contracts/faults.ts';
import { canaries } from '#reference/sim/canary/canary.ts';
import { NEMESES } from '#reference/sim/nemesis/draw.ts';
import { readNumbers } from '#reference/sim/nemesis/plan.ts';
import type { SimulationOptions, SimulationReport } from '#reference/sim/simulation.ts';
import { EXIT } from './exit.ts';
import { runMany } from './sim/many.ts';
import { jsonOf, printPlan, printRun, seconds } from './sim/print.ts';
import {
  fullPlanOf,
  replayCommand,
  runTrial,
  shrinkTrial,
  succeeded,
  type Trial,
} from './sim/trial.ts';
import {
  describeWords,
  nearest,
  readWords,
  share,
  wholeNumber,
  type Spoken,
  type Vocabulary,
} from './words.ts';

/** Every word of the command. */
export const vocabulary: Vocabulary = {
  seed: { value: 'SEED', summary: 'replays that very run', byDefault: 'a fresh one' },
  nodes: { value: 'N', summary: 'nodes, 2 to 200', byDefault: '5' },
  entries: { value: 'N', summary: 'payments attempted', byDefault: '60' },
  loss: { value: 'SHARE', summary: 'frames lost', byDefault: '0.2' },
  duplicates: { value: 'SHARE', summary: 'frames doubled', byDefault: '0.1' },
  order: { summary: 'frames keep their order (they may overtake otherwise)' },
  partitions: { value: 'N', summary: 'times the network falls apart', byDefault: '2' },
  crashes: { value: 'N', summary: 'nodes that lose power and come back', byDefault: '2' },
  mixture: {
    summary: 'draws nodes, payments and nemeses from the seed, instead of the words above',
  },
  nemeses: { value: 'NAMES', summary: 'lets these strike too, listed below: pause,swizzle' },
  many: {
    value: 'RUNS',
    summary: 'so many mixtures with fresh seeds, and every canary until it is caught',
  },
  workers: { value: 'N', summary: 'processes for many runs', byDefault: 'one a processor' },
  canary: { value: 'NAME', summary: 'plants a fault that must be caught, listed below' },
  show: { summary: 'prints the plan, numbered, before the run' },
  keep: { value: 'NUMBERS', summary: 'does only these actions of the plan: 3,7-9' },
  shrink: { summary: 'looks for the smallest plan that still fails' },
  trace: { summary: 'prints what every node logs' },
  json: { summary: 'one line of JSON a run' },
};

const listed = (list: { readonly [name: string]: { readonly summary: string } }): string[] => {
  const width = Math.max(...Object.keys(list).map((name) => name.length));
  return Object.entries(list).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
};

const help = (): string =>
  [
    'npm run sim [WORDS]: real nodes over a simulated network, disk and clock. Same seed, same run.',
    '',
    ...describeWords(vocabulary),
    '',
    'Nemeses:',
    ...listed(NEMESES),
    '',
    'Canaries:',
    ...listed(canaries),
    '',
    `Exit code ${EXIT.ok}: every law held (with a canary: it was caught). ${EXIT.failed}: a law was broken. ${EXIT.stalled}: no law was`,
    `broken, but they never came to agree. ${EXIT.inconclusive}: nothing was tried. ${EXIT.defect}: the run itself broke down.`,
  ].join('\n');

const known = (word: string, name: string, list: { readonly [name: string]: unknown }): string => {
  if (Object.hasOwn(list, name)) return name;
  const meant = nearest(name, Object.keys(list));
  const hint = meant ? `; did you mean "${meant}"?` : '';
  throw new Fault(
    'usage',
    `${word}: expected one of ${Object.keys(list).join(', ')}, got ${name}${hint}`,
  );
};

const CHOSEN = ['nodes', 'entries', 'loss', 'duplicates', 'order', 'partitions', 'crashes'];

const readKnobs = (spoken: Spoken): Trial['knobs'] => {
  if (spoken.values.has('mixture') || spoken.values.has('many')) {
    const chosen = CHOSEN.find((word) => spoken.values.has(word));
    if (chosen === undefined) return undefined;
    throw new Fault('usage', `"${chosen}" means nothing here: a mixture is drawn from its seed`);
  }
  return {
    nodes: wholeNumber(spoken, 'nodes', 5, [2, 200]),
    entries: wholeNumber(spoken, 'entries', 60, [0, 100_000]),
    loss: share(spoken, 'loss', 0.2, 0.9),
    duplicates: share(spoken, 'duplicates', 0.1, 1),
    reorder: !spoken.values.has('order'),
    partitions: wholeNumber(spoken, 'partitions', 2, [0, 100]),
    crashes: wholeNumber(spoken, 'crashes', 2, [0, 100]),
  };
};

const readTrial = (spoken: Spoken): Trial => {
  const canary = spoken.values.get('canary');
  const nemeses = spoken.values.get('nemeses')?.split(',') ?? [];
  const trial: Trial = {
    seed: spoken.values.get('seed') ?? freshSeed(),
    knobs: readKnobs(spoken),
    nemeses: nemeses.map((name) => known('nemeses', name, NEMESES)),
    canary: canary === undefined ? undefined : known('canary', canary, canaries),
    kept: undefined,
  };
  const text = spoken.values.get('keep');
  if (text === undefined) return trial;
  const count = fullPlanOf(trial).actions.length;
  const numbers = readNumbers(text, count);
  if (!numbers) {
    throw new Fault(
      'usage',
      `keep: expected numbers from 1 to ${count} such as 3,7-9, got ${text}`,
    );
  }
  return { ...trial, kept: [...numbers] };
};

const freshSeed = (): string => String(randomInt(1, 2 ** 47));

const printLogged: SimulationOptions['log'] = (node, { timeMs, level, event, fields }) =>
  console.log(`${new Date(timeMs).toISOString()} ${node} ${level} ${event}`, fields);

/** Runs a trial; what a broken assertion throws is told with the words that replay it. */
const run = async (trial: Trial, spoken: Spoken): Promise<SimulationReport> => {
  try {
    return await runTrial(trial, spoken.values.has('trace') ? printLogged : undefined);
  } catch (error) {
    console.error(`  replay: ${replayCommand(trial)}`);
    throw error;
  }
};

/** The most runs that a smaller plan is looked for with. */
const SHRINK_RUNS_MAX = 500;

const runOne = async (trial: Trial, spoken: Spoken): Promise<number> => {
  const json = spoken.values.has('json');
  if (!json) console.log(replayCommand(trial));
  if (spoken.values.has('show') && !json) printPlan(trial);
  const beganMs = performance.now();
  const report = await run(trial, spoken);
  const tookMs = performance.now() - beganMs;
  if (json) console.log(jsonOf(report, trial));
  else printRun(report, trial, tookMs);
  if (spoken.values.has('shrink') && !json) {
    if (report.violations.length === 0) console.log('nothing to make smaller: every law held');
    else await showSmaller(trial, report);
  }
  if (succeeded(report, trial)) return EXIT.ok;
  if (trial.canary !== undefined) return EXIT.failed;
  if (report.verdict === 'stalled') return EXIT.stalled;
  return report.verdict === 'unknown' ? EXIT.inconclusive : EXIT.failed;
};

const showSmaller = async (trial: Trial, report: SimulationReport): Promise<void> => {
  const beganMs = performance.now();
  const smaller = await shrinkTrial(trial, report, SHRINK_RUNS_MAX);
  const took = seconds(performance.now() - beganMs);
  console.log(`smaller, after ${smaller.runs} runs in ${took}: ${replayCommand(smaller.trial)}`);
  printPlan(smaller.trial);
};

/** Workers pay for their start from about here. */
const RUNS_PER_WORKER_MIN = 10;

/** Runs the command; gives its exit code. */
export const sim = async (typed: readonly string[]): Promise<number> => {
  if (typed[0] === 'help') {
    console.log(help());
    return EXIT.ok;
  }
  const spoken = readWords(typed, vocabulary, 0);
  const trial = readTrial(spoken);
  if (!spoken.values.has('many')) return runOne(trial, spoken);
  const runs = wholeNumber(spoken, 'many', 1, [1, 1_000_000]);
  const worth = Math.min(availableParallelism(), Math.floor(runs / RUNS_PER_WORKER_MIN));
  return runMany({
    runs,
    seed: trial.seed,
    nemeses: trial.nemeses,
    workers: wholeNumber(spoken, 'workers', Math.max(1, worth), [1, 64]),
    json: spoken.values.has('json'),
  });
};
