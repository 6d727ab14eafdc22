/**
 * The oracle: how many rounds push-pull takes, without running it.
 *
 * The mean field of the model in the contract: what is true of the average agent is taken to be true
 * of all. Chance is left at the two ends of a run, where few agents decide. Without silent ones, and
 * with a hundred agents or more, it moves no run by more than two rounds; of 150 000 runs among ten, 69
 * were three late and one four.
 *
 * Silent agents leave a tail at both ends, and it is the same one. The writer stays alone for a round
 * if all its calls reach silent agents and nobody calls it; the last agent that does not know stays so
 * for the same reason (`idleChance`, q: 0.30 for half of them silent and fan-out 1, 0.17 for a third).
 * Each waits a number of rounds that is geometric in q, so a run is later by more than x with a chance
 * of about x q^(x - 1); the factor before it was 0.05 to 0.25 in 138 500 runs, wherever ten of them or
 * more were that late. Earlier than by two at each end no run was. One that is faster still is wrong: most likely it lets a rumour travel several hops in
 * one round.
 */

/** A swarm as the oracle sees it. */
export interface Spreading {
  readonly agents: number;
  readonly fanOut: number;
  /** Of all agents, how many neither answer nor tell; below 1. */
  readonly silentShare: number;
}

/** Nothing spreads for longer: the stamps of the bulk engine are bytes. */
export const ROUNDS_MAX = 250;

/** Rounds by which chance moves a run at either end of it. */
export const ORACLE_ROUNDS_OFF_MAX = 2;

/** Below this many agents both ends of a run are one and the same. */
const AGENTS_FEW = 100;

/** Correct agents that do not know, on average, when the mean field is at its end. */
const LEFT_MAX = 0.5;

/**
 * The informed share of the correct agents at the end of every round, until half an agent of
 * them is left. An agent stays uninformed if none of its calls reaches somebody informed, and no informed
 * one calls it.
 */
export const expectedShares = ({ agents, fanOut, silentShare }: Spreading): readonly number[] => {
  const correct = (1 - silentShare) * agents;
  const others = agents - 1;
  const shares: number[] = [];
  let informed = 1 / correct;
  while ((1 - informed) * correct > LEFT_MAX && shares.length < ROUNDS_MAX) {
    const callFails = 1 - ((1 - silentShare) * informed * agents) / others;
    const isNotCalled = (1 - 1 / others) ** (fanOut * informed * correct);
    informed = 1 - (1 - informed) * Math.max(0, callFails) ** fanOut * isNotCalled;
    shares.push(informed);
  }
  return shares;
};

/** Rounds until every correct agent is informed. */
export const expectedRounds = (spreading: Spreading): number => expectedShares(spreading).length;

/** For people: rounds without silent agents, within one of the recurrence (Karp et al., 2000, for fan-out 1). */
export const closedFormRounds = (agents: number, fanOut: number): number =>
  Math.log(agents) / Math.log(2 * fanOut + 1) + Math.log(Math.log(agents)) / Math.log(fanOut + 1);

/** The chance that one that does not know stays so for a round among all who do; and that the writer stays alone. */
export const idleChance = ({ agents, fanOut, silentShare }: Spreading): number => {
  const others = agents - 1;
  const reachesSilent = (silentShare * agents) / others;
  const isNotCalled = (1 - 1 / others) ** ((1 - silentShare) * agents - 1);
  return (reachesSilent * isNotCalled) ** fanOut;
};

/** The chance, at most, that a run among silent agents is later than the oracle by more than so many rounds. */
export const lateChance = (spreading: Spreading, rounds: number): number =>
  Math.min(1, rounds * idleChance(spreading) ** (rounds - 1));

/** Rounds by which a run may be earlier than the oracle. */
export const earlyMax = ({ silentShare }: Spreading): number =>
  silentShare > 0 ? 2 * ORACLE_ROUNDS_OFF_MAX : ORACLE_ROUNDS_OFF_MAX;

/** Of a million runs among silent agents, fewer than one is cut short. */
const CUT_SHORT_CHANCE = 1e-6;

/** When to stop, since no agent sees that all the others are informed. */
export const roundBudget = (spreading: Spreading): number => {
  const expected = expectedRounds(spreading);
  let late = ORACLE_ROUNDS_OFF_MAX * (spreading.agents < AGENTS_FEW ? 2 : 1);
  while (expected + late < ROUNDS_MAX && lateChance(spreading, late) > CUT_SHORT_CHANCE) late++;
  return Math.min(ROUNDS_MAX, expected + late);
};
