/**
 * `rest`: what a node costs while nobody pays anybody.
 *
 * Three nodes as three processes, linked with each other; after a while of settling, what each says of
 * itself at `/metrics` a minute apart. Beside it an empty Node.js process: what
 * nobody can do with less.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createActor, NODE_ALONE, type Actor } from '#reference/commands/actor.ts';
import { foundTogether, introduce } from '#reference/commands/stage.ts';
import { median } from './measure.ts';
import type { Bench, Figure } from './report.ts';
import { withFolder } from './rig.ts';
import { controlOf, scrape, valueIn, type Sample } from './scrape.ts';

const NAMES = ['alice', 'bob', 'charlie'];
/** Digests of an idle topic come every 80 s by then. */
const SETTLE_MS = 90_000;
const WATCHED_MS = 60_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts so many nodes in a folder, all linked. */
export const openActors = async (folder: string, names: readonly string[]): Promise<Actor[]> => {
  const actors = await Promise.all(
    names.map((name) =>
      createActor({
        name,
        directory: join(folder, name),
        program: NODE_ALONE,
        heard: () => undefined,
      }),
    ),
  );
  await foundTogether(actors, 'the measured cooperative');
  await Promise.all(actors.map((actor) => actor.start()));
  await introduce(actors);
  return actors;
};

/** Resident bytes of an empty process, as Linux tells them. */
const emptyProcessBytes = async (): Promise<number | undefined> => {
  const words = ['-e', 'setInterval(() => {}, 1000)'];
  const child = spawn(process.execPath, words, { stdio: 'ignore' });
  await pause(3_000);
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  child.kill('SIGKILL');
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024;
};

/** How much a counter rose a minute. */
const perMinute = ([before, after]: readonly [Sample, Sample], name: string): number =>
  ((valueIn(after, name) - valueIn(before, name)) * 60_000) / WATCHED_MS;

const measure = async (folder: string): Promise<Figure[]> => {
  const actors = await openActors(folder, NAMES);
  try {
    const controls = await Promise.all(actors.map(controlOf));
    await pause(SETTLE_MS);
    const before = await Promise.all(controls.map(scrape));
    await pause(WATCHED_MS);
    const after = await Promise.all(controls.map(scrape));
    const pairs = before.map((sample, index) => [sample, after[index]!] as const);
    const middle = (of: (pair: readonly [Sample, Sample]) => number): number =>
      median(pairs.map(of));
    const empty = await emptyProcessBytes();
    return [
      {
        name: 'processor time a minute',
        value: middle((pair) => perMinute(pair, 'process_cpu_seconds_total')) * 1_000,
        unit: 'ms',
      },
      {
        name: 'resident memory',
        value: middle(([, end]) => valueIn(end, 'process_resident_memory_bytes')),
        unit: 'bytes',
        ...(empty === undefined ? {} : { limit: empty }),
      },
      {
        name: 'heap in use',
        value: middle(([, end]) => valueIn(end, 'nodejs_heap_used_bytes')),
        unit: 'bytes',
      },
      {
        name: 'bytes sent a minute, to two peers',
        value: middle((pair) => perMinute(pair, 'icn_network_bytes_sent_total')),
        unit: 'bytes',
      },
      {
        name: 'digests sent a minute',
        value: middle((pair) => perMinute(pair, 'icn_gossip_digests_sent_total')),
        unit: 'messages',
      },
    ];
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
  }
};

export const rest: Bench = {
  summary: 'what a node of three costs while nobody pays anybody; takes three minutes',
  run: async () => ({
    name: 'rest',
    about: [
      `three linked nodes, ${SETTLE_MS / 1_000} s after their start, watched for ${WATCHED_MS / 1_000} s`,
      'medians of the three, from their own /metrics; default settings',
      'limit: an empty process of the same Node.js',
    ],
    figures: await withFolder(measure),
  }),
};
