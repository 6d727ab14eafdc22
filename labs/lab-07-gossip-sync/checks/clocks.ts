/** 07.1 to 07.3: vector clocks. */
import { check, type Check, type Finding, type Place } from '#checkpoint';
import type { VectorClock, VectorClocks } from '#contracts/clock.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Random } from '#reference/sim/random.ts';
import { clockText } from '#labs/world/words.ts';

const AUTHORS = ['ann', 'ben', 'cleo'] as const;

/** A clock as it crosses a process boundary: the order of its counters is part of it. */
type Counters = readonly (readonly [string, number])[];

/** Counters from 1 to 6 for some of the authors, in any order. */
const drawClock = (random: Random): Counters =>
  random
    .shuffle(AUTHORS)
    .slice(0, random.integer(AUTHORS.length + 1))
    .map((author) => [author, 1 + random.integer(6)] as const);

const toClock = (counters: Counters): VectorClock => new Map(counters as [Did, number][]);
const text = (counters: unknown): string =>
  Array.isArray(counters) && counters.every((pair) => Array.isArray(pair) && pair.length === 2)
    ? clockText(Object.fromEntries(counters as [string, number][]))
    : JSON.stringify(counters);

/** What a function returned, if it is a clock at all. */
const seen = (value: unknown): Counters | string =>
  value instanceof Map ? [...(value as Map<string, number>)] : `no Map but ${typeof value}`;

const clocksOf = (parts: { readonly [file: string]: unknown }): VectorClocks =>
  parts['clock'] as VectorClocks;

const at = (symbol: string): Place => ({ file: 'clock.ts', symbol });
const count = (counters: Counters, author: string): number =>
  counters.find(([name]) => name === author)?.[1] ?? 0;

interface Two {
  readonly left: Counters;
  readonly right: Counters;
}

/** The plainest pairs first, then drawn ones. */
const drawTwo = (random: Random, howMany: number): Two[] => [
  { left: [['ann', 1]], right: [['ann', 2]] },
  { left: [['ann', 2]], right: [['ann', 1]] },
  { left: [['ann', 1]], right: [['ben', 1]] },
  {
    left: [
      ['ann', 2],
      ['ben', 5],
    ],
    right: [
      ['ann', 3],
      ['ben', 1],
    ],
  },
  { left: [], right: [['ann', 1]] },
  { left: [['ann', 1]], right: [] },
  {
    left: [
      ['ann', 2],
      ['ben', 1],
    ],
    right: [
      ['ben', 1],
      ['ann', 2],
    ],
  },
  ...Array.from({ length: howMany }, () => ({ left: drawClock(random), right: drawClock(random) })),
];

const inputOf = ({ left, right }: Two): string => `left ${text(left)}   right ${text(right)}`;

interface Merged {
  readonly merged: Counters | string;
  /** The inputs after the call. */
  readonly after: Two;
}

const judgeMerge = (input: Two, { merged, after }: Merged): Finding | undefined => {
  const common = { input: inputOf(input), saw: text(merged) };
  if (typeof merged === 'string') {
    return {
      ...common,
      diagnosis: 'no-clock',
      headline: 'merge must return a clock: a Map from author to counter',
      saw: merged,
      expected: 'a Map',
      because: 'whoever merges keeps what is returned',
    };
  }
  const larger = AUTHORS.map(
    (author) => [author, Math.max(count(input.left, author), count(input.right, author))] as const,
  ).filter(([, number]) => number > 0);
  const expected = text(larger);
  const lost = larger.find(([author, number]) => count(merged, author) < number);
  if (lost) {
    const [author] = lost;
    const forgotten = count(merged, author) === 0;
    return {
      ...common,
      diagnosis: forgotten ? 'merge-forgets-author' : 'merge-overwrites',
      headline: forgotten
        ? `The merged clock has forgotten ${author}`
        : `The merged clock is behind one of its inputs: ${author} was ${lost[1]}`,
      expected,
      because: 'a merged clock is never behind either input, counter by counter',
    };
  }
  const over = merged.find(([author, number]) => number > count(larger, author) || number === 0);
  if (over || merged.length !== larger.length) {
    return {
      ...common,
      diagnosis: 'merge-invents',
      headline: 'The merged clock says more than its inputs together',
      expected,
      because: 'nobody has seen what neither side has seen; a counter of 0 is left out',
    };
  }
  if (inputOf(after) !== inputOf(input)) {
    return {
      ...common,
      diagnosis: 'merge-changes-its-input',
      headline: 'merge changed one of the clocks that it was given',
      saw: inputOf(after),
      expected: inputOf(input),
      because: 'the clock of a record must not move because somebody looked at it',
    };
  }
  return undefined;
};

const orderOf = ({ left, right }: Two): string => {
  const ahead = AUTHORS.some((author) => count(left, author) > count(right, author));
  const behind = AUTHORS.some((author) => count(left, author) < count(right, author));
  if (ahead) return behind ? 'concurrent' : 'after';
  return behind ? 'before' : 'equal';
};

const BECAUSE: { readonly [order: string]: string } = {
  equal: 'every counter is the same on both sides, and one that is not there is 0',
  before: 'no counter is larger on the left, and one is smaller',
  after: 'no counter is smaller on the left, and one is larger',
  concurrent: 'each side has a counter that is larger: neither knew of the other',
};

const judgeOrder = (input: Two, saw: unknown): Finding | undefined => {
  const expected = orderOf(input);
  if (saw === expected) return undefined;
  const known = typeof saw === 'string' && Object.hasOwn(BECAUSE, saw);
  return {
    diagnosis: known ? `${expected}-taken-for-${saw}` : 'no-order',
    headline: known
      ? `compare says ${saw}; the clocks are ${expected}`
      : 'compare must say before, after, equal or concurrent',
    input: inputOf(input),
    saw: JSON.stringify(saw) ?? 'undefined',
    expected,
    because: BECAUSE[expected]!,
  };
};

interface OneRecord {
  readonly author: string;
  readonly sequence: number;
  readonly links: readonly Counters[];
}

const drawRecord = (random: Random): OneRecord => {
  const author = random.pick(AUTHORS);
  const sequence = 1 + random.integer(4);
  const parents = Array.from({ length: random.integer(3) }, () =>
    drawClock(random).map(
      ([name, number]) => [name, name === author ? Math.min(number, sequence) : number] as const,
    ),
  );
  const own: Counters = [[author, sequence - 1]];
  return { author, sequence, links: sequence > 1 ? [own, ...parents] : parents };
};

const judgeRecord = (input: OneRecord, saw: Counters | string): Finding | undefined => {
  const clocks = [...input.links, [[input.author, input.sequence]] as Counters];
  const expected = AUTHORS.map(
    (author) => [author, Math.max(...clocks.map((clock) => count(clock, author)))] as const,
  ).filter(([, number]) => number > 0);
  const right = typeof saw !== 'string' && text(saw) === text(expected);
  if (right) return undefined;
  const own = typeof saw === 'string' ? 0 : count(saw, input.author);
  const misses = own < input.sequence;
  return {
    diagnosis: misses ? 'record-leaves-itself-out' : 'record-forgets-its-past',
    headline: misses
      ? `The clock of ${input.author}#${input.sequence} leaves out the entry itself`
      : `The clock of ${input.author}#${input.sequence} is not what its author had seen`,
    input: `${input.author}#${input.sequence}, which names ${input.links.length === 0 ? 'nothing' : `entries with the clocks ${input.links.map(text).join(' ')}`}`,
    saw: text(saw),
    expected: text(expected),
    because: 'the clock of an entry covers everything in its past, and the entry itself',
  };
};

export const clockChecks: readonly Check[] = [
  check({
    id: '07.1',
    verb: 'implement',
    law: 'A merged clock is never behind either input',
    points: 4,
    place: at('merge'),
    hints: [
      'Both sides know something. What may a clock say that has heard both?',
      'Begin with a copy of the left clock, and look at each counter of the right one. A counter that is not there stands at 0.',
      'For every author the larger of the two counters stays. Two lines between the copy and the return.',
    ],
    inputs: ({ random }) => drawTwo(random, 25),
    observe(parts, input: Two): Merged {
      const [left, right] = [toClock(input.left), toClock(input.right)];
      const merged = seen(clocksOf(parts).merge(left, right));
      return { merged, after: { left: [...left], right: [...right] } };
    },
    judge: judgeMerge,
    proves: (tried) => `${tried} pairs of clocks of up to 3 authors`,
  }),
  check({
    id: '07.2',
    verb: 'implement',
    law: 'Two clocks are equal, one is before the other, or neither knew of the other',
    points: 5,
    place: at('compare'),
    hints: [
      'There are four answers, and two questions decide between them.',
      'Ask of each side: is there a counter that is larger here than there? Remember counters that one side does not have.',
      'Write the question as a function of two clocks and ask it twice, once in each direction.',
    ],
    inputs: ({ random }) => drawTwo(random, 25),
    observe: (parts, { left, right }: Two): unknown =>
      clocksOf(parts).compare(toClock(left), toClock(right)) ?? null,
    judge: judgeOrder,
    proves: (tried) => `${tried} pairs of clocks, all four answers among them`,
  }),
  check({
    id: '07.3',
    verb: 'implement',
    law: 'The clock of an entry covers what its author had seen, and the entry itself',
    points: 4,
    place: at('ofRecord'),
    hints: [
      'An entry names others: its author had seen those, and all that they had seen.',
      'You have the clocks of what it names. Which function makes one clock of several?',
      'Merge them all, and do not forget the author and the number of the entry itself.',
    ],
    inputs: ({ random }) => [
      { author: 'ann', sequence: 1, links: [] },
      { author: 'ann', sequence: 2, links: [[['ann', 1]]] },
      {
        author: 'ben',
        sequence: 1,
        links: [
          [['ann', 2]],
          [
            ['cleo', 1],
            ['ann', 1],
          ],
        ],
      },
      ...Array.from({ length: 20 }, () => drawRecord(random)),
    ],
    observe(parts, { author, sequence, links }: OneRecord) {
      return seen(clocksOf(parts).ofRecord(author as Did, sequence, links.map(toClock)));
    },
    judge: judgeRecord,
    proves: (tried) => `${tried} entries that name up to 3 others`,
  }),
];
