/** Mutants of 07.9: faults that need three nodes and some bad luck. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const storms: readonly Mutant[] = [
  {
    name: 'seen-is-had',
    misconception: 'I have seen this entry before, so I need not look at it again.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'if (id !== undefined && isHere(id)) return',
        replace: 'if (id !== undefined && (seen.has(id) || !seen.add(id))) return',
      },
      {
        file: 'gossip.ts',
        find: 'const listeners = new Set<Did>();',
        replace: 'const listeners = new Set<Did>();\n  const seen = new Set<RecordId>();',
      },
    ],
    killedBy: '07.9',
    diagnosis: 'dropped-on-arrival',
  },
  {
    name: 'lacked-by-one-lacked-by-all',
    misconception: 'The one I asked has no such entry, so it does not exist.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'const isVain = ',
        replace: 'for (const id of absent) vain.add(id);\n    const isVain = ',
      },
      {
        file: 'gossip.ts',
        find: 'const listeners = new Set<Did>();',
        replace: 'const listeners = new Set<Did>();\n  const vain = new Set<RecordId>();',
      },
      {
        file: 'gossip.ts',
        find: 'if (id !== undefined && isHere(id)) return',
        replace: 'if (id !== undefined && (isHere(id) || vain.has(id))) return',
      },
    ],
    killedBy: '07.9',
    diagnosis: 'dropped-on-arrival',
  },
  {
    name: 'waits-for-one-answer',
    misconception: 'I have asked that peer already; until it answers I ask it nothing more.',
    edits: [
      {
        file: 'gossip.ts',
        find: 'if (wish.ranges.length === 0) return [];',
        replace: 'if (wish.ranges.length === 0 || pulls.has(peer)) return [];',
      },
    ],
    killedBy: '07.7',
    diagnosis: 'pulls-once',
  },
];
