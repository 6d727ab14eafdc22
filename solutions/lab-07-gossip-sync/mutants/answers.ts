/** Mutants of 07.12 to 07.14: wrong answers. */
import type { Mutant } from '#labs/matrix/mutant.ts';

export const answers: readonly Mutant[] = [
  {
    name: 'meetings-bring-nothing',
    misconception: 'An entry is announced when it is written; whoever was away then never gets it.',
    edits: [
      {
        file: 'answers.ts',
        find: '    spread();\n',
        replace: "    if (verb === 'write') spread();\n",
      },
      {
        file: 'answers.ts',
        find: "    if (verb === 'write') {\n",
        replace: "    if (verb === 'meet') links.delete(link);\n    if (verb === 'write') {\n",
      },
    ],
    killedBy: '07.12',
    diagnosis: 'trace-clock-wrong',
  },
  {
    name: 'hearing-counts',
    misconception: 'Hearing of an entry is an event too, so I count one more for myself.',
    edits: [
      {
        file: 'answers.ts',
        find: 'NAMES.map((author) => [author, count(name, author)])',
        replace:
          'NAMES.map((author) => [author, author === name ? held.get(name)!.size : count(name, author)])',
      },
    ],
    killedBy: '07.12',
    diagnosis: 'trace-clock-wrong',
  },
  {
    name: 'no-two-are-concurrent',
    misconception:
      'One of two entries is always first, and the one that has seen more comes first.',
    edits: [
      {
        file: 'answers.ts',
        find: "const order = isBefore(left, right) ? 'before' : isBefore(right, left) ? 'after' : 'concurrent';",
        replace: "const order = isBefore(left, right) ? 'after' : 'before';",
      },
    ],
    killedBy: '07.12',
    diagnosis: 'trace-order-wrong',
  },
  {
    name: 'one-loss-is-enough',
    misconception: 'If the push from ann to ben is lost, ben has a hole.',
    edits: [
      {
        file: 'answers.ts',
        find: "'lose ann ben', 'lose cleo ben', ",
        replace: "'lose ann ben', ",
      },
    ],
    killedBy: '07.13',
    diagnosis: 'witness-too-weak',
  },
  {
    name: 'nothing-follows-the-loss',
    misconception: 'ben misses an entry, and that is what goes wrong.',
    edits: [{ file: 'answers.ts', find: "'write ann', 'write ann']", replace: "'write ann']" }],
    killedBy: '07.13',
    diagnosis: 'witness-too-strong',
  },
  {
    name: 'makes-sure-of-it',
    misconception: 'More entries and more time make the fault show more clearly.',
    edits: [
      {
        file: 'answers.ts',
        find: "'write ann', 'write ann']",
        replace: "'write ann', 'write ann', 'write ann', 'wait 3']",
      },
    ],
    killedBy: '07.13',
    diagnosis: 'witness-too-long',
  },
  {
    name: 'blames-the-victim',
    misconception: 'Whoever lacks something is at fault, not the one who did not tell it.',
    edits: [
      {
        file: 'answers.ts',
        find: 'if (node) return { node, ',
        replace: 'if (node) return { node: NAMES[(NAMES.indexOf(node) + 1) % 3]!, ',
      },
    ],
    killedBy: '07.14',
    diagnosis: 'debug-node-wrong',
  },
  {
    name: 'blames-the-way-it-came',
    misconception:
      'What came by a pull shows that pulling is at fault, and what was lost, pushing.',
    edits: [
      {
        file: 'answers.ts',
        find: 'part: PARTS[fault]',
        replace: "part: fault === 'never-pushes' ? 'pull' : 'push'",
      },
    ],
    killedBy: '07.14',
    diagnosis: 'debug-part-wrong',
  },
  {
    name: 'names-the-next-best-fault',
    misconception: 'Node and part are right, and any fault of that sort explains it.',
    edits: [
      {
        file: 'answers.ts',
        find: 'part: PARTS[fault], fault }',
        replace:
          "part: PARTS[fault], fault: fault === 'deaf-to-digests' ? 'refuses-to-serve' : 'deaf-to-digests' }",
      },
    ],
    killedBy: '07.14',
    diagnosis: 'debug-fault-wrong',
  },
];
