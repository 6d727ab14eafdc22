/**
 * Vector clocks, as pure functions on maps.
 *
 * Picture a wall of counters, one per author. Two walls compare counter by counter: if every counter
 * here is at most the one there, here is before there; if each has a larger one somewhere, neither
 * knew of the other. A counter at zero is left off the wall, so that equal knowledge looks equal.
 */
import type { ClockOrder, VectorClock } from '#contracts/clock.ts';
import type { Did } from '#contracts/identifiers.ts';

/** Whether some component of `left` is larger than that of `right`. */
const exceeds = (left: VectorClock, right: VectorClock): boolean => {
  for (const [author, count] of left) if (count > (right.get(author) ?? 0)) return true;
  return false;
};

/** See the contract. */
export const compare = (left: VectorClock, right: VectorClock): ClockOrder => {
  const leftAhead = exceeds(left, right);
  const rightAhead = exceeds(right, left);
  if (leftAhead && rightAhead) return 'concurrent';
  if (leftAhead) return 'after';
  return rightAhead ? 'before' : 'equal';
};

/** See the contract. */
export const merge = (left: VectorClock, right: VectorClock): VectorClock => {
  const merged = new Map<Did, number>();
  for (const clock of [left, right]) {
    for (const [author, count] of clock) {
      if (count > (merged.get(author) ?? 0)) merged.set(author, count);
    }
  }
  return merged;
};

/** See the contract. */
export const ofRecord = (
  author: Did,
  sequence: number,
  links: readonly VectorClock[],
): VectorClock =>
  [...links, new Map([[author, sequence]])].reduce<VectorClock>(merge, new Map<Did, number>());
