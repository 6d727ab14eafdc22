/** Groups and ambassadors: the shape, what it costs, and what becomes of a swarm whose ambassadors are silent. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { create } from '#reference/hierarchy/hierarchy.ts';
import { blake3 } from '#reference/swarm/blake3.ts';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents, contactsOf, flatOverlay } from '#reference/swarm/engines/draws.ts';
import type { HierarchyOptions, Overlay } from '#contracts/hierarchy.ts';

const hierarchy = create(blake3);

const optionsOf = (more: Partial<HierarchyOptions>): HierarchyOptions => ({
  agents: 10_000,
  groupSize: 100,
  ambassadors: 5,
  seed: 1,
  ...more,
});

/** Plays a run to its end: rounds, and the share of the correct agents that know. */
const spread = (overlay: Overlay, fanOut: number, silentShare: number, seed: number) => {
  const silent = chosenAgents(overlay.agents, Math.floor(silentShare * overlay.agents), seed);
  const run = bulkRun({ overlay, fanOut, seed, source: 0, silent, roundsMax: 80 });
  const last = [...run.rounds()].at(-1)!;
  return { rounds: last.round, coverage: last.informed / run.correct };
};

const medianOf = (numbers: readonly number[]): number =>
  numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)]!;

const SEEDS = [1, 2, 3];

describe('the overlay', () => {
  it('is one group of all where all fit into one', () => {
    const { levels } = hierarchy.overlay(optionsOf({ agents: 100 }));
    expect(levels).toEqual(flatOverlay(100).levels);
  });

  it('has three levels at most, and one group at the top', () => {
    for (const [agents, groupSize, count] of [
      [10, 2, 3],
      [1_000, 100, 2],
      [100_000, 100, 3],
      [5_000, 3, 3],
    ] as const) {
      const { levels } = hierarchy.overlay(optionsOf({ agents, groupSize }));
      expect(levels, `${agents} in groups of ${groupSize}`).toHaveLength(count);
      expect(levels.at(-1)!.groupStarts).toHaveLength(2);
    }
  });

  it('sends from every group its ambassadors, of its own members alone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 600 }),
        fc.integer({ min: 2, max: 50 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(1_000),
        (agents, groupSize, ambassadors, seed) => {
          const overlay = hierarchy.overlay({ agents, groupSize, ambassadors, seed });
          for (const [level, { groupStarts }] of overlay.levels.slice(0, -1).entries()) {
            const sent: number[] = [];
            for (let group = 0; group + 1 < groupStarts.length; group++) {
              const of = hierarchy.ambassadors(overlay, level, group);
              const size = groupStarts[group + 1]! - groupStarts[group]!;
              expect(of).toHaveLength(Math.min(size, ambassadors));
              sent.push(...of);
            }
            const above = [...overlay.levels[level + 1]!.members!];
            expect(sent.toSorted((a, b) => a - b)).toEqual(above.toSorted((a, b) => a - b));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is the same for one seed, and other ambassadors for another', () => {
    const [one, same, other] = [7, 7, 8].map((seed) => hierarchy.overlay(optionsOf({ seed })));
    expect(one).toEqual(same);
    expect(one!.levels[1]!.members).not.toEqual(other!.levels[1]!.members);
  });

  it('is the same whether the library hashes or the short BLAKE3', () => {
    const options = optionsOf({ agents: 1_000 });
    expect(create().overlay(options)).toEqual(hierarchy.overlay(options));
  });
});

describe('its traffic', () => {
  it('is what is counted contact by contact', () => {
    const overlay = hierarchy.overlay(optionsOf({ agents: 3_000 }));
    let [contacts, across] = [0, 0];
    const calls = new Map<number, number>();
    for (let round = 1; round <= 40; round++) {
      for (const [from, to] of contactsOf({ overlay, fanOut: 2, seed: 5 }, round)) {
        contacts++;
        if (Math.floor(from / 100) !== Math.floor(to / 100)) across++;
        if (round === 1) calls.set(from, (calls.get(from) ?? 0) + 1);
      }
    }
    const traffic = hierarchy.traffic(overlay, 2);
    expect(contacts / 40 / 3_000).toBeCloseTo(traffic.contactsPerAgent, 10);
    expect(Math.max(...calls.values())).toBe(traffic.contactsMax);
    expect(Math.abs(across / contacts - traffic.crossGroupShare)).toBeLessThan(0.002);
  });

  it('crosses groups with one contact in a hundred for each ambassador', () => {
    const shares = [1, 5].map(
      (ambassadors) =>
        hierarchy.traffic(hierarchy.overlay(optionsOf({ agents: 100_000, ambassadors })), 3)
          .crossGroupShare,
    );
    expect(shares[0]).toBeLessThanOrEqual(0.02);
    expect(shares[0]).toBeGreaterThan(0.009);
    expect(shares[1]).toBeLessThanOrEqual(0.05);
    const wide = hierarchy.overlay(optionsOf({ agents: 100_000, groupSize: 300 }));
    expect(hierarchy.traffic(wide, 3).crossGroupShare).toBeLessThanOrEqual(0.02);
  });
});

describe('what it does to a swarm', () => {
  it.each([
    [1_000, 1],
    [1_000, 3],
    [4_000, 2],
  ])(
    '%i agents, fan-out %i: more rounds than flat, at most 2.5 times and one',
    (agents, fanOut) => {
      for (const ambassadors of [1, 5]) {
        const overlay = hierarchy.overlay(optionsOf({ agents, ambassadors }));
        const rounds = medianOf(SEEDS.map((seed) => spread(overlay, fanOut, 0, seed).rounds));
        const flat = medianOf(
          SEEDS.map((seed) => spread(flatOverlay(agents), fanOut, 0, seed).rounds),
        );
        expect(rounds).toBeLessThanOrEqual(2.5 * flat + 1);
        expect(rounds).toBeGreaterThanOrEqual(flat);
      }
    },
  );

  it('leaves about a fifth uninformed with one ambassador and a tenth silent, and nobody with five', () => {
    const coverage = (ambassadors: number): readonly number[] =>
      SEEDS.map((seed) => {
        const overlay = hierarchy.overlay(
          optionsOf({ agents: 30_000, groupSize: 50, ambassadors, seed }),
        );
        return spread(overlay, 3, 0.1, seed).coverage;
      });
    const one = medianOf(coverage(1));
    expect(one).toBeGreaterThan(0.6);
    expect(one).toBeLessThan(0.95);
    expect(medianOf(coverage(5))).toBeGreaterThanOrEqual(0.999);
  });
});
