/** The laws of the swarm under many seeds, at a hundred thousand agents and at a million. */
import { describe, expect, it } from 'vitest';
import { create as hierarchyOf } from '#reference/hierarchy/hierarchy.ts';
import { blake3 } from '#reference/swarm/blake3.ts';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents } from '#reference/swarm/engines/draws.ts';
import { allOracleBreaches, roundsOf, SEED_TABLE } from '#test/support/swarms.ts';

/** Other seeds every day, and printed: the law is for all of them. */
const firstSeed = Math.floor(Date.now() / 86_400_000) * 10_000;
process.stdout.write(`swarm: seeds from ${firstSeed}\n`);

const SILENT = [0, 0.1, 0.2, 1 / 3, 0.5];

describe('every run is near the oracle', () => {
  it.each([
    [10, 2_000],
    [100, 300],
    [1_000, 60],
    [10_000, 6],
    [100_000, 2],
  ])('%i agents, %i runs of each kind', { timeout: 600_000 }, (agents, runs) => {
    expect(allOracleBreaches(agents, [1, 2, 3, 4], SILENT, runs, firstSeed)).toEqual([]);
  });

  it('1 000 000 agents, flat, silent by a third too', { timeout: 600_000 }, () => {
    expect(allOracleBreaches(1_000_000, [1, 3], [0, 1 / 3], 1, firstSeed)).toEqual([]);
  });

  it('and at most what the course says', { timeout: 600_000 }, () => {
    for (const [agents, roundsMax] of SEED_TABLE.filter(([agents]) => agents <= 100_000)) {
      for (const fanOut of [3, 4]) {
        const rounds = roundsOf({ agents, fanOut, silentShare: 0 }, 10, firstSeed);
        expect(rounds.at(-1)).toBeLessThanOrEqual(roundsMax);
      }
    }
  });
});

describe('a hundred thousand agents in groups of a hundred', () => {
  it.each([
    [1, 0.6, 0.95],
    [5, 0.999, 1],
  ])('%i ambassadors, a tenth silent', { timeout: 600_000 }, (ambassadors, least, most) => {
    const agents = 100_000;
    const coverages = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((seed) => {
      const overlay = hierarchyOf(blake3).overlay({ agents, groupSize: 100, ambassadors, seed });
      const silent = chosenAgents(agents, agents / 10, seed);
      const run = bulkRun({ overlay, fanOut: 3, seed, source: 0, silent, roundsMax: 60 });
      return [...run.rounds()].at(-1)!.informed / run.correct;
    });
    const median = coverages.sort((left, right) => left - right)[4]!;
    expect(median).toBeGreaterThanOrEqual(least);
    expect(median).toBeLessThanOrEqual(most);
  });
});
