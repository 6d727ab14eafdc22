/**
 * Sight: how far a set of records shows each chain, in one number a chain.
 *
 * Standing walks a chain from its first record and stops at the first fork, after the smallest child.
 * So what stands is always a path, and of a whole set, however forked, one chain
 * needs no more than the end of that path and whether a fork ended it:
 *
 *      0   nothing seen
 *     +i   a path without a fork, up to place i
 *     -i   a fork right before place i, which is the smallest child seen: frozen
 *
 *        1 ── 2 ── 3            {1,2,3}      +3
 *              └── 4 ── 5       {1,2,3,4,5}  -3 if the id of 3 is smaller than that of 4, else -4
 *
 * What lies beyond the first fork never matters again: a larger set can move the fork only towards
 * the root, or show a smaller child at it. Hence two sights join without looking at the sets behind
 * them, in any order and any number of times, and that is the whole law "any order, split and
 * duplication of delivery": `join` is associative, commutative and idempotent. The past of a record is
 * the join of what it cites; the state of a node is the join of all it holds; one function serves both.
 *
 * Cost: 4 bytes a chain in each record. Rejected: the set of all tips per chain (no bound where
 * an author forks often); folding each past anew (the plain solution: cost grows with the history).
 */
import { meet, placeAt } from './chain.ts';
import type { Place } from './state.ts';

/** The place that ends the path, or undefined where nothing was seen. */
export const standingPlace = (places: readonly Place[], sighting: number): Place | undefined =>
  sighting === 0 ? undefined : places[Math.abs(sighting)];

/** What two sets show of one chain together. */
export const join = (places: readonly Place[], one: number, other: number): number => {
  if (one === other || other === 0) return one;
  if (one === 0) return other;
  const left = places[Math.abs(one)]!;
  const right = places[Math.abs(other)]!;
  const meeting = meet(left, right);
  // One path continues the other, unless a fork had ended the shorter one.
  if (meeting === left) return one < 0 ? one : other;
  if (meeting === right) return other < 0 ? other : one;
  const leftChild = placeAt(left, meeting.sequence + 1);
  const rightChild = placeAt(right, meeting.sequence + 1);
  return -(leftChild.id < rightChild.id ? leftChild : rightChild).index;
};

/** What several sets show together, in `width` columns; none of them is wider. */
export const joinSights = (
  places: readonly Place[],
  sights: readonly Int32Array[],
  width: number,
): Int32Array => {
  const joined = new Int32Array(width);
  for (const sight of sights) {
    for (let index = 0; index < sight.length; index += 1) {
      joined[index] = join(places, joined[index]!, sight[index]!);
    }
  }
  return joined;
};
