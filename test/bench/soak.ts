/**
 * `soak`: two nodes as two processes, a thousand entries a second between them, for minutes.
 *
 * Each pays the other at half of that rate (`soak-child.ts`), so that every entry is signed, stored, carried
 * over QUIC, verified and stored again. A ledger never forgets, so memory rises with the entries held, and
 * with nothing else: what is shown is the slope against entries, and what is left of it against time.
 *
 * On a machine that others use too the rate is what they leave of it. What an entry costs in processor time
 * is the same on both, and says which rate one core would carry.
 */
import { join } from 'node:path';
import { createActor, type Actor } from '#reference/commands/actor.ts';
import { foundTogether, introduce } from '#reference/commands/stage.ts';
import type { Control } from '#reference/operations/client.ts';
import { median, slopeOf } from './measure.ts';
import type { Bench, BenchOptions, Figure } from './report.ts';
import { withFolder } from './rig.ts';
import { controlOf, scrape, valueIn, type Sample } from './scrape.ts';

/** Tells a node that it is time to pay. */
export const BEGIN: NodeJS.Signals = 'SIGUSR2';

const ENTRIES_PER_SECOND = 1_000;
const SAMPLE_MS = 2_000;
/** Of the whole time: until caches are full and code is compiled, nothing is said of memory. */
const WARM_UP_SHARE = 0.25;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Two linked nodes that wait for the word to pay. */
const openPayers = async (folder: string, minutes: number): Promise<Actor[]> => {
  const words = [String(ENTRIES_PER_SECOND / 2), String(60 * minutes)];
  const actors = await Promise.all(
    ['alice', 'bob'].map((name) =>
      createActor({
        name,
        directory: join(folder, name),
        program: { file: 'test/bench/soak-child.ts', words },
        heard: () => undefined,
      }),
    ),
  );
  await foundTogether(actors, 'the measured cooperative');
  await Promise.all(actors.map((actor) => actor.start()));
  await introduce(actors);
  return actors;
};

interface Sampled {
  readonly atMs: number;
  readonly sample: Sample;
}

/** Looks now and then until the time is up. */
const watch = async (control: Control, minutes: number): Promise<Sampled[]> => {
  const untilMs = performance.now() + 60_000 * minutes;
  const samples: Sampled[] = [];
  while (performance.now() < untilMs) {
    samples.push({ atMs: performance.now(), sample: await scrape(control) });
    await pause(SAMPLE_MS);
  }
  return samples;
};

const ENTRIES = 'icn_gossip_entries';
const HEAP = 'nodejs_heap_used_bytes';
const RESIDENT = 'process_resident_memory_bytes';
const CPU_SECONDS = 'process_cpu_seconds_total';
const COMMIT_SECONDS = 'icn_store_commit_duration_seconds';

/** What one node did after the warm-up, and how its memory moved. */
const courseOf = (samples: readonly Sampled[]) => {
  const kept = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const series = (name: string): number[] => kept.map(({ sample }) => valueIn(sample, name));
  const entries = series(ENTRIES);
  const minutes = kept.map(({ atMs }) => atMs / 60_000);
  const perEntry = slopeOf(entries, series(HEAP));
  // What the heap would be if it held nothing but what it holds of each entry.
  const others = series(HEAP).map((bytes, index) => bytes - perEntry * entries[index]!);
  const rise = (name: string): number => series(name).at(-1)! - series(name)[0]!;
  const tookSeconds = (kept.at(-1)!.atMs - kept[0]!.atMs) / 1_000;
  return {
    perEntry,
    othersPerMinute: slopeOf(minutes, others),
    residentPerEntry: slopeOf(entries, series(RESIDENT)),
    resident: series(RESIDENT).at(-1)!,
    entriesPerSecond: rise(ENTRIES) / tookSeconds,
    cpuShare: (100 * rise(CPU_SECONDS)) / tookSeconds,
    cpuMsPerEntry: (1_000 * rise(CPU_SECONDS)) / rise(ENTRIES),
    commitMs: (1_000 * rise(`${COMMIT_SECONDS}_sum`)) / rise(`${COMMIT_SECONDS}_count`),
  };
};

/** Waits until both hold the same number of entries. */
const untilLevel = async (controls: readonly Control[]): Promise<number> => {
  const beganAt = performance.now();
  for (;;) {
    const counts = (await Promise.all(controls.map(scrape))).map((each) => valueIn(each, ENTRIES));
    if (new Set(counts).size === 1) return performance.now() - beganAt;
    if (performance.now() - beganAt > 120_000) throw new Error(`never level: ${counts.join(', ')}`);
    await pause(100);
  }
};

const soakActors = async (actors: readonly Actor[], minutes: number): Promise<Figure[]> => {
  const controls = await Promise.all(actors.map(controlOf));
  for (const { pid } of actors) process.kill(pid!, BEGIN);
  const samples = await Promise.all(controls.map((control) => watch(control, minutes)));
  const levelMs = await untilLevel(controls);
  const courses = samples.map(courseOf);
  const middle = (of: (each: (typeof courses)[number]) => number): number =>
    median(courses.map(of));
  const cpuMs = middle((each) => each.cpuMsPerEntry);
  const last = await scrape(controls[0]!);
  return [
    { name: 'entries held at the end', value: valueIn(last, ENTRIES), unit: '' },
    {
      name: 'entries a second, held | asked for',
      value: middle((each) => each.entriesPerSecond),
      unit: '',
      limit: ENTRIES_PER_SECOND,
    },
    { name: 'processor time, of one core', value: middle((each) => each.cpuShare), unit: '%' },
    { name: 'processor time, an entry held', value: cpuMs, unit: 'ms' },
    { name: 'entries a second for a whole core', value: 1_000 / cpuMs, unit: '' },
    { name: 'a commit, mean', value: middle((each) => each.commitMs), unit: 'ms' },
    { name: 'until both hold all, after the last', value: levelMs, unit: 'ms' },
    { name: 'heap, an entry held', value: middle((each) => each.perEntry), unit: 'bytes' },
    {
      name: 'resident, an entry held',
      value: middle((each) => each.residentPerEntry),
      unit: 'bytes',
    },
    {
      name: 'heap beside the entries, a minute',
      value: middle((each) => each.othersPerMinute),
      unit: 'bytes',
    },
    { name: 'resident at the end', value: middle((each) => each.resident), unit: 'bytes' },
  ];
};

export const soak: Bench = {
  summary: `two nodes under ${ENTRIES_PER_SECOND} entries a second; "minutes 10" for the issue's ten`,
  async run({ minutes }: BenchOptions) {
    const figures = await withFolder(async (folder) => {
      const actors = await openPayers(folder, minutes);
      try {
        return await soakActors(actors, minutes);
      } catch (error) {
        for (const { name, ended, lastWords } of actors) {
          console.error(`soak: ${name} ${ended ?? 'runs'}`, ...lastWords());
        }
        throw error;
      } finally {
        await Promise.all(actors.map((actor) => actor.stop()));
      }
    });
    return {
      name: 'soak',
      about: [
        `two linked nodes for ${minutes} minutes, each asked for half of ${ENTRIES_PER_SECOND} payments a second`,
        `medians of the two, from their own /metrics, the first ${100 * WARM_UP_SHARE} % of the time left out`,
        'a commit: from handing it to the store until it is durable, with the wait for the one before',
        'slopes are least squares; a ledger keeps every entry, so its memory rises with them alone',
      ],
      figures,
    };
  },
};
