/** 07.13: a schedule after which right nodes agree and wrong ones do not. */
import { check, type Check, type Finding, type TraceLine } from '#checkpoint';
import { create as createReference } from '#reference/gossip/gossip.ts';
import type { Run } from '#labs/world/run.ts';
import { readStep, type Step } from '#labs/world/step.ts';
import { linesOf, listText } from '#labs/world/words.ts';
import { NAMES, answerOf, answersAt, printed, runOf } from './answering.ts';
import { FAULTS } from './specimens.ts';

const STEPS_MAX = 5;
const ASKED = ['counts-over-holes', 'drops-what-waits'] as const;

interface ExplainQuestion {
  readonly fault: (typeof ASKED)[number];
}

/** A witness played on right and on wrong nodes. */
interface Played {
  /** What is missing at the end, such as `ben lacks ann#1`. */
  readonly right: readonly string[];
  readonly wrong: readonly string[];
  readonly written: readonly string[];
  /** What happened among the wrong ones; among the right ones, if those do not agree either. */
  readonly events: readonly TraceLine[];
}

interface Witnessed {
  readonly given: unknown;
  /** Nothing, if it is no schedule. */
  readonly played?: Played;
}

const lacking = ({ names, written, end }: Run): string[] =>
  names.flatMap((node) =>
    Object.keys(written)
      .filter((entry) => !end[node]!.held.includes(entry))
      .map((entry) => `${node} lacks ${entry}`),
  );

const isSchedule = (given: unknown): given is readonly Step[] =>
  Array.isArray(given) &&
  given.length > 0 &&
  given.length <= STEPS_MAX &&
  given.every((step) => readStep(step, NAMES) !== undefined);

const playBoth = ({ fault }: ExplainQuestion, steps: readonly Step[]): Played => {
  const right = runOf(steps, () => createReference);
  const wrong = runOf(steps, () => FAULTS[fault].create);
  const lost = lacking(right);
  return {
    right: lost,
    wrong: lacking(wrong),
    written: Object.keys(wrong.written),
    events: linesOf((lost.length > 0 ? right : wrong).events),
  };
};

/** The last lines up to the one by which everybody had everything. */
const untilWhole = (lines: readonly TraceLine[]): readonly TraceLine[] =>
  lines.slice(0, lines.findLastIndex(({ text }) => text.includes(' takes ')) + 1).slice(-8);

const BECAUSE = 'a witness separates right from wrong: the right agree after it, the wrong do not';

const judge = ({ fault }: ExplainQuestion, { given, played }: Witnessed): Finding | undefined => {
  const steps: readonly unknown[] = Array.isArray(given) ? given : [];
  const common = { because: BECAUSE, place: answersAt('explain') };
  if (!played) {
    const strange = steps.find((step) => readStep(step, NAMES) === undefined);
    const isLong = steps.length === 0 || steps.length > STEPS_MAX;
    return {
      ...common,
      diagnosis: isLong ? 'witness-too-long' : 'witness-no-step',
      headline: isLong
        ? `A witness has 1 to ${STEPS_MAX} steps`
        : 'A witness holds something that is no step',
      input: fault,
      saw: isLong ? printed(given) : printed(strange),
      expected: isLong
        ? `a list of 1 to ${STEPS_MAX} steps`
        : 'a step such as "write ann" or "lose ann ben", see questions.ts',
    };
  }
  const input = `${fault}: ${steps.join(', ')}`;
  if (played.right.length > 0) {
    return {
      ...common,
      diagnosis: 'witness-too-strong',
      headline: 'After this schedule even correct nodes do not agree',
      input,
      saw: listText(played.right),
      expected: 'correct nodes hold everything at the end',
      trace: played.events.slice(-8),
    };
  }
  if (played.wrong.length > 0) return undefined;
  return {
    ...common,
    diagnosis: 'witness-too-weak',
    headline: 'After this schedule the faulty nodes agree as well',
    input,
    saw: `everybody holds ${listText(played.written)}`,
    expected: 'somebody lacks something at the end',
    trace: untilWhole(played.events),
  };
};

export const explainCheck: Check = check({
  id: '07.13',
  verb: 'explain',
  law: 'You can show in five steps what a wrong node gets wrong',
  points: 7,
  place: answersAt('explain'),
  hints: [
    'Both faults are about a hole: an entry is here, and the one before it is not. How does a hole come about?',
    'A push that is lost, and one that is not. Is the node told of the hole by anything but the second push?',
    'There are two others who pass news on: whatever is to be missed must be missed from both. Then stop before a digest repairs it.',
  ],
  inputs: () => ASKED.map((fault) => ({ fault })),
  observe(parts, question: ExplainQuestion): Witnessed {
    const given = answerOf(parts, 'explain', question.fault);
    return isSchedule(given) ? { given, played: playBoth(question, given) } : { given };
  },
  describe: (_, { played }) => played?.events ?? [],
  judge,
  question: ({ fault }) => ({
    lines: [
      `${fault}: all three nodes are wrong in one way. Each ${FAULTS[fault].does}.`,
      `Write at most ${STEPS_MAX} steps after which correct nodes all hold everything, and these do not.`,
      'ann, ben and cleo are linked at the beginning; the steps are explained in questions.ts.',
    ],
  }),
  proves: (tried) => `${tried} witnesses, each played on correct and on wrong nodes`,
});
