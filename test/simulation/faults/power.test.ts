/** F2: a process ends at any operation of its disk, whatever the disk then turns out to have kept. */
import { describe, expect, it } from 'vitest';
import type { Place } from '#reference/sim/cluster.ts';
import {
  allAgree,
  createNumbering,
  problemsOf,
  recordsOf,
  run,
  runUntil,
  startCluster,
} from '#test/support/clusters.ts';
import { everyDay } from '#test/support/depth.ts';
import { sumOf } from '#test/support/lives.ts';

type Strike = (place: Place, crash: (survivors: number) => void) => void;

/** Two nodes pay each other a few times, and something happens to the disk of the first. */
const live = async (strike: Strike) => {
  const cluster = await startCluster('power', 2);
  const [first, second] = cluster.places as [Place, Place];
  const numbering = createNumbering();
  for (const { node } of cluster.places) numbering.watch(node);
  let strikes = 0;
  strike(first, (survivors) => {
    strikes += 1;
    cluster.crash(0, survivors);
  });
  await run(cluster, 1_500);
  for (let round = 0; round < 4; round++) {
    cluster.pay(round % 2, (round + 1) % 2, 10n);
    // Short enough that several commits are under way at once.
    await run(cluster, 3, 3);
  }
  const lost: string[] = [];
  /** Its operator starts it again; what it had promised of its own must be on its own disk. */
  const revive = async (): Promise<void> => {
    await run(cluster, 300);
    first.disk.repair();
    if (first.failed) cluster.crash(0);
    if (first.node) return;
    await cluster.start(0);
    numbering.watch(first.node);
    for (const record of recordsOf(first)) numbering.note(record);
    const held = new Set(recordsOf(first).map(({ id }) => id));
    const own = recordsOf(second).filter(({ author }) => author === first.did);
    for (const { id } of own) if (cluster.acknowledged.has(id) && !held.has(id)) lost.push(id);
  };
  await revive();
  cluster.pay(0, 1, 5n);
  await revive();
  await runUntil(cluster, () => allAgree(cluster) && recordsOf(first).length >= 3);
  return {
    operations: first.disk.operations,
    strikes,
    lost,
    missing: cluster.places.map(
      (place) =>
        [...cluster.acknowledged].filter((id) => !recordsOf(place).some((each) => each.id === id))
          .length,
    ),
    sums: cluster.places.map(sumOf),
    problems: cluster.places.flatMap((place) => problemsOf(place)),
    doubled: numbering.doubled(),
  };
};

const WELL = { lost: [], missing: [0, 0], sums: [0n, 0n], problems: [], doubled: [] };

describe('F2: the end of a process', () => {
  it('at every operation of its disk, of which any part survives, loses nothing it promised', async () => {
    const { operations } = await live(() => {});
    expect(operations).toBeGreaterThanOrEqual(10);
    for (let operation = 1; operation <= operations; operation++) {
      // That nothing survives is tried in test/reference/node.test.ts.
      for (const survivors of everyDay([operation % 2 === 0 ? 1 : 9], [1, 9])) {
        const story = await live(({ disk }, crash) =>
          disk.atOperation(operation, () => crash(survivors)),
        );
        expect({ operation, survivors, ...story }).toMatchObject({ strikes: 1, ...WELL });
      }
    }
  });

  it('after a failed fsync loses nothing either, whether the disk kept what it was given or not', async () => {
    for (const kept of [true, false]) {
      for (const kind of ['asked', 'durable'] as const) {
        const story = await live(({ disk }) =>
          disk.atNext(kind, () => disk.fail(new Error('EIO of fsync'), kept)),
        );
        expect({ kept, kind, ...story }).toMatchObject(WELL);
      }
    }
  });
});
