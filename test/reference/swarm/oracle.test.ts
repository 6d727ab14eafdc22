/** The rounds table as a law: what the bulk engine does, beside what the oracle says. */
import { describe, expect, it } from 'vitest';
import { contactsOf, flatOverlay } from '#reference/swarm/engines/draws.ts';
import {
  closedFormRounds,
  expectedRounds,
  expectedShares,
} from '#reference/swarm/sizing/oracle.ts';
import { roundsOf, SEED_TABLE, SIZES, allOracleBreaches } from '#test/support/swarms.ts';

describe('the oracle', () => {
  it('gives the reference rounds', () => {
    const rounds = (fanOut: number): number[] =>
      SIZES.map((agents) => expectedRounds({ agents, fanOut, silentShare: 0 }));
    // Measured: 3, 6, 9, 12, 14, 16. Among a hundred the mean field is one high.
    expect(rounds(1)).toEqual([3, 7, 9, 12, 14, 16]);
    expect(rounds(3)).toEqual([2, 4, 5, 7, 8, 9]);
  });

  it('knows the price of silence among a million', () => {
    const rounds = (fanOut: number): number[] =>
      [0, 0.1, 0.2, 1 / 3, 0.5].map((silentShare) =>
        expectedRounds({ agents: 1_000_000, fanOut, silentShare }),
      );
    expect(rounds(1)).toEqual([16, 19, 21, 25, 31]);
    expect(rounds(3)).toEqual([9, 10, 11, 12, 14]);
  });

  it('only ever rises, and ends', () => {
    for (const silentShare of [0, 0.5, 0.99]) {
      const shares = expectedShares({ agents: 1_000, fanOut: 1, silentShare });
      expect(shares.every((share, index) => share > (shares[index - 1] ?? 0))).toBe(true);
    }
    expect(expectedShares({ agents: 2, fanOut: 1, silentShare: 0 })).toHaveLength(1);
  });

  it('is within one of its closed form', () => {
    for (const agents of SIZES) {
      for (const fanOut of [1, 2, 3, 4]) {
        const expected = expectedRounds({ agents, fanOut, silentShare: 0 });
        const off = Math.abs(Math.round(closedFormRounds(agents, fanOut)) - expected);
        expect(off, `${agents} agents, fan-out ${fanOut}`).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('every run is near the oracle', () => {
  it.each([
    [10, 100],
    [100, 60],
    [1_000, 10],
    [10_000, 1],
  ])('%i agents, %i runs', (agents, runs) => {
    const silentShares = [0, 0.1, 0.2, 1 / 3, 0.5];
    expect(allOracleBreaches(agents, [1, 2, 3, 4], silentShares, runs)).toEqual([]);
  });

  it('grows by a logarithm', () => {
    for (const agents of [100, 1_000, 10_000]) {
      for (const fanOut of [1, 3]) {
        const more =
          expectedRounds({ agents: 10 * agents, fanOut, silentShare: 0 }) -
          expectedRounds({ agents, fanOut, silentShare: 0 });
        const logarithm = Math.ceil(Math.log(10) / Math.log(2 * fanOut + 1)) + 1;
        expect(more).toBeLessThanOrEqual(logarithm);
      }
    }
  });

  it('is at most what the course says, for a fan-out of three and more', () => {
    for (const [agents, roundsMax] of SEED_TABLE.filter(([agents]) => agents <= 1_000)) {
      for (const fanOut of [3, 4]) {
        for (const rounds of roundsOf({ agents, fanOut, silentShare: 0 }, 5)) {
          expect(rounds).toBeLessThanOrEqual(roundsMax);
        }
      }
    }
  });

  it('would find a rumour that travels several hops in a round', () => {
    // The same contacts without the double buffer: who heard it in this round tells it in this round.
    const overlay = flatOverlay(10_000);
    for (const fanOut of [1, 3]) {
      const knows = new Set([0]);
      let round = 0;
      while (knows.size < overlay.agents) {
        round++;
        for (const [from, to] of contactsOf({ overlay, fanOut, seed: 1 }, round)) {
          if (knows.has(from)) knows.add(to);
          else if (knows.has(to)) knows.add(from);
        }
      }
      const expected = expectedRounds({ agents: 10_000, fanOut, silentShare: 0 });
      expect(round).toBeLessThan(expected - 2);
    }
  });
});
