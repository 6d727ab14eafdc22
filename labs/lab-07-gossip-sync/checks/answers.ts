/** 07.12 to 07.14: trace, explain and debug, answered in `answers.ts`. */
import {
  check,
  type Check,
  type Finding,
  type Parts,
  type Place,
  type TraceLine,
} from '#checkpoint';
import type { CreateGossip } from '#contracts/gossip.ts';
import { create as createReference } from '#reference/gossip/gossip.ts';
import type { Random } from '#reference/sim/random.ts';
import type { Counters, Run } from '#labs/world/run.ts';
import { readStep, type Name, type Step } from '#labs/world/step.ts';
import { clockText, linesOf, listText } from '#labs/world/words.ts';
import { play } from '#labs/world/world.ts';
import { FAULTS, type Fault } from './specimens.ts';

const NAMES: readonly Name[] = ['ann', 'ben', 'cleo'];
const SEED = 'answers';

const at = (symbol: string): Place => ({ file: 'answers.ts', symbol });

const answer = (parts: Parts, name: string, question: unknown): unknown => {
  const answers = parts['answers'] as { readonly [name: string]: (question: unknown) => unknown };
  return answers[name]!(question) ?? null;
};

const printed = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 300);
const fields = (value: unknown): { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const run = (steps: readonly Step[], createOf: (name: Name) => CreateGossip): Run =>
  play({ names: NAMES, steps, seed: SEED }, createOf);

// --- Trace --------------------------------------------------------------------------------------------

interface TraceQuestion {
  readonly steps: readonly Step[];
  readonly left: string;
  readonly right: string;
}

/** One node leaves for a while; entries before, meanwhile and after. */
const drawTrace = (random: Random): TraceQuestion => {
  const [alone, other, third] = random.shuffle(NAMES) as [Name, Name, Name];
  const steps: Step[] = [
    `write ${other}`,
    `part ${alone} ${other}`,
    `part ${alone} ${third}`,
    `write ${alone}`,
    `write ${random.pick([other, third])}`,
    ...(random.next() < 0.5 ? [`write ${alone}` as const] : []),
    `meet ${alone} ${random.pick([other, third])}`,
    `write ${random.pick(NAMES)}`,
    `part ${other} ${third}`,
    `write ${third}`,
  ];
  const written = Object.keys(run(steps, () => createReference).written);
  const [left, right] = random.shuffle(written) as [string, string];
  return { steps, left, right };
};

/** Whether `early` is in the past of `late`. */
const isBefore = ({ written }: Run, early: string, late: string): boolean => {
  const links = written[late]?.links ?? [];
  return links.includes(early) || links.some((link) => isBefore({ written } as Run, early, link));
};

const orderIn = (past: Run, left: string, right: string): string => {
  if (isBefore(past, left, right)) return 'before';
  return isBefore(past, right, left) ? 'after' : 'concurrent';
};

const judgeTrace = (
  { steps, left, right }: TraceQuestion,
  answered: unknown,
): Finding | undefined => {
  const past = run(steps, () => createReference);
  const { clocks, order } = fields(answered);
  const input = steps.join(', ');
  for (const node of NAMES) {
    const saw = fields(clocks)[node];
    const expected = past.end[node]!.clock;
    if (
      typeof saw === 'object' &&
      saw !== null &&
      clockText(saw as Counters) === clockText(expected)
    ) {
      continue;
    }
    const given = fields(saw);
    const wrong = NAMES.find((author) => (given[author] ?? 0) !== (expected[author] ?? 0));
    return {
      diagnosis: 'trace-clock-wrong',
      headline: `The clock of ${node} at the end is another one`,
      input,
      saw: `${node}: ${printed(saw)}`,
      expected: `another number for ${wrong ?? 'its authors'}; one that is not there is 0 and left out`,
      because:
        'a node holds what was written in its part of the network, and what a meeting brought',
      place: at('trace'),
    };
  }
  const key = orderIn(past, left, right);
  if (order === key) return undefined;
  return {
    diagnosis: 'trace-order-wrong',
    headline: `${left} and ${right} are in another order`,
    input,
    saw: printed(order),
    expected: 'the order of their clocks: before, after or concurrent',
    because:
      'an entry is before another if the author of the other had seen it, at first or second hand',
    place: at('trace'),
  };
};

// --- Explain ------------------------------------------------------------------------------------------

const STEPS_MAX = 5;
const ASKED = ['counts-over-holes', 'drops-what-waits'] as const;

interface ExplainQuestion {
  readonly fault: (typeof ASKED)[number];
}

/** Entries that a node lacks at the end of a run, as `ben lacks ann#1`. */
const lacking = (past: Run): string[] =>
  past.names.flatMap((node) =>
    Object.keys(past.written)
      .filter((entry) => !past.end[node]!.held.includes(entry))
      .map((entry) => `${node} lacks ${entry}`),
  );

/** The last lines up to the one by which everybody had everything. */
const untilWhole = (lines: readonly TraceLine[]): readonly TraceLine[] =>
  lines.slice(0, lines.findLastIndex(({ text }) => text.includes(' takes ')) + 1).slice(-8);

const judgeWitness = ({ fault }: ExplainQuestion, given: unknown): Finding | undefined => {
  const witness = Array.isArray(given) ? `: ${given.map(String).join(', ')}` : '';
  const common = { input: `${fault}${witness}`, place: at('explain') };
  const because =
    'a witness separates right from wrong: the right nodes agree after it, the wrong do not';
  if (!Array.isArray(given) || given.length === 0 || given.length > STEPS_MAX) {
    return {
      ...common,
      diagnosis: 'witness-too-long',
      headline: `A witness has 1 to ${STEPS_MAX} steps`,
      saw: Array.isArray(given) ? `${given.length} steps` : printed(given),
      expected: `a list of 1 to ${STEPS_MAX} steps`,
      because,
    };
  }
  const wrong = given.find((step) => readStep(step, NAMES) === undefined);
  if (wrong !== undefined) {
    return {
      ...common,
      diagnosis: 'witness-no-step',
      headline: 'A witness holds something that is no step',
      saw: printed(wrong),
      expected: 'a step such as "write ann" or "lose ann ben", see questions.ts',
      because,
    };
  }
  const steps = given as readonly Step[];
  const [right, faulty] = [
    run(steps, () => createReference),
    run(steps, () => FAULTS[fault].create),
  ];
  const [rightLacks, faultyLacks] = [lacking(right), lacking(faulty)];
  if (rightLacks.length > 0) {
    return {
      ...common,
      diagnosis: 'witness-too-strong',
      headline: 'After this schedule even correct nodes do not agree',
      saw: listText(rightLacks),
      expected: 'correct nodes hold everything at the end',
      because,
      trace: linesOf(right.events).slice(-8),
    };
  }
  if (faultyLacks.length > 0) return undefined;
  return {
    ...common,
    diagnosis: 'witness-too-weak',
    headline: 'After this schedule the faulty nodes agree as well',
    saw: `everybody holds ${listText(Object.keys(faulty.written))}`,
    expected: 'somebody lacks something at the end',
    because,
    trace: untilWhole(linesOf(faulty.events)),
  };
};

// --- Debug --------------------------------------------------------------------------------------------

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
  run(steps, (name) => (name === node ? FAULTS[fault].create : createReference));

const judgeDiagnosis = (planted: Case, given: unknown): Finding | undefined => {
  const { node, part, fault } = fields(given);
  const input = 'the cluster of npm run lab 07 case 07.14';
  const wrong = (diagnosis: string, headline: string, saw: unknown, because: string): Finding => ({
    diagnosis,
    headline,
    input,
    saw: printed(saw),
    expected: 'what every line of the case agrees with',
    because,
    place: at('debug'),
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

export const answerChecks: readonly Check[] = [
  check({
    id: '07.12',
    verb: 'trace',
    law: 'You can say who holds what at the end, and which of two entries was first',
    points: 5,
    place: at('trace'),
    hints: [
      'Draw three lines, one a node. After every step, who is in touch with whom, at first or second hand?',
      'What a part of the network holds, all its nodes hold. A meeting makes one part of two.',
      'For the order of two entries write down what its author held when it was written. If that contains the other entry, the other is before it.',
    ],
    inputs: ({ own }) => [drawTrace(own)],
    observe: (parts, question: TraceQuestion): unknown => answer(parts, 'trace', question),
    judge: judgeTrace,
    question: ({ steps, left, right }) => ({
      lines: [
        'ann, ben and cleo are linked. Then, one after the other:',
        ...steps.map((step) => `  ${step}`),
        'What are the three clocks at the end?',
        `And is ${left} before ${right}, after it, or are they concurrent?`,
      ],
    }),
    proves: () => 'one schedule with a partition, drawn for you',
  }),
  check({
    id: '07.13',
    verb: 'explain',
    law: 'You can show in five steps what a wrong node gets wrong',
    points: 7,
    place: at('explain'),
    hints: [
      'Both faults are about a hole: an entry is here, and the one before it is not. How does a hole come about?',
      'A push that is lost, and one that is not. Is the node told of the hole by anything but the second push?',
      'There are two others who pass news on: whatever is to be missed must be missed from both. Then stop before a digest repairs it.',
    ],
    inputs: () => ASKED.map((fault) => ({ fault })),
    observe: (parts, { fault }: ExplainQuestion): unknown => answer(parts, 'explain', fault),
    judge: judgeWitness,
    question: ({ fault }) => ({
      lines: [
        `${fault}: all three nodes are wrong in one way. Each ${FAULTS[fault].does}.`,
        `Write at most ${STEPS_MAX} steps after which correct nodes all hold everything, and these do not.`,
        'ann, ben and cleo are linked at the beginning; the steps are explained in questions.ts.',
      ],
    }),
    proves: (tried) => `${tried} witnesses, each played on correct and on wrong nodes`,
  }),
  check({
    id: '07.14',
    verb: 'debug',
    law: 'You can tell from outside which node is at fault, and how',
    points: 7,
    place: at('debug'),
    hints: [
      'Three nodes do the same things in turn. Compare their lines: who never says what the others say?',
      'npm run lab 07 case 07.14 ann shows the lines of one node. Look at what it announces, what it tells, what it asks, what it answers.',
      'After a lost push look for a question by name; after a wait of 30 s look for a question about a run, and for the answer to it.',
    ],
    inputs: ({ own }) => [drawCase(own)],
    observe: (parts, planted: Case): unknown =>
      answer(parts, 'debug', {
        steps: planted.steps,
        events: linesOf(runCase(planted).events).map(({ text }) => text),
      }),
    judge: judgeDiagnosis,
    question(planted) {
      const past = runCase(planted);
      const states = NAMES.map((name) => `  ${name} holds ${clockText(past.end[name]!.clock)}`);
      return {
        lines: [
          'ann, ben and cleo are linked; one of them has a fault. In turn each writes while nobody hears',
          'it, and each misses one of two pushes. At the end:',
          ...states,
          'Which node, which part (clock, push, wait, pull), which fault? questions.ts lists the faults:',
          ...Object.entries(FAULTS).map(([name, { does }]) => `  ${name}: ${does}`),
        ],
        events: linesOf(past.events),
      };
    },
    proves: () => 'one cluster of three with one planted fault, drawn for you',
  }),
];
