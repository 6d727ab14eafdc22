/**
 * Vector clocks as sorted lists of counters: two of them are walked side by side, like the lists of a
 * merge sort. A `Map` is made at the edges alone.
 */
import type { VectorClock, VectorClocks } from '#contracts/clock.ts';
import type { Did } from '#contracts/identifiers.ts';

interface Counter {
  readonly author: Did;
  readonly count: number;
}

/** One author's counters on both sides. */
interface Pair {
  readonly author: Did;
  readonly left: number;
  readonly right: number;
}

const sorted = (clock: VectorClock): readonly Counter[] =>
  [...clock]
    .map(([author, count]) => ({ author, count }))
    .toSorted((one, other) => (one.author < other.author ? -1 : 1));

const pairs = (one: VectorClock, other: VectorClock): readonly Pair[] => {
  const [left, right] = [sorted(one), sorted(other)];
  const found: Pair[] = [];
  for (let i = 0, j = 0; i < left.length || j < right.length;) {
    const [here, there] = [left[i], right[j]];
    if (here && (!there || here.author < there.author)) {
      found.push({ author: here.author, left: here.count, right: 0 });
      i++;
    } else if (there && (!here || there.author < here.author)) {
      found.push({ author: there.author, left: 0, right: there.count });
      j++;
    } else if (here && there) {
      found.push({ author: here.author, left: here.count, right: there.count });
      i++;
      j++;
    }
  }
  return found;
};

export const merge: VectorClocks['merge'] = (one, other) =>
  new Map(
    pairs(one, other).map(({ author, left, right }) => [author, left > right ? left : right]),
  );

export const compare: VectorClocks['compare'] = (one, other) => {
  const both = pairs(one, other);
  const isAhead = both.some(({ left, right }) => left > right);
  const isBehind = both.some(({ left, right }) => left < right);
  if (isAhead && isBehind) return 'concurrent';
  if (isAhead) return 'after';
  return isBehind ? 'before' : 'equal';
};

export const ofRecord: VectorClocks['ofRecord'] = (author, sequence, links) => {
  let clock: VectorClock = new Map();
  for (const link of links) clock = merge(clock, link);
  return merge(clock, new Map([[author, sequence]]));
};
