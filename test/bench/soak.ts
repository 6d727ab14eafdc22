/**
 * `soak`: two nodes as two processes, a thousand entries a second between them, for minutes.
 *
 * Each pays the other as fast as it is asked to, over its own control server, so that every entry is
 * signed, stored, carried over QUIC, verified and stored again. A ledger never forgets, so memory rises
 * with the entries held, and with nothing else: what is shown is the slope against entries, and what is
 * left of it against time.
 */
import type { Control } from '#reference/operations/client.ts';
import type { Actor } from '#reference/commands/actor.ts';
import { median, slopeOf } from './measure.ts';
import type { Bench, BenchOptions, Figure } from './report.ts';
import { withFolder } from './rig.ts';
import { openActors } from './rest.ts';
import { controlOf, scrape, valueIn, type Sample } from './scrape.ts';

const ENTRIES_PER_SECOND = 1_000;
const BATCH = 10;
/** Batches under way on one node: as much as it takes to hide a commit, and no more. */
const BATCHES_MAX = 48;
const SAMPLE_MS = 2_000;
/** Of the whole time: until caches are full and code is compiled, nothing is said of memory. */
const WARM_UP_SHARE = 0.25;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Pays so many times in one request; gives how many were accepted. */
const payBatch = async ({ address, token }: Control, to: string): Promise<number> => {
  const requests = Array.from({ length: BATCH }, (_, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'ledger.transfer',
    params: { to, amount: '0.01', memo: 'a minute in the garden' },
  }));
  const response = await fetch(`http://${address}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(requests),
  });
  const answers = (await response.json()) as readonly { readonly result?: unknown }[];
  return answers.filter(({ result }) => result !== undefined).length;
};

/** Asks a node to pay at its share of the rate until `stop`; gives how many payments it made. */
const load = async (control: Control, to: string, stop: AbortSignal): Promise<number> => {
  const underWay = new Set<Promise<void>>();
  let paid = 0;
  const everyMs = (2 * 1_000 * BATCH) / ENTRIES_PER_SECOND;
  let nextAt = performance.now();
  while (!stop.aborted) {
    if (underWay.size >= BATCHES_MAX) {
      await Promise.race(underWay);
      nextAt = Math.max(nextAt, performance.now() - everyMs);
      continue;
    }
    const batch = payBatch(control, to).then((count) => {
      paid += count;
      underWay.delete(batch);
    });
    underWay.add(batch);
    nextAt += everyMs;
    await pause(Math.max(0, nextAt - performance.now()));
  }
  await Promise.all(underWay);
  return paid;
};

interface Sampled {
  readonly atMs: number;
  readonly sample: Sample;
}

const watch = async (control: Control, stop: AbortSignal): Promise<Sampled[]> => {
  const samples: Sampled[] = [];
  while (!stop.aborted) {
    samples.push({ atMs: performance.now(), sample: await scrape(control) });
    await pause(SAMPLE_MS);
  }
  return samples;
};

const ENTRIES = 'icn_gossip_entries';
const HEAP = 'nodejs_heap_used_bytes';
const RESIDENT = 'process_resident_memory_bytes';

/** How memory moved on one node after the warm-up. */
const memoryOf = (samples: readonly Sampled[]) => {
  const kept = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const series = (name: string): number[] => kept.map(({ sample }) => valueIn(sample, name));
  const entries = series(ENTRIES);
  const minutes = kept.map(({ atMs }) => atMs / 60_000);
  const perEntry = slopeOf(entries, series(HEAP));
  // What the heap would be if it held nothing but what it holds of each entry.
  const others = series(HEAP).map((bytes, index) => bytes - perEntry * entries[index]!);
  const cpu = series('process_cpu_seconds_total');
  const tookSeconds = (kept.at(-1)!.atMs - kept[0]!.atMs) / 1_000;
  return {
    perEntry,
    othersPerMinute: slopeOf(minutes, others),
    residentPerEntry: slopeOf(entries, series(RESIDENT)),
    resident: series(RESIDENT).at(-1)!,
    entriesPerSecond: (entries.at(-1)! - entries[0]!) / tookSeconds,
    cpuShare: (100 * (cpu.at(-1)! - cpu[0]!)) / tookSeconds,
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

const soakActors = async ([one, two]: readonly Actor[], minutes: number): Promise<Figure[]> => {
  const controls = await Promise.all([one!, two!].map(controlOf));
  const [first, second] = controls as [Control, Control];
  const over = AbortSignal.timeout(minutes * 60_000);
  const loads = Promise.all([load(first, two!.name, over), load(second, one!.name, over)]);
  const samples = await Promise.all(controls.map((control) => watch(control, over)));
  const paid = (await loads).reduce((sum, count) => sum + count, 0);
  const levelMs = await untilLevel(controls);
  const memory = samples.map(memoryOf);
  const middle = (of: (each: (typeof memory)[number]) => number): number => median(memory.map(of));
  return [
    { name: 'entries paid', value: paid, unit: '' },
    {
      name: 'entries a second, held',
      value: middle((each) => each.entriesPerSecond),
      unit: '',
      limit: ENTRIES_PER_SECOND,
    },
    { name: 'processor time, of one core', value: middle((each) => each.cpuShare), unit: '%' },
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
      const actors = await openActors(folder, ['alice', 'bob']);
      try {
        return await soakActors(actors, minutes);
      } finally {
        await Promise.all(actors.map((actor) => actor.stop()));
      }
    });
    return {
      name: 'soak',
      about: [
        `two linked nodes for ${minutes} minutes, each asked for half of ${ENTRIES_PER_SECOND} payments a second`,
        `medians of the two, from their own /metrics, the first ${100 * WARM_UP_SHARE} % of the time left out`,
        'slopes are least squares; a ledger keeps every entry, so its memory rises with them alone',
      ],
      figures,
    };
  },
};
