/** 07.12: what everybody holds at the end, and which of two entries came first. */
import { check, type Check, type Finding } from '#checkpoint';
import { create as createReference } from '#reference/gossip/gossip.ts';
import type { Random } from '#reference/sim/random.ts';
import type { Counters, Run } from '#labs/world/run.ts';
import type { Name, Step } from '#labs/world/step.ts';
import { clockText } from '#labs/world/words.ts';
import { NAMES, answerOf, answersAt, fields, printed, runOf } from './answering.ts';

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
  const written = NAMES.flatMap((name) =>
    steps.filter((step) => step === `write ${name}`).map((_, index) => `${name}#${index + 1}`),
  );
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

/** What was answered, beside what comes of playing it. */
interface Traced {
  readonly given: unknown;
  readonly clocks: { readonly [node: string]: Counters };
  readonly order: string;
}

/** A clock as it was answered, if it is one. */
const shown = (clock: unknown): string => {
  const isClock =
    typeof clock === 'object' &&
    clock !== null &&
    Object.values(clock).every((count) => typeof count === 'number');
  return isClock ? clockText(clock as Counters) : printed(clock);
};

const judge = ({ steps, left, right }: TraceQuestion, traced: Traced): Finding | undefined => {
  const { clocks, order } = fields(traced.given);
  const input = steps.join(', ');
  for (const node of NAMES) {
    const saw = fields(clocks)[node];
    const expected = traced.clocks[node]!;
    if (shown(saw) === clockText(expected)) continue;
    const counts = fields(saw);
    const wrong = NAMES.find((author) => (counts[author] ?? 0) !== (expected[author] ?? 0));
    return {
      diagnosis: 'trace-clock-wrong',
      headline: `The clock of ${node} at the end is another one`,
      input,
      saw: `${node} ${shown(saw)}`,
      expected: `another number for ${wrong ?? 'its authors'}; one that is not there is 0 and left out`,
      because:
        'a node holds what was written in its part of the network, and what a meeting brought',
      place: answersAt('trace'),
    };
  }
  if (order === traced.order) return undefined;
  return {
    diagnosis: 'trace-order-wrong',
    headline: `${left} and ${right} are in another order`,
    input,
    saw: printed(order),
    expected: 'the order of their clocks: before, after or concurrent',
    because:
      'an entry is before another if the author of the other had seen it, at first or second hand',
    place: answersAt('trace'),
  };
};

export const traceCheck: Check = check({
  id: '07.12',
  verb: 'trace',
  law: 'You can say who holds what at the end, and which of two entries was first',
  points: 5,
  place: answersAt('trace'),
  hints: [
    'Draw three lines, one a node. After every step, who is in touch with whom, at first or second hand?',
    'What a part of the network holds, all its nodes hold. A meeting makes one part of two.',
    'For the order of two entries write down what its author held when it was written. If that contains the other entry, the other is before it.',
  ],
  inputs: ({ own }) => [drawTrace(own)],
  observe(parts, question: TraceQuestion): Traced {
    const given = answerOf(parts, 'trace', question);
    const past = runOf(question.steps, () => createReference);
    const clocks = Object.fromEntries(NAMES.map((node) => [node, past.end[node]!.clock]));
    return { given, clocks, order: orderIn(past, question.left, question.right) };
  },
  judge,
  question: ({ steps, left, right }) => ({
    lines: [
      'ann, ben and cleo are linked. Then, one after the other:',
      ...steps.map((step) => `  ${step}`),
      'What are the three clocks at the end?',
      `And is ${left} before ${right}, after it, or are they concurrent?`,
    ],
  }),
  proves: () => 'one schedule with a partition, drawn for you',
});
