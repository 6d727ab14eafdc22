/** Mutants of 07.4: the log. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const logs: readonly Mutant[] = [
  {
    name: 'takes-over-a-hole',
    misconception: 'Entry 5 is genuine, so I take it; 3 and 4 will come.',
    edits: [
      {
        file: 'log.ts',
        find: 'if (held.has(record.id) || missing(record).length > 0 || !fits(record)) return false;',
        replace: 'if (held.has(record.id)) return false;',
      },
    ],
    killedBy: '07.4',
    diagnosis: 'takes-over-a-hole',
  },
  {
    name: 'counts-over-a-hole',
    misconception: 'I have seen entry 5 of ann, so I know of ann up to 5.',
    edits: [
      {
        file: 'log.ts',
        find: '  return {\n    ...createView',
        replace: '  let seen: VectorClock = new Map();\n  return {\n    ...createView',
      },
      {
        file: 'log.ts',
        find: '    add(record) {\n',
        replace:
          '    add(record) {\n      seen = ofRecord(record.author, record.sequence, [seen]);\n',
      },
      {
        file: 'log.ts',
        find: `all().reduce<VectorClock>(
        (seen, { author, sequence }) => ofRecord(author, sequence, [seen]),
        new Map(),
      ),`,
        replace: 'seen,',
      },
    ],
    killedBy: '07.4',
    diagnosis: 'clock-over-a-hole',
  },
  {
    name: 'clock-of-the-newest',
    misconception: 'The newest entry has seen all others, so its clock is the clock of the log.',
    edits: [
      {
        file: 'log.ts',
        find: `all().reduce<VectorClock>(
        (seen, { author, sequence }) => ofRecord(author, sequence, [seen]),
        new Map(),
      ),`,
        replace: `[
        ...fold<VectorClock>(all(), ({ author, sequence }, below) =>
          ofRecord(author, sequence, below),
        ).values(),
      ].at(-1) ?? new Map(),`,
      },
    ],
    killedBy: '07.4',
    diagnosis: 'clock-behind',
  },
  {
    name: 'number-unchecked',
    misconception: 'The record names the one before it, so its number is right.',
    edits: [
      {
        file: 'log.ts',
        find: 'return others && sequence === (before?.sequence ?? 0) + 1;',
        replace: 'return others && sequence > 0;',
      },
    ],
    killedBy: '07.4',
    diagnosis: 'takes-what-does-not-follow',
  },
  {
    name: 'missing-is-the-one-before',
    misconception: 'An entry rests on the one before it.',
    edits: [
      {
        file: 'log.ts',
        find: '    missing,\n',
        replace:
          '    missing: ({ previous }) => (previous === null || held.has(previous) ? [] : [previous]),\n',
      },
    ],
    killedBy: '07.4',
    diagnosis: 'missing-is-wrong',
  },
  {
    name: 'takes-copies',
    misconception: 'Storing the same entry again does no harm.',
    edits: [{ file: 'log.ts', find: 'held.has(record.id) || missing', replace: 'missing' }],
    killedBy: '07.4',
    diagnosis: 'takes-twice',
  },
];
