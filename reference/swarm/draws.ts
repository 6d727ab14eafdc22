/**
 * Draws: whom an agent contacts. Both engines take them from here, in the same order, and so tell the
 * same story.
 *
 * A round has a stream of its own, named by seed and round: agent 0 takes its `fanOut` draws first,
 * then agent 1, and so on, whether it is silent or not. The generator is xorshift32 (Marsaglia, 2003):
 * one word of state, three shifts. Measured against a hash of (seed, round, agent, slot), which costs
 * twice as much in the inner loop, it gives the same mean of rounds within its standard error.
 * Its seeds must be scrambled: near-by ones give correlated streams.
 */

/** Mixes 32 bits so that each depends on all (the finalizer of MurmurHash3, Appleby). */
const scramble = (word: number): number => {
  let mixed = word >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

/** The state with which a round's stream begins: a 32-bit integer, never 0. */
export const streamOf = (seed: number, round: number): number =>
  scramble(scramble(seed) ^ Math.imul(round + 1, 0x9e37_79b9)) || 1;

/** The state that follows: xorshift32. Signed, as JavaScript's shifts leave it. */
export const nextWord = (state: number): number => {
  let word = state;
  word ^= word << 13;
  word ^= word >>> 17;
  return word ^ (word << 5);
};

/** One of `others` places, all but its own, for the agent at `place`: no draw is thrown away. */
export const peerAt = (word: number, place: number, others: number): number => {
  const drawn = Math.floor((word >>> 0) * (others / 2 ** 32));
  return drawn >= place ? drawn + 1 : drawn;
};
