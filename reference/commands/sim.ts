/** `npm run sim`: a cluster in the deterministic simulator, once or many times. */
import chalk from 'chalk';
import { randomInt } from 'node:crypto';
import { Fault } from '#contracts/faults.ts';
import { referenceLayers } from '#reference/layers.ts';
import { canaries } from '#reference/sim/canary.ts';
import {
  simulate,
  type SimulationOptions,
  type SimulationReport,
} from '#reference/sim/simulation.ts';
import { createRandom } from '#reference/sim/random.ts';
import { EXIT } from './exit.ts';
import {
  describeWords,
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
  many: {
    value: 'RUNS',
    summary: 'so many runs with fresh seeds and drawn faults, and the canaries',
  },
  canary: { value: 'NAME', summary: `plants a fault: ${Object.keys(canaries).join(', ')}` },
  trace: { summary: 'prints what every node logs' },
  json: { summary: 'one line of JSON a run' },
};

const help = (): string =>
  [
    'npm run sim [WORDS]: real nodes over a simulated network, disk and clock. Same seed, same run.',
    '',
    ...describeWords(vocabulary),
    '',
    'Exit code 0: every law held (with a canary: it was caught). 1: a law was broken.',
  ].join('\n');

type Plan = Omit<SimulationOptions, 'layersOf' | 'log'>;

const readPlan = (spoken: Spoken, seed: string): Plan => ({
  seed,
  nodes: wholeNumber(spoken, 'nodes', 5, [2, 200]),
  entries: wholeNumber(spoken, 'entries', 60, [0, 100_000]),
  loss: share(spoken, 'loss', 0.2, 0.9),
  duplicates: share(spoken, 'duplicates', 0.1, 1),
  reorder: !spoken.values.has('order'),
  partitions: wholeNumber(spoken, 'partitions', 2, [0, 100]),
  crashes: wholeNumber(spoken, 'crashes', 2, [0, 100]),
});

/** Faults drawn per seed, so that many runs try many mixtures rather than one mixture many times. */
const drawPlan = (seed: string): Plan => {
  const random = createRandom(seed).fork('plan');
  return {
    seed,
    nodes: 2 + random.integer(6),
    entries: 20 + random.integer(60),
    loss: Math.round(random.next() * 50) / 100,
    duplicates: Math.round(random.next() * 50) / 100,
    reorder: random.next() < 0.7,
    partitions: random.integer(4),
    crashes: random.integer(5),
  };
};

const replayCommand = (plan: Plan, canary: string | undefined): string =>
  [
    `npm run sim seed ${plan.seed} nodes ${plan.nodes} entries ${plan.entries}`,
    `loss ${plan.loss} duplicates ${plan.duplicates}${plan.reorder ? '' : ' order'}`,
    `partitions ${plan.partitions} crashes ${plan.crashes}`,
    ...(canary === undefined ? [] : [`canary ${canary}`]),
  ].join(' ');

const layersWith = (canary: string | undefined) => (index: number) => {
  if (canary === undefined || index !== 0) return referenceLayers;
  const found = Object.hasOwn(canaries, canary) ? canaries[canary] : undefined;
  if (!found) {
    const known = Object.keys(canaries).join(', ');
    throw new Fault('usage', `canary: expected one of ${known}, got ${canary}`);
  }
  return found.plant(referenceLayers);
};

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

const describe = (report: SimulationReport, tookMs: number): string => {
  const agreement =
    report.healedMs === undefined ? 'never agreed' : `agreed ${seconds(report.healedMs)} later`;
  return [
    `${report.records} records, ${report.acknowledged} acknowledged;`,
    `${seconds(report.faultyMs)} of faults, ${agreement};`,
    `${report.frames} frames, ${(report.bytes / 1_024).toFixed(0)} KiB;`,
    `trace ${report.traceHash.slice(0, 16)}; took ${seconds(tookMs)}`,
  ].join(' ');
};

const broken = (report: SimulationReport): string[] =>
  report.violations
    .slice(0, 8)
    .map(({ law, node, detail }) => `  ${chalk.red(law)} on ${node}: ${detail}`);

/** Whether a run came out as it should. */
const succeeded = (report: SimulationReport, canary: string | undefined): boolean =>
  canary === undefined
    ? report.violations.length === 0
    : report.violations.some(({ law }) => law === canaries[canary]?.law);

const print = (
  report: SimulationReport,
  plan: Plan,
  canary: string | undefined,
  tookMs: number,
) => {
  const good = succeeded(report, canary);
  const verdict = canary === undefined ? (good ? 'held' : 'BROKEN') : good ? 'caught' : 'MISSED';
  console.log(`${good ? chalk.green(verdict) : chalk.red(verdict)}  ${describe(report, tookMs)}`);
  for (const line of broken(report)) console.log(line);
  if (!good) console.log(`  replay: ${replayCommand(plan, canary)}`);
};

const asJson = (report: SimulationReport, plan: Plan, canary: string | undefined): string => {
  const ok = succeeded(report, canary);
  return JSON.stringify({ ...plan, canary, ok, replay: replayCommand(plan, canary), ...report });
};

const printLogged: SimulationOptions['log'] = (node, { timeMs, level, event, fields }) =>
  console.log(`${new Date(timeMs).toISOString()} ${node} ${level} ${event}`, fields);

/** Runs a plan; what a broken assertion throws is told with the words that replay it. */
const run = async (
  plan: Plan,
  canary: string | undefined,
  log?: SimulationOptions['log'],
): Promise<SimulationReport> => {
  try {
    return await simulate({ ...plan, layersOf: layersWith(canary), ...(log ? { log } : {}) });
  } catch (error) {
    console.error(`  replay: ${replayCommand(plan, canary)}`);
    throw error;
  }
};

const runOne = async (plan: Plan, spoken: Spoken, canary: string | undefined): Promise<boolean> => {
  const beganMs = performance.now();
  const report = await run(plan, canary, spoken.values.has('trace') ? printLogged : undefined);
  const tookMs = performance.now() - beganMs;
  if (spoken.values.has('json')) {
    console.log(asJson(report, plan, canary));
  } else {
    print(report, plan, canary, tookMs);
  }
  return succeeded(report, canary);
};

const freshSeed = (): string => String(randomInt(1, 2 ** 47));

const runMany = async (runs: number, spoken: Spoken): Promise<number> => {
  const first = spoken.values.get('seed') ?? freshSeed();
  const json = spoken.values.has('json');
  if (!json) console.log(`${runs} runs; seeds ${first}-1 to ${first}-${runs}`);
  const failed: Plan[] = [];
  const beganMs = performance.now();
  let records = 0;
  let frames = 0;
  for (let count = 1; count <= runs; count++) {
    const plan = drawPlan(`${first}-${count}`);
    const report = await run(plan, undefined);
    records += report.records;
    frames += report.frames;
    const good = report.violations.length === 0;
    if (!good) failed.push(plan);
    if (json) console.log(asJson(report, plan, undefined));
    else if (!good) print(report, plan, undefined, 0);
    else if (count % 20 === 0) console.log(`  ${count} of ${runs}: ${failed.length} broken so far`);
  }
  let caught = 0;
  for (const name of Object.keys(canaries)) {
    const plan = { ...drawPlan(`${first}-canary`), entries: 40, crashes: 0 };
    const report = await run(plan, name);
    const good = succeeded(report, name);
    if (good) caught += 1;
    if (json) console.log(asJson(report, plan, name));
    else if (!good) print(report, plan, name, 0);
    else
      console.log(
        `  canary ${name} (${canaries[name]?.summary}): caught by "${canaries[name]?.law}"`,
      );
  }
  const total = Object.keys(canaries).length;
  const good = failed.length === 0 && caught === total;
  if (!json) {
    const took = seconds(performance.now() - beganMs);
    const line = `${runs - failed.length} of ${runs} runs held every law, ${caught} of ${total} canaries caught; ${records} records, ${frames} frames, ${took}`;
    console.log(good ? chalk.green(line) : chalk.red(line));
  }
  return good ? EXIT.ok : EXIT.failed;
};

/** Runs the command; gives its exit code. */
export const sim = async (typed: readonly string[]): Promise<number> => {
  if (typed[0] === 'help') {
    console.log(help());
    return EXIT.ok;
  }
  const spoken = readWords(typed, vocabulary, 0);
  if (spoken.values.has('many'))
    return runMany(wholeNumber(spoken, 'many', 1, [1, 1_000_000]), spoken);
  const plan = readPlan(spoken, spoken.values.get('seed') ?? freshSeed());
  const canary = spoken.values.get('canary');
  layersWith(canary)(0);
  if (!spoken.values.has('json')) console.log(replayCommand(plan, canary));
  return (await runOne(plan, spoken, canary)) ? EXIT.ok : EXIT.failed;
};
