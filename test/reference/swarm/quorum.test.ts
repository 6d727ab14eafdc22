/** Quorum and tally: how many decide, and what was counted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TallyStatus } from '#contracts/swarm.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { create } from '#reference/swarm/swarm.ts';
import { createTally } from '#reference/swarm/tally.ts';

describe('a quorum', () => {
  it('is 7 of 10, 67 of 100, 667 of 1000, and everybody of one', () => {
    expect(quorumOf(1)).toEqual({ members: 1, faultsMax: 0, votesMin: 1 });
    expect(quorumOf(10)).toEqual({ members: 10, faultsMax: 3, votesMin: 7 });
    expect(quorumOf(100)).toEqual({ members: 100, faultsMax: 33, votesMin: 67 });
    expect(create().quorum(1_000)).toEqual({ members: 1_000, faultsMax: 333, votesMin: 667 });
  });

  it('shares an honest member with every other one, and the honest alone make one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (members) => {
        const { faultsMax, votesMin } = quorumOf(members);
        expect(3 * faultsMax + 1).toBeLessThanOrEqual(members);
        expect(3 * (faultsMax + 1) + 1).toBeGreaterThan(members);
        expect(2 * votesMin - members).toBeGreaterThan(faultsMax);
        expect(members - faultsMax).toBeGreaterThanOrEqual(votesMin);
      }),
    );
  });

  it('of nobody, of half a member or of too many there is none', () => {
    for (const members of [0, -1, 1.5, NaN, 2 ** 33]) {
      expect(() => quorumOf(members)).toThrow(/expected from 1/);
    }
  });
});

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];

describe('a tally', () => {
  it('tells first words, repeated ones, second ones and strangers apart', () => {
    const tally = createTally({ members: 4, votesMin: 3 });
    const say = (voter: number, id: string): TallyStatus =>
      tally.add({ epoch: 0, version: 1, id, voter });
    expect(say(2, A)).toBe('counted');
    expect(say(2, A)).toBe('duplicate');
    expect(say(2, B)).toBe('equivocation');
    expect(say(2, B)).toBe('duplicate');
    for (const voter of [4, -1, 0.5, NaN]) expect(say(voter, A)).toBe('not_a_member');
    expect(tally.voters(0, 1, A)).toEqual([2]);
    expect(tally.voters(0, 1, B)).toEqual([2]);
    expect(tally.equivocators()).toEqual([2]);
    expect(tally.voters(0, 2, A)).toEqual([]);
  });

  it('never adds up votes of two states, two versions or two epochs', () => {
    const tally = createTally({ members: 4, votesMin: 3 });
    for (const [voter, epoch, version, id] of [
      [0, 0, 1, A],
      [1, 0, 1, A],
      [2, 0, 1, B],
      [3, 0, 2, A],
      [2, 1, 1, A],
    ] as const) {
      tally.add({ epoch, version, id, voter });
    }
    expect(tally.decided(0, 1)).toEqual([]);
    tally.add({ epoch: 0, version: 1, id: A, voter: 3 });
    expect(tally.decided(0, 1)).toEqual([A]);
    expect(tally.equivocators()).toEqual([]);
  });

  it('says what a plain count over the set of votes says, in whatever order they came', () => {
    const vote = fc.record({
      epoch: fc.integer({ min: 0, max: 1 }),
      version: fc.integer({ min: 1, max: 2 }),
      id: fc.constantFrom(A, B, 'c'.repeat(64)),
      voter: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(
        fc.array(vote, { maxLength: 40 }),
        fc.integer({ min: 3, max: 4 }),
        (votes, min) => {
          const tally = createTally({ members: 5, votesMin: min });
          for (const each of votes) tally.add(each);
          const backwards = createTally({ members: 5, votesMin: min });
          for (const each of votes.toReversed()) backwards.add(each);
          for (const [epoch, version] of [0, 1].flatMap((e) =>
            [1, 2].map((v) => [e, v] as const),
          )) {
            const here = votes.filter((each) => each.epoch === epoch && each.version === version);
            const supporters = (id: string): readonly number[] =>
              [0, 1, 2, 3, 4].filter((voter) => here.some((v) => v.id === id && v.voter === voter));
            const ids = [...new Set(here.map(({ id }) => id))].sort();
            for (const id of ids) expect(tally.voters(epoch, version, id)).toEqual(supporters(id));
            const decided = ids.filter((id) => supporters(id).length >= min);
            expect(tally.decided(epoch, version)).toEqual(decided);
            expect(backwards.decided(epoch, version)).toEqual(decided);
          }
          expect(backwards.equivocators()).toEqual(tally.equivocators());
        },
      ),
    );
  });

  it('shows two decisions for one version only where more lied than the quorum allows for', () => {
    const run = (liars: number): readonly string[] => {
      const { members, votesMin } = quorumOf(10);
      const tally = createTally({ members, votesMin });
      for (let voter = 0; voter < members; voter++) {
        const isHonest = voter >= liars;
        if (!isHonest || voter % 2 === 0) tally.add({ epoch: 0, version: 1, id: A, voter });
        if (!isHonest || voter % 2 === 1) tally.add({ epoch: 0, version: 1, id: B, voter });
      }
      return tally.decided(0, 1);
    };
    expect(run(3).length).toBeLessThan(2);
    expect(run(4)).toEqual([A, B]);
  });
});
