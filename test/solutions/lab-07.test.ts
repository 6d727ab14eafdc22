/**
 * The plain gossip is a gossip: whole clusters of real nodes run on it, alone and mixed with the
 * reference, through everything the simulator can do to them. Where the contract leaves no freedom
 * (what is held) the two are asked the same and must answer alike. Forks are left to lab 09.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VectorClock } from '#contracts/clock.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import { create as createTopicLog } from '#reference/gossip/topic-log.ts';
import * as referenceClocks from '#reference/gossip/vector-clock.ts';
import { referenceLayers } from '#reference/layers.ts';
import type { Place } from '#reference/sim/cluster.ts';
import { planWith } from '#reference/sim/nemesis/draw.ts';
import { createRandom } from '#reference/sim/random.ts';
import { simulate, type SimulationOptions } from '#reference/sim/simulation.ts';
import { compare, merge, ofRecord } from '#solutions/lab-07-gossip-sync/clock.ts';
import { create as createPlain } from '#solutions/lab-07-gossip-sync/gossip.ts';
import { create as createLog } from '#solutions/lab-07-gossip-sync/log.ts';
import { exportOf, recordsOf, run, runUntil, startCluster } from '#test/support/clusters.ts';
import { everyDay } from '#test/support/depth.ts';
import { DIDS, HOURS, build, movesOf } from '#test/support/histories.ts';

const plainLayers: NodeLayers = { ...referenceLayers, gossip: createPlain };
const mixed = (index: number): NodeLayers => (index % 2 === 0 ? plainLayers : referenceLayers);

// --- Clusters -------------------------------------------------------------------------------------

/** Faults of every kind, drawn from the seed. */
const planOf = (seed: string, layersOf: SimulationOptions['layersOf']): SimulationOptions => {
  const random = createRandom(seed).fork('plan of a plain cluster');
  const plan = planWith({
    seed,
    nodes: 3 + random.integer(3),
    entries: 20 + random.integer(20),
    loss: 0.1 + random.next() * 0.4,
    duplicates: random.next() * 0.5,
    reorder: random.next() < 0.7,
    partitions: 1 + random.integer(3),
    crashes: 1 + random.integer(4),
  });
  return { plan, layersOf };
};

/** What went wrong under these faults, a line each. */
const wrongIn = async (plan: SimulationOptions): Promise<readonly string[]> => {
  const { violations, acknowledged, healedMs = Infinity } = await simulate(plan);
  return [
    ...violations.map(({ law, node, detail }) => `${law} on ${node}: ${detail}`),
    ...(acknowledged === 0 ? ['nobody ever paid'] : []),
    ...(healedMs > 60_000 ? [`agreed after ${healedMs} ms`] : []),
  ];
};

describe('a cluster in which every node runs the plain gossip', () => {
  for (let index = 1; index <= everyDay(3, 6); index++) {
    it(`holds every law through the faults of seed plain-${index}`, async () => {
      expect(await wrongIn(planOf(`plain-${index}`, () => plainLayers))).toEqual([]);
    });
  }

  it('runs twice alike from one seed', async () => {
    const plan = planOf('plain-twice', () => plainLayers);
    const [first, second] = [await simulate(plan), await simulate(plan)];
    expect(second).toEqual(first);
  });
});

describe('a cluster in which plain and reference gossip meet', () => {
  for (let index = 1; index <= everyDay(2, 4); index++) {
    it(`holds every law through the faults of seed mixed-${index}`, async () => {
      expect(await wrongIn(planOf(`mixed-${index}`, mixed))).toEqual([]);
    });
  }
});

describe('a late joiner with the plain gossip', () => {
  const hosts: readonly (readonly [what: string, layers: NodeLayers])[] = [
    ['the reference', referenceLayers],
    ['plain ones', plainLayers],
  ];
  for (const [what, others] of everyDay(hosts.slice(0, 1), hosts)) {
    it(`gets everything from ${what}`, async () => {
      const layersOf = (index: number) => (index === 2 ? plainLayers : others);
      const cluster = await startCluster(`late at ${what}`, 3, { layersOf });
      await run(cluster, 2_000);
      cluster.crash(2);
      // More than a frame of the plain gossip holds.
      for (let entry = 0; entry < 300; entry++) {
        cluster.pay(entry % 2, (entry + 1) % 2, 10n);
        await run(cluster, 20, 20);
      }
      await cluster.start(2);
      const [first, , late] = cluster.places as [Place, Place, Place];
      expect(await runUntil(cluster, () => exportOf(first) === exportOf(late))).toBeLessThan(5_000);
      expect(recordsOf(late)).toHaveLength(300);
    });
  }
});

// --- What is held ---------------------------------------------------------------------------------

const entriesOf = (clock: VectorClock | undefined) =>
  [...(clock ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));

/** Everything that can be asked of what is held, in a form that compares and prints. */
const observe = (knowledge: Knowledge) => ({
  count: knowledge.count,
  clock: entriesOf(knowledge.clock()),
  tips: knowledge.tips(),
  heads: knowledge.heads(),
  forked: knowledge.forked(),
  ordered: knowledge.ordered(),
  depths: knowledge.ordered().map((id) => knowledge.depth(id)),
  clocks: knowledge.ordered().map((id) => entriesOf(knowledge.clockOf(id))),
  // In the order of a chain; how a run tells the branches of a fork is left open.
  runs: DIDS.flatMap((did) =>
    [1, 2, 5].map((from) => {
      const run = knowledge.run(did, from, from + 3);
      return knowledge.forked().includes(did) ? [...run].sort() : run;
    }),
  ),
});

describe('what is held, as a list and as the indexes of the reference', () => {
  it('answers alike after every record of any history', () => {
    fc.assert(
      fc.property(movesOf(30), (moves) => {
        const [plain, reference] = [createLog(HOURS), createTopicLog(HOURS)];
        for (const record of build(moves).filter(({ topic }) => topic === HOURS)) {
          expect(plain.missing(record)).toEqual(reference.missing(record));
          expect(plain.add(record)).toBe(reference.add(record));
          expect(observe(plain)).toEqual(observe(reference));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('counts with the same vector clocks', () => {
    const clock: fc.Arbitrary<VectorClock> = fc
      .dictionary(fc.constantFrom(...DIDS), fc.integer({ min: 1, max: 3 }))
      .map((counts) => new Map(Object.entries(counts) as [Did, number][]));
    fc.assert(
      fc.property(clock, clock, (left, right) => {
        expect(compare(left, right)).toBe(referenceClocks.compare(left, right));
        expect(entriesOf(merge(left, right))).toEqual(
          entriesOf(referenceClocks.merge(left, right)),
        );
        expect(entriesOf(ofRecord(DIDS[0]!, 2, [left, right]))).toEqual(
          entriesOf(referenceClocks.ofRecord(DIDS[0]!, 2, [left, right])),
        );
      }),
    );
  });
});
