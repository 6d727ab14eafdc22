/**
 * Vector clocks: one counter per author, and a counter that is not there stands at zero.
 *
 * A clock is before another if no counter of it is larger there. If each has a larger one somewhere,
 * neither side knew of the other.
 */
import type { VectorClock, VectorClocks } from '#contracts/clock.ts';

/** 07.1 The larger of each two counters. */
export const merge: VectorClocks['merge'] = (left, right) => {
  const merged = new Map(left);
  for (const [author, count] of right) merged.set(author, Math.max(count, merged.get(author) ?? 0));
  return merged;
};

/** Whether no counter of `left` is larger than that of `right`. */
const isWithin = (left: VectorClock, right: VectorClock) =>
  [...left].every(([author, count]) => count <= (right.get(author) ?? 0));

/** 07.2 Which of two came first, if either did. */
export const compare: VectorClocks['compare'] = (left, right) => {
  if (isWithin(left, right)) return isWithin(right, left) ? 'equal' : 'before';
  return isWithin(right, left) ? 'after' : 'concurrent';
};

/** 07.3 What the author of a record had seen when it wrote it, and the record itself. */
export const ofRecord: VectorClocks['ofRecord'] = (author, sequence, links) =>
  links.reduce(merge, new Map([[author, sequence]]));
