/**
 * `npm run bench`: every figure beside its limit, both measured in turn in the same run.
 *
 * No benchmark is a test: the exit code says whether it could be measured, never how fast it was.
 */
import { refuseDashes } from '#reference/commands/dashes.ts';
import { EXIT, reportFailure } from '#reference/commands/exit.ts';
import {
  describeWords,
  nearest,
  readWords,
  wholeNumber,
  type Spoken,
  type Vocabulary,
} from '#reference/commands/words.ts';
import { Fault } from '#contracts/faults.ts';
import { describeReport, reportAsJson, type Bench } from './report.ts';

/** Loaded when asked for, so that none pays for what another brings along. */
const benches: { readonly [name: string]: () => Promise<Bench> } = {
  visible: async () => (await import('./visible.ts')).visible,
  merge: async () => (await import('./merge.ts')).merge,
  spread: async () => (await import('./spread.ts')).spread,
  delivery: async () => (await import('./delivery.ts')).delivery,
  digest: async () => (await import('./digest.ts')).digest,
  reconcile: async () => (await import('./reconcile.ts')).reconcile,
  layers: async () => (await import('./layers.ts')).layers,
  transport: async () => (await import('./transport.ts')).transport,
  start: async () => (await import('./start.ts')).start,
  demo: async () => (await import('./demo.ts')).demo,
  lab: async () => (await import('./lab.ts')).lab,
  swarm: async () => (await import('./swarm.ts')).swarm,
  rest: async () => (await import('./rest.ts')).rest,
  soak: async () => (await import('./soak.ts')).soak,
};

/** They take minutes: run when they are named. */
const PATIENT: readonly string[] = ['delivery', 'rest', 'soak'];

const vocabulary: Vocabulary = {
  full: {
    summary:
      'merge, start and reconcile with 100 000 entries, digest with 1 000 000, spread with 1 000',
  },
  minutes: { value: 'N', summary: 'how long soak runs', byDefault: '3' },
  json: { summary: 'one line of JSON a benchmark' },
};

const help = async (): Promise<string[]> => {
  const names = Object.keys(benches);
  const width = Math.max(...names.map((name) => name.length));
  const lines: string[] = [];
  for (const [name, load] of Object.entries(benches)) {
    lines.push(`  ${name.padEnd(width)}  ${(await load()).summary}`);
  }
  return [
    'npm run bench [NAME] [WORDS]: each figure beside its limit, measured in turn in the same run.',
    '',
    ...lines,
    '',
    ...describeWords(vocabulary),
    '',
    'Exit code 0 whatever the figures: a benchmark is not a test.',
  ];
};

/** The benchmarks that were asked for; without a name all that take seconds. */
const chosenFrom = ({ rest: [name] }: Spoken): [string, () => Promise<Bench>][] => {
  if (name === undefined) {
    return Object.entries(benches).filter(([each]) => !PATIENT.includes(each));
  }
  const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (load) return [[name, load]];
  const meant = nearest(name, Object.keys(benches));
  const hint = meant ? `did you mean "${meant}"?` : `try ${Object.keys(benches).join(', ')}`;
  throw new Fault('usage', `no benchmark "${name}"; ${hint}`);
};

const main = async (typed: readonly string[]): Promise<number> => {
  try {
    refuseDashes(['bench', ...typed], process.env);
    if (typed[0] === 'help') {
      for (const line of await help()) console.log(line);
      return EXIT.ok;
    }
    const spoken = readWords(typed, vocabulary, 1);
    for (const [, load] of chosenFrom(spoken)) {
      const report = await (
        await load()
      ).run({
        full: spoken.values.has('full'),
        minutes: wholeNumber(spoken, 'minutes', 3, [1, 1_440]),
      });
      if (spoken.values.has('json')) console.log(JSON.stringify(reportAsJson(report)));
      else for (const line of describeReport(report)) console.log(line);
    }
    return EXIT.ok;
  } catch (error) {
    return reportFailure(error, typed.includes('json'));
  }
};

process.exitCode = await main(process.argv.slice(2));
