/** Mutants of 07.1 to 07.3: vector clocks. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const clocks: readonly Mutant[] = [
  {
    name: 'merge-overwrites',
    misconception: 'What I am told is newer than what I know, so I take it over.',
    edits: [
      {
        file: 'clock.ts',
        find: 'merged.set(author, Math.max(count, merged.get(author) ?? 0))',
        replace: 'merged.set(author, count)',
      },
    ],
    killedBy: '07.1',
    diagnosis: 'merge-overwrites',
  },
  {
    name: 'merge-forgets-authors',
    misconception: 'I go through the authors that I know, and take the larger number of each.',
    edits: [
      {
        file: 'clock.ts',
        find: 'for (const [author, count] of right) merged',
        replace: 'for (const [author, count] of right) if (left.has(author)) merged',
      },
    ],
    killedBy: '07.1',
    diagnosis: 'merge-forgets-author',
  },
  {
    name: 'merge-adds',
    misconception: 'Both sides have counted something, so together they have counted the sum.',
    edits: [
      {
        file: 'clock.ts',
        find: 'Math.max(count, merged.get(author) ?? 0)',
        replace: 'count + (merged.get(author) ?? 0)',
      },
    ],
    killedBy: '07.1',
    diagnosis: 'merge-invents',
  },
  {
    name: 'merge-in-place',
    misconception: 'Merging brings the left clock up to date, so I change that one.',
    edits: [
      {
        file: 'clock.ts',
        find: 'const merged = new Map(left);',
        replace:
          'const merged = left as Map<(typeof left extends Map<infer A, number> ? A : never), number>;',
      },
    ],
    killedBy: '07.1',
    diagnosis: 'merge-changes-its-input',
  },
  {
    name: 'equal-is-before',
    misconception: 'If nothing is larger on the left, the left is before the right.',
    edits: [
      {
        file: 'clock.ts',
        find: "return isWithin(right, left) ? 'equal' : 'before';",
        replace: "return 'before';",
      },
    ],
    killedBy: '07.2',
    diagnosis: 'equal-taken-for-before',
  },
  {
    name: 'concurrent-is-equal',
    misconception: 'Neither is before the other, so they are the same.',
    edits: [{ file: 'clock.ts', find: "'concurrent'", replace: "'equal'" }],
    killedBy: '07.2',
    diagnosis: 'concurrent-taken-for-equal',
  },
  {
    name: 'compares-the-sums',
    misconception: 'Whoever has counted less in all is the earlier one.',
    edits: [
      {
        file: 'clock.ts',
        find: '[...left].every(([author, count]) => count <= (right.get(author) ?? 0));',
        replace:
          '[...left.values()].reduce((a, b) => a + b, 0) <= [...right.values()].reduce((a, b) => a + b, 0);',
      },
    ],
    killedBy: '07.2',
    diagnosis: 'concurrent-taken-for-equal',
  },
  {
    name: 'absent-is-not-compared',
    misconception: 'What the other clock does not mention cannot be compared, so I leave it out.',
    edits: [
      {
        file: 'clock.ts',
        find: 'count <= (right.get(author) ?? 0)',
        replace: 'count <= (right.get(author) ?? count)',
      },
    ],
    killedBy: '07.2',
    diagnosis: 'concurrent-taken-for-equal',
  },
  {
    name: 'compare-inverted',
    misconception: 'If the left is within the right, the right is before the left.',
    edits: [
      { file: 'clock.ts', find: "'equal' : 'before'", replace: "'equal' : 'after'" },
      { file: 'clock.ts', find: "'after' : 'concurrent'", replace: "'before' : 'concurrent'" },
    ],
    killedBy: '07.2',
    diagnosis: 'before-taken-for-after',
  },
  {
    name: 'leaves-itself-out',
    misconception: 'The clock of an entry is what its author had seen before.',
    edits: [{ file: 'clock.ts', find: 'new Map([[author, sequence]])', replace: 'new Map()' }],
    killedBy: '07.3',
    diagnosis: 'record-leaves-itself-out',
  },
  {
    name: 'follows-one-link',
    misconception: 'The record before it knows all that came earlier, so its clock is enough.',
    edits: [{ file: 'clock.ts', find: 'links.reduce(', replace: 'links.slice(0, 1).reduce(' }],
    killedBy: '07.3',
    diagnosis: 'record-forgets-its-past',
  },
];
