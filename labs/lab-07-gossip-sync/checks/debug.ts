/** 07.14: which of three nodes has a fault, in which part of gossip, and which one. */
import { check, type Check, type Finding } from '#checkpoint';
import { create as createReference } from '#reference/gossip/gossip.ts';
import type { Random } from '#reference/sim/random.ts';
import type { Run } from '#labs/world/run.ts';
import type { Name, Step } from '#labs/world/step.ts';
import { clockText, linesOf } from '#labs/world/words.ts';
import { NAMES, answerOf, answersAt, fields, printed, runOf } from './answering.ts';
import { FAULTS, type Fault } from './specimens.ts';

interface Case {
  readonly node: Name;
  readonly fault: Fault;
  readonly steps: readonly Step[];
}

/** In turn each writes while nobody hears it, and each misses one of two pushes. */
const STEPS: readonly Step[] = NAMES.flatMap((node, index): Step[] => {
  const writer = NAMES[(index + 1) % 3]!;
  const third = NAMES[(index + 2) % 3]!;
  return [
    `cut ${node} ${writer}`,
    `cut ${node} ${third}`,
    `cut ${writer} ${third}`,
    `write ${writer}`,
    `mend ${node} ${writer}`,
    `mend ${node} ${third}`,
    `mend ${writer} ${third}`,
    'wait 30',
    `lose ${writer} ${node}`,
    `lose ${third} ${node}`,
    `write ${writer}`,
    `write ${writer}`,
    'wait 30',
  ];
});

const drawCase = (random: Random): Case => ({
  node: random.pick(NAMES),
  fault: random.pick(Object.keys(FAULTS) as Fault[]),
  steps: STEPS,
});

const runCase = ({ node, fault, steps }: Case): Run =>
  runOf(steps, (name) => (name === node ? FAULTS[fault].create : createReference));

const judge = (planted: Case, given: unknown): Finding | undefined => {
  const { node, part, fault } = fields(given);
  const input = 'the cluster of npm run lab 07 case 07.14';
  const wrong = (diagnosis: string, headline: string, saw: unknown, because: string): Finding => ({
    diagnosis,
    headline,
    input,
    saw: printed(saw),
    expected: 'what every line of the case agrees with',
    because,
    place: answersAt('debug'),
  });
  if (node !== planted.node) {
    return wrong(
      'debug-node-wrong',
      'The fault is at another node',
      node,
      'two nodes do what they should in every line; look for one that keeps silent where it should speak',
    );
  }
  if (part !== FAULTS[planted.fault].layer) {
    return wrong(
      'debug-part-wrong',
      `The node is ${planted.node}; the fault is in another part of gossip`,
      part,
      'clock: what it claims; push: announcing; wait: what rests on something missing; pull: digests',
    );
  }
  if (fault === planted.fault) return undefined;
  return wrong(
    'debug-fault-wrong',
    `The node is ${planted.node}, the part is ${FAULTS[planted.fault].layer}; the fault is another one`,
    fault,
    'compare what this node says and answers with what the other two do in the same place',
  );
};

export const debugCheck: Check = check({
  id: '07.14',
  verb: 'debug',
  law: 'You can tell from outside which node is at fault, and how',
  points: 7,
  place: answersAt('debug'),
  hints: [
    'Three nodes do the same things in turn. Compare their lines: who never says what the others say?',
    'npm run lab 07 case 07.14 ann shows the lines of one node. Look at what it announces, what it tells, what it asks, what it answers.',
    'After a lost push look for a question by name; after a wait of 30 s look for a question about a run, and for the answer to it.',
  ],
  inputs: ({ own }) => [drawCase(own)],
  observe: (parts, planted: Case): unknown =>
    answerOf(parts, 'debug', {
      steps: planted.steps,
      events: linesOf(runCase(planted).events).map(({ text }) => text),
    }),
  judge,
  question(planted) {
    const past = runCase(planted);
    const states = NAMES.map((name) => `  ${name} holds ${clockText(past.end[name]!.clock)}`);
    return {
      lines: [
        'ann, ben and cleo are linked; one of them has a fault. In turn each writes while nobody hears',
        'it, and each misses one of two pushes. At the end:',
        ...states,
        'Which node, which part (clock, push, wait, pull), which fault? questions.ts lists the faults:',
        ...Object.entries(FAULTS).map(([name, { layer, does }]) => `  ${name} (${layer}): ${does}`),
      ],
      events: linesOf(past.events),
    };
  },
  proves: () => 'one cluster of three with one planted fault, drawn for you',
});
