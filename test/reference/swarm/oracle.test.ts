/** The rounds table as a law: what the bulk engine does, beside what the oracle says. */
import { describe, expect, it } from 'vitest';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents, contactsOf, flatOverlay } from '#reference/swarm/engines/draws.ts';
import {
  closedFormRounds,
  expectedRounds,
  expectedShares,
  idleChance,
  lateChance,
  ORACLE_ROUNDS_OFF_MAX,
  roundBudget,
  ROUNDS_MAX,
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

describe('the luck of silent agents', () => {
  const swarms = [
    { agents: 10, fanOut: 1, silentShare: 0.3 },
    { agents: 10, fanOut: 1, silentShare: 0.5 },
    { agents: 10, fanOut: 2, silentShare: 0.5 },
    { agents: 100, fanOut: 1, silentShare: 0.5 },
  ];
  const runsOf = (agents: number): number => 20_000 / agents;
  /** What may come of so many tries, for all but a few of a hundred thousand test runs. */
  const spreadOf = (runs: number, chance: number): number => 4.5 * Math.sqrt(runs * chance) + 3;

  it.each(swarms)('leaves the writer alone as often as is said: %o', (swarm) => {
    const runs = 2_000;
    let alone = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const { agents, fanOut, silentShare } = swarm;
      const silent = chosenAgents(agents, silentShare * agents, seed);
      const overlay = flatOverlay(agents);
      const run = bulkRun({ overlay, fanOut, seed, source: 0, silent, roundsMax: 1 });
      if (run.rounds().next().value!.informed === 1) alone++;
    }
    const expected = runs * idleChance(swarm);
    expect(Math.abs(alone - expected)).toBeLessThan(spreadOf(runs, idleChance(swarm)));
  });

  it.each(swarms)('makes runs late with a tail that is geometric: %o', (swarm) => {
    const runs = runsOf(swarm.agents);
    const expected = expectedRounds(swarm);
    const rounds = roundsOf(swarm, runs);
    for (let late = 1; late < 12; late++) {
      const later = rounds.filter((each) => each > expected + late).length;
      const chance = lateChance(swarm, late);
      expect(later, `${late} late`).toBeLessThan(runs * chance + spreadOf(runs, chance));
    }
    // Not for want of late ones: what is within two for all without silence is not so here.
    expect(rounds.at(-1)).toBeGreaterThan(expected + ORACLE_ROUNDS_OFF_MAX);
  });

  it('is nothing where nobody is silent, and ends every run that cannot end otherwise', () => {
    const loud = { agents: 1_000, fanOut: 1, silentShare: 0 };
    expect(idleChance(loud)).toBe(0);
    expect(roundBudget(loud)).toBe(expectedRounds(loud) + ORACLE_ROUNDS_OFF_MAX);
    expect(roundBudget({ ...loud, silentShare: 0.998 })).toBeLessThanOrEqual(ROUNDS_MAX);
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
