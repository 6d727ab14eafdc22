/** The bulk engine: its model, its hooks, its refusal to let silent agents take part, its hash. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { create as hierarchyOf } from '#reference/hierarchy/hierarchy.ts';
import { blake3 } from '#reference/swarm/blake3.ts';
import { bulkRun, type BulkOptions } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents, contactsOf, flatOverlay } from '#reference/swarm/engines/draws.ts';

const optionsOf = (more: Partial<BulkOptions>): BulkOptions => ({
  overlay: flatOverlay(1_000),
  fanOut: 1,
  seed: 1,
  source: 0,
  silent: new Uint32Array(0),
  roundsMax: 100,
  ...more,
});

/** The model as the contract writes it: sets, one round after the other, contact by contact. */
const plainly = ({ overlay, fanOut, seed, source, silent, roundsMax }: BulkOptions) => {
  const mute = new Set(silent);
  let knowing = new Set([source]);
  const rounds = [];
  for (let round = 1; round <= roundsMax && knowing.size < overlay.agents - mute.size; round++) {
    const next = new Set(knowing);
    let [contacts, transfers] = [0, 0];
    for (const [from, to] of contactsOf({ overlay, fanOut, seed }, round)) {
      if (mute.has(from)) continue;
      contacts++;
      if (mute.has(to) || knowing.has(from) === knowing.has(to)) continue;
      transfers++;
      next.add(knowing.has(from) ? to : from);
    }
    knowing = next;
    rounds.push({ round, informed: knowing.size, contacts, transfers });
  }
  return rounds;
};

describe('the bulk engine', () => {
  it('does what the model says, flat and in groups, with silent agents', () => {
    const hierarchy = hierarchyOf(blake3);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 400 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(2 ** 31),
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        fc.option(fc.integer({ min: 2, max: 40 })),
        (agents, fanOut, seed, share, groupSize) => {
          const overlay =
            groupSize === null
              ? flatOverlay(agents)
              : hierarchy.overlay({ agents, groupSize, ambassadors: 2, seed });
          const silent = chosenAgents(agents, Math.floor(share * agents), seed);
          const options = optionsOf({ overlay, fanOut, seed, silent, roundsMax: 40 });
          expect([...bulkRun(options).rounds()]).toEqual(plainly(options));
        },
      ),
      { numRuns: 80 },
    );
  });

  it('shows each round as it is played, and stops between two of them', () => {
    const run = bulkRun(optionsOf({}));
    const rounds = run.rounds();
    expect(rounds.next().value).toMatchObject({ round: 1, informed: 3, contacts: 1_000 });
    const learned = Array.from({ length: 1_000 }, (_, agent) => run.learnedIn(agent));
    expect(learned.filter((round) => round !== undefined)).toEqual([0, 1, 1]);
  });

  it('ends at the bound where somebody cannot be reached', () => {
    const overlay = {
      agents: 4,
      levels: [{ members: undefined, groupStarts: Uint32Array.of(0, 2, 4) }],
    };
    const rounds = [...bulkRun(optionsOf({ overlay, roundsMax: 7 })).rounds()];
    expect(rounds).toHaveLength(7);
    expect(rounds.at(-1)!.informed).toBe(2);
  });

  it('asks before every acceptance, once, and lets nobody accept what is not what its id says', () => {
    let asked = 0;
    const verify = (): boolean => ++asked > 0;
    const all = [...bulkRun(optionsOf({ verify })).rounds()];
    expect(asked).toBe(999);
    expect(all.at(-1)!.informed).toBe(1_000);
    const none = [...bulkRun(optionsOf({ verify: () => false, roundsMax: 9 })).rounds()];
    expect(none.at(-1)!.informed).toBe(1);
  });

  it('hashes who learned when: equal for one seed, other for another', () => {
    const hashOf = (more: Partial<BulkOptions>): string => {
      const run = bulkRun(optionsOf(more));
      expect([...run.rounds()].length).toBeGreaterThan(0);
      return run.traceHash();
    };
    expect(hashOf({})).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf({})).toBe(hashOf({}));
    expect(hashOf({ seed: 2 })).not.toBe(hashOf({}));
    expect(hashOf({ silent: Uint32Array.of(5) })).not.toBe(hashOf({}));
  });
});

describe('who is silent', () => {
  it('is drawn by the seed, sorted, distinct, and never the one that is spared', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(300),
        fc.nat(),
        fc.nat(299),
        (agents, count, seed, place) => {
          const spared = place % agents;
          const chosen = [...chosenAgents(agents, count, seed, spared)];
          expect(chosen).toHaveLength(Math.min(count, agents - 1));
          expect([...new Set(chosen)].sort((a, b) => a - b)).toEqual(chosen);
          expect(chosen).not.toContain(spared);
          expect(chosen.every((agent) => agent < agents)).toBe(true);
        },
      ),
    );
  });
});
