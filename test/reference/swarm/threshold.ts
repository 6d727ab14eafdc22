/**
 * The bounds of the relayed vote, by size and number of liars: what the everyday tests look at for the
 * small sizes, and the long ones for a thousand.
 *
 * Two things are asked apart. Safety: no two correct agents accept different states of one version.
 * Liveness: what a correct writer proposes is accepted by all of them. Where the writer itself lies
 * nobody promises that anything is accepted.
 */
import { describe, expect, it } from 'vitest';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { fanOutOf, run, shares, told } from './runs.ts';

/** Rounds within which it must be over; measured are 4, 7 and 8. */
const ROUNDS_MAX = 14;

export const describeBound = (agents: number, seeds: readonly number[]): void => {
  const { faultsMax, votesMin } = quorumOf(agents);
  const rule = 'relayed-votes';
  const setting = { agents, rule, fanOut: fanOutOf(agents), roundsMax: ROUNDS_MAX } as const;

  const few = [...new Set([agents === 10 ? 1 : faultsMax, faultsMax])];
  describe.each(few)(
    `with %d liars among ${agents}, which a quorum of ${votesMin} bears`,
    (liars) => {
      it.each(['silent', 'forge', 'bad-hash', 'flood'] as const)(
        'that %s, all correct agents accept what the writer proposed',
        (lie) => {
          for (const seed of seeds) {
            const played = run({ ...setting, lie, liars, seed, adversary: { callsPerVictim: 2 } });
            expect(played.isSafe, told(played)).toBe(true);
            expect(played.isLive, told(played)).toBe(true);
          }
        },
      );

      it('that equivocate, no two correct agents accept different states', () => {
        for (const seed of seeds) {
          const played = run({ ...setting, lie: 'equivocate', liars, seed });
          expect(played.isSafe, told(played)).toBe(true);
          expect(played.evidence.length).toBeGreaterThan(0);
        }
      });
    },
  );

  const many = faultsMax + 1;
  describe(`with ${many} liars among ${agents}, one more than it bears`, () => {
    it.each(['silent', 'forge'] as const)('that %s, nobody ever accepts anything', (lie) => {
      for (const seed of seeds) {
        const played = run({ ...setting, lie, liars: many, seed });
        expect(shares(played), told(played)).toEqual([]);
        expect(played.isSafe, told(played)).toBe(true);
      }
    });

    it('that equivocate before two halves, the swarm is split in two', () => {
      const split = seeds.filter((seed) => {
        const played = run({ ...setting, lie: 'equivocate', liars: many, seed });
        expect(played.isSafe).toBe(shares(played).length < 2);
        return !played.isSafe;
      });
      expect(split.length).toBeGreaterThanOrEqual(Math.floor(0.9 * seeds.length));
    });
  });
};
