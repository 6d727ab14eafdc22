/** Two engines, one semantics: the same informed count in every round, flat and in groups, with silent agents. */
import { describe, expect, it } from 'vitest';
import { create as hierarchyOf } from '#reference/hierarchy/hierarchy.ts';
import { blake3 } from '#reference/swarm/blake3.ts';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents, flatOverlay } from '#reference/swarm/engines/draws.ts';
import { runMessages } from '#reference/swarm/engines/message-engine.ts';

const countsOf = (rounds: Iterable<{ readonly informed: number }>): number[] =>
  [...rounds].map(({ informed }) => informed);

describe('the engine of messages and the engine of bytes', () => {
  it.each([
    [2, 1, 0, undefined],
    [10, 1, 0, undefined],
    [10, 3, 0.3, undefined],
    [100, 1, 0.2, undefined],
    [100, 2, 0, 10],
    [100, 1, 0.2, 10],
    [300, 2, 0.5, 10],
    [1_000, 1, 0, undefined],
    [1_000, 3, 1 / 3, undefined],
    [1_000, 1, 0.1, 100],
  ])('%i agents, fan-out %i, silent share %d, groups of %s', (agents, fanOut, share, groupSize) => {
    for (const seed of agents < 1_000 ? [1, 2, 3, 4, 5] : [6]) {
      const overlay =
        groupSize === undefined
          ? flatOverlay(agents)
          : hierarchyOf(blake3).overlay({ agents, groupSize, ambassadors: 3, seed });
      const silent = chosenAgents(agents, Math.floor(share * agents), seed);
      const common = { fanOut, seed, roundsMax: 40, overlay };
      const bulk = bulkRun({ ...common, source: 0, silent });
      const messages = runMessages({
        ...common,
        agents,
        rule: 'signed-writer',
        adversary: { lie: 'silent', liars: [...silent] },
      });
      expect(countsOf(messages.rounds), `seed ${seed}`).toEqual(countsOf(bulk.rounds()));
    }
  });
});
