/** Results as the grader gives them, one of each kind, to be put into words. */
import { LABS } from '#labs/catalog.ts';
import type { Finding } from '#labs/checkpoint.ts';
import type { FeedbackContext } from '#labs/commands/verdict/feedback.ts';
import { plain } from '#labs/commands/desk/layout.ts';
import type { CheckResult, Result } from '#labs/grading/result.ts';

const FOLDER = 'labs/lab-07-gossip-sync';

export const context: FeedbackContext = {
  lab: LABS.find(({ number }) => number === '07')!,
  ofWords: '',
  pathOf: (file) => `${FOLDER}/${file}`,
  afterPass: 'npm run lab 07 graft',
  watching: false,
  paint: plain,
};

const check = (number: number, law: string, more: Partial<CheckResult> = {}): CheckResult => ({
  id: `07.${number}`,
  verb: 'implement',
  law,
  verdict: 'pass',
  points: 4,
  pointsMax: 4,
  tried: 40,
  proved: `40 inputs of kind ${number}`,
  ...more,
});

const open = (verdict: CheckResult['verdict'], more: Partial<CheckResult> = {}) => ({
  verdict,
  points: 0,
  ...more,
});

const LAWS = [
  'A merged clock is never behind either input',
  'An entry is held when everything it names is; a hole does not advance the clock',
  'When a partition heals, both sides are told at once and converge',
] as const;

const resultOf = (checks: readonly CheckResult[], more: Partial<Result> = {}): Result => ({
  schema: 'murmuration/result/1',
  lab: '07',
  subject: 'mine',
  seed: '3f2a01',
  code: 'ab'.repeat(32),
  checks,
  points: checks.reduce((sum, { points }) => sum + points, 0),
  pointsMax: checks.reduce((sum, { pointsMax }) => sum + pointsMax, 0),
  notCovered: 'crashes and torn writes (lab 10), liars beyond a digest (lab 13)',
  ...more,
});

const FORGETS: Finding = {
  diagnosis: 'merge-forgets',
  headline: "ben forgot something it already knew after merging ann's clock",
  input: 'ben {ann 2, ben 5}, ann {ann 3, ben 1}',
  saw: '{ann 3, ben 1}',
  expected: '{ann 3, ben 5}',
  because: 'a merged clock is never behind either input, author by author',
  trace: [
    { atMs: 200, text: 'ann announces ann#5 to ben' },
    { atMs: 200, text: "ben's clock says ann 5", bad: true },
    { atMs: 1_250, text: 'ben tells ann that it holds ann 5; ann finds nothing missing' },
  ],
};

const token = '07.2-3f2a01-3a0-abab12-k7';
const where = { file: 'clock.ts', line: 34, symbol: 'merge' };
const long = (word: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `${word} ${index + 1}`).join(', ');

/** Everything about it is as long as it may be, and longer. */
const WORST: Finding = {
  diagnosis: 'worst',
  headline:
    'A headline of ninety characters that says what one node did to an entry of another one',
  input: long('author', 90),
  saw: long('entry', 90),
  expected: long('clock', 90),
  because: long('invariant', 90),
  trace: Array.from({ length: 12 }, (_, index) => ({
    atMs: index * 1_111,
    text: long('node', 30),
    bad: index === 3,
  })),
};

export const results: { readonly [name: string]: Result } = {
  stub: resultOf(
    LAWS.map((law, index) =>
      check(index + 1, law, open('unfinished', { where, task: String(index + 1) })),
    ),
  ),
  begun: resultOf([
    check(1, LAWS[0]),
    check(2, LAWS[1], open('unfinished', { where: { file: 'log.ts', line: 12, symbol: 'offer' } })),
    check(3, LAWS[2], open('unfinished')),
  ]),
  fails: resultOf([
    check(1, LAWS[0]),
    check(2, LAWS[1], open('fail', { finding: FORGETS, where, token })),
    check(3, LAWS[2], open('unfinished')),
  ]),
  printed: resultOf([
    check(
      1,
      LAWS[0],
      open('fail', {
        finding: FORGETS,
        where,
        token,
        printed: 'left Map(1)\nright Map(2)\nx\ny\n',
      }),
    ),
  ]),
  worst: resultOf([
    check(
      1,
      long('law', 20),
      open('fail', {
        finding: WORST,
        reason: long('reason', 40),
        where,
        token,
        printed: long('line', 200),
      }),
    ),
  ]),
  threw: resultOf([
    check(
      1,
      LAWS[0],
      open('fail', { reason: 'throws TypeError: left.get is not a function', where }),
    ),
  ]),
  blocked: resultOf([check(1, LAWS[0], open('blocked', { reason: 'lab 05 of yours fails' }))]),
  environment: resultOf([
    check(1, LAWS[0], open('environment', { reason: 'this machine delivers no multicast' })),
    check(2, LAWS[1]),
  ]),
  defect: resultOf([
    check(1, LAWS[0], open('fail', { finding: FORGETS, where, token })),
    check(2, LAWS[1], open('defect', { reason: 'judge throws: x is undefined' })),
  ]),
  pass: resultOf(LAWS.map((law, index) => check(index + 1, law))),
  syntax: resultOf([check(1, LAWS[0], open('fail'))], {
    problem: {
      kind: 'syntax',
      reason: 'clock.ts:12 cannot be read: Expected ";" but found "}"',
      where: { file: 'clock.ts', line: 12 },
    },
  }),
  ended: resultOf([check(1, LAWS[0], open('fail'))], {
    problem: { kind: 'time', reason: 'the code ran for 2 s without an end while it loads' },
  }),
};
