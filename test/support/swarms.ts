/** Swarms of the bulk engine, run many times, beside the oracle. */
import { expect } from 'vitest';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents, flatOverlay } from '#reference/swarm/engines/draws.ts';
import {
  earlyMax,
  expectedRounds,
  roundBudget,
  ROUNDS_MAX,
  type Spreading,
} from '#reference/swarm/sizing/oracle.ts';

export const SIZES = [10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;

/** The seed's rounds: bounds from above for a fan-out of three and more. */
export const SEED_TABLE: readonly (readonly [agents: number, roundsMax: number])[] = [
  [10, 3],
  [100, 5],
  [1_000, 10],
  [10_000, 14],
  [100_000, 17],
  [1_000_000, 20],
];

/** The rounds of so many runs, seeds from `firstSeed`, sorted. */
export const roundsOf = (
  { agents, fanOut, silentShare }: Spreading,
  runs: number,
  firstSeed = 1,
): readonly number[] =>
  Array.from({ length: runs }, (_, index) => {
    const seed = firstSeed + index;
    const silent = chosenAgents(agents, Math.floor(silentShare * agents), seed);
    const run = bulkRun({
      overlay: flatOverlay(agents),
      fanOut,
      seed,
      source: 0,
      silent,
      roundsMax: ROUNDS_MAX,
    });
    const last = [...run.rounds()].at(-1)!;
    expect(last.informed, `seed ${seed}`).toBe(run.correct);
    return last.round;
  }).toSorted((left, right) => left - right);

/** Of fewer runs the one in the middle says little. */
const RUNS_FOR_MEDIAN = 5;

/**
 * The law: what of it some runs break, in words; nothing where it holds. Without silent agents every
 * run among a hundred or more is within two rounds of the oracle. With them chance has more room: two
 * rounds at each end to be early, and the budget to be late. The median is within one.
 */
export const oracleBreaches = (asked: Spreading, runs: number, firstSeed = 1): string[] => {
  const silentShare = Math.floor(asked.silentShare * asked.agents) / asked.agents;
  const spreading = { ...asked, silentShare };
  const [expected, budget] = [expectedRounds(spreading), roundBudget(spreading)];
  const rounds = roundsOf(spreading, runs, firstSeed);
  const [first, middle, last] = [rounds[0]!, rounds[Math.floor(runs / 2)]!, rounds.at(-1)!];
  const holds =
    first >= expected - earlyMax(spreading) &&
    last <= budget &&
    (runs < RUNS_FOR_MEDIAN || Math.abs(middle - expected) <= 1);
  if (holds) return [];
  const said = `the oracle says ${expected}, at most ${budget}; came ${first}, median ${middle}, ${last}`;
  return [`${JSON.stringify(asked)}, ${runs} runs from seed ${firstSeed}: ${said}`];
};

/** The same for every kind of run that is asked for. */
export const allOracleBreaches = (
  agents: number,
  fanOuts: readonly number[],
  silentShares: readonly number[],
  runs: number,
  firstSeed = 1,
): string[] =>
  fanOuts.flatMap((fanOut) =>
    silentShares.flatMap((silentShare) =>
      oracleBreaches({ agents, fanOut, silentShare }, runs, firstSeed),
    ),
  );
