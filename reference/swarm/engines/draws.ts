/**
 * Draws: whom an agent contacts. Both engines take them from here, in the same order, and so tell the
 * same story.
 *
 * A round has a stream of its own, named by seed and round. Group by group, `fanOut` times over: every
 * member draws one peer, whether it is silent or not. Levels above follow, each in the order of its
 * members; who is alone in a group has nobody to draw. The generator is xorshift32 (Marsaglia, 2003):
 * one word of state, three shifts. Measured against a hash of (seed, round, agent, slot), which costs
 * twice as much in the inner loop, it gives the same mean of rounds within its standard error.
 * Its seeds must be scrambled: near-by ones give correlated streams.
 */
import type { Overlay } from '#contracts/hierarchy.ts';
import type { AgentNumber } from '#contracts/swarm.ts';

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

/**
 * One of `others` places, all but its own, for the agent at `place`: no draw is thrown away, and none
 * of a million is likelier than another by more than one in four thousand. Whether to step over its own
 * place is the sign of a difference: a branch on it, which no processor can foresee, costs as much as
 * all the rest of a contact (5.3 ns beside 2.2).
 */
export const peerAt = (word: number, place: number, others: number): number => {
  const drawn = ((word >>> 0) * (others / 2 ** 32)) | 0; // Math.floor costs half as much again.
  return drawn + 1 - ((drawn - place) >>> 31);
};

/** Everybody in one group: the flat swarm. */
export const flatOverlay = (agents: number): Overlay => ({
  agents,
  levels: [{ members: undefined, groupStarts: Uint32Array.of(0, agents) }],
});

/** Whose streams these are, and how many contacts everybody makes in every level that it is in. */
export interface Drawing {
  readonly overlay: Overlay;
  readonly fanOut: number;
  readonly seed: number;
}

/** All contacts of a round, in the order of their draws: what the bulk engine sweeps without a call each. */
export function* contactsOf(
  { overlay, fanOut, seed }: Drawing,
  round: number,
): Generator<readonly [from: AgentNumber, to: AgentNumber]> {
  let word = streamOf(seed, round);
  for (const { members, groupStarts } of overlay.levels) {
    for (let group = 0; group + 1 < groupStarts.length; group++) {
      const [start, end] = [groupStarts[group]!, groupStarts[group + 1]!];
      const others = end - start - 1;
      if (others < 1) continue; // Alone: nobody to draw.
      for (let slot = 0; slot < fanOut; slot++) {
        for (let at = start; at < end; at++) {
          word = nextWord(word);
          const to = start + peerAt(word, at - start, others);
          yield members ? [members[at]!, members[to]!] : [at, to];
        }
      }
    }
  }
}

/**
 * So many of the agents, all but `spared`, drawn by the seed and sorted (Knuth, selection sampling):
 * who is silent, or lies. A stream of its own, before the first round.
 */
export const chosenAgents = (
  agents: number,
  count: number,
  seed: number,
  spared: AgentNumber = 0,
): Uint32Array => {
  const chosen = new Uint32Array(Math.min(count, agents - 1));
  let word = streamOf(seed, -1);
  let found = 0;
  let left = agents - 1;
  for (let agent = 0; found < chosen.length; agent++) {
    if (agent === spared) continue;
    word = nextWord(word);
    if ((word >>> 0) * left < (chosen.length - found) * 2 ** 32) chosen[found++] = agent;
    left--;
  }
  return chosen;
};
