/**
 * Feedback: what a learner reads. Lines out of a result, nothing else; no clock, no disk, no terminal.
 *
 * In this order: what was graded; a line a check; the first check that does not pass, in full; one next
 * command. At most 25 lines are about that check, and none is wider than 100 columns.
 */
import type { Finding, TraceLine } from '../../checkpoint.ts';
import type { Lab } from '../../catalog.ts';
import type { CheckResult, LoadProblem, Result, Verdict, Where } from '../../grading/result.ts';
import {
  COLUMNS_MAX,
  counted,
  field,
  hanging,
  nextLine,
  wrap,
  type Paint,
} from '../desk/layout.ts';

/** What of the desk and the request the words depend on. */
export interface FeedbackContext {
  readonly lab: Lab;
  /** The words that name whose code it is in a command: ` of ../x`; '' for the learner's own. */
  readonly ofWords: string;
  /** A graded file, as people read it. */
  readonly pathOf: (file: string) => string;
  /** What to do after a pass. */
  readonly afterPass: string;
  /** It is graded again at the next save. */
  readonly watching: boolean;
  readonly paint: Paint;
}

export const WORDS: { readonly [Name in Verdict]: string } = {
  pass: 'pass',
  fail: 'FAIL',
  unfinished: 'not written yet',
  blocked: 'blocked',
  environment: 'environment',
  defect: 'kit defect',
};

export const paintVerdict = (verdict: Verdict, text: string, paint: Paint): string => {
  if (verdict === 'pass') return paint.good(text);
  return verdict === 'fail' || verdict === 'defect' ? paint.bad(text) : paint.open(text);
};

/** A painted lead in front of lines that were measured unpainted. */
const paintLead = (lines: readonly string[], length: number, dye: (text: string) => string) =>
  lines.map((line, index) =>
    index === 0 ? dye(line.slice(0, length)) + line.slice(length) : line,
  );

const WHOSE: { readonly [subject: string]: string } = {
  mine: 'your code',
  solution: 'the solution',
  reference: 'the reference',
};

const header = (result: Result, { lab, paint }: FeedbackContext): string[] => {
  const { subject, seed, points, pointsMax } = result;
  const lead = `lab ${lab.number}  ${lab.title}  `;
  const whose = Object.hasOwn(WHOSE, subject) ? WHOSE[subject] : `the code in ${subject}`;
  const text = `${whose}, seed ${seed}, ${points} of ${counted(pointsMax, 'point')}`;
  return paintLead(hanging(lead, text), lead.length, paint.strong);
};

/** A line a check: id, verdict, law. Below it what it printed, if it is not the one shown in full. */
const checkLines = (
  checks: readonly CheckResult[],
  shown: CheckResult | undefined,
  paint: Paint,
): string[] => {
  const ids = Math.max(0, ...checks.map(({ id }) => id.length));
  const wordsOf = ({ verdict, waitsFor }: CheckResult): string =>
    waitsFor === undefined ? WORDS[verdict] : `waits for ${waitsFor}`;
  const words = Math.max(0, ...checks.map((check) => wordsOf(check).length));
  return checks.flatMap((check) => {
    const { id, verdict, law, printed = '' } = check;
    const lead = `${id.padEnd(ids)}  ${wordsOf(check).padEnd(words)}  `;
    const lines = paintLead(hanging(lead, law), lead.length, (text) =>
      paintVerdict(verdict, text, paint),
    );
    if (printed === '' || check === shown) return lines;
    return [...lines, ...hanging(' '.repeat(lead.length) + 'printed  ', printed.trimEnd(), 1)];
  });
};

const BAD_MARK = '  >  ';

/** As exact as the times are: `0.2`, or `0.20` beside `1.25`. */
const digitsOf = (times: readonly number[]): number =>
  [100, 10].findIndex((unit) => times.every((atMs) => atMs % unit === 0)) + 1 || 3;

/**
 * Events, each in at most so many lines. Their times stand below each other; the first bad one is marked
 * in front and behind.
 */
export const eventLines = (
  events: readonly TraceLine[],
  paint: Paint,
  linesMax?: number,
): string[] => {
  const digits = digitsOf(events.flatMap(({ atMs = [] }) => atMs));
  const shown = events.map(({ atMs }) =>
    atMs === undefined ? '' : `t=${(atMs / 1_000).toFixed(digits)} s  `,
  );
  const width = Math.max(0, ...shown.map(({ length }) => length));
  return events.flatMap(({ text, bad = false, mark = 'first bad event' }, index) => {
    const lead = (bad ? BAD_MARK : '     ') + shown[index]!.padStart(width);
    // The sign in front says it as well: where it would begin a line of its own, it is left out.
    const marked = `${text}  <- ${mark}`;
    const fits = lead.length + marked.length <= COLUMNS_MAX;
    const lines = hanging(lead, bad && fits ? marked : text, linesMax);
    return bad ? lines.map((line) => paint.bad(line)) : lines;
  });
};

export const whereText = ({ file, line, symbol }: Where, pathOf: (file: string) => string) =>
  `${pathOf(file)}:${line}${symbol === undefined ? '' : `  ${symbol}`}`;

/** A field whose text keeps its spacing: a path is never wrapped. */
const whereLine = (where: Where, pathOf: (file: string) => string): string =>
  `     ${'where'.padEnd(10)}${whereText(where, pathOf)}`;

/** A step of a schedule; a line is not broken within one. */
const STEP = /\b(?:(?:write|wait) \w+|(?:cut|mend|part|meet|lose|twice|late) \w+ \w+)(?=,|$)/g;

/** What was put in. */
export const inputLines = (input: string, linesMax?: number): string[] =>
  field(
    'input',
    input.replaceAll(STEP, (step) => step.replaceAll(' ', '\u00A0')),
    linesMax,
  ).map((line) => line.replaceAll('\u00A0', ' '));

/** What was put in, what came out, what was wanted, and why. */
export const findingLines = (
  { input, saw, expected, because }: Finding,
  linesMax = 3,
): string[] => [
  ...(input === undefined ? [] : inputLines(input, linesMax)),
  ...field('saw', saw, linesMax),
  ...field('expected', expected, linesMax),
  ...field('because', because, linesMax - 1),
];

const TRACE_MAX = 8;
const BLOCK_MAX = 25;

/** The next command for a check that does not pass. */
const nextFor = (check: CheckResult, { lab, ofWords, watching }: FeedbackContext): string => {
  const again = `npm run lab ${lab.number}`;
  if (check.asks && check.verdict === 'unfinished') return `${again} case ${check.id}`;
  switch (check.verdict) {
    case 'unfinished':
      if (ofWords !== '') return `${again}${ofWords} watch`;
      return watching ? `${again} hint` : `${again} watch`;
    case 'environment':
      return 'npm run lab';
    case 'defect':
      return `${again} of reference`;
    case 'blocked':
      return `${again}${ofWords}`;
    case 'fail':
    case 'pass':
      if (check.token !== undefined) return `npm run lab replay ${check.token}${ofWords}`;
      return ofWords === '' ? `${again} hint` : `${again}${ofWords}`;
  }
};

/** What to do, where nothing is wrong and something is to be written. */
const toDo = ({ task, where, asks }: CheckResult): string[] => {
  if (asks) {
    return field(
      'do this',
      'see what you are asked, and write the answer there in place of todo(...)',
    );
  }
  const what = where?.symbol ?? 'what is missing';
  const which = task === undefined ? '' : `task ${task}: `;
  return field('do this', `${which}write ${what} there in place of todo(...), then save`);
};

/** A reason that the next lines repeat is left out. */
const reasonOf = ({ verdict, reason, where }: CheckResult): string | undefined =>
  verdict === 'unfinished' && where ? undefined : reason;

/** One check in full. */
const block = (
  check: CheckResult,
  others: readonly string[],
  context: FeedbackContext,
): string[] => {
  const { paint } = context;
  const { id, verdict, law, finding, input, where, printed = '' } = check;
  const reason = reasonOf(check);
  const lead = `${id} ${WORDS[verdict]}  `;
  const build = (linesPerEvent: number, linesPerField: number): string[] => [
    ...paintLead(hanging(lead, finding?.headline ?? law, 2), lead.length, (text) =>
      paintVerdict(verdict, text, paint),
    ),
    ...(finding ? findingLines(finding, linesPerField) : []),
    ...(input === undefined || finding ? [] : inputLines(input, linesPerField)),
    ...(reason === undefined ? [] : field('reason', reason, linesPerField)),
    ...eventLines((finding?.trace ?? []).slice(0, TRACE_MAX), paint, linesPerEvent),
    ...(where ? [whereLine(where, context.pathOf)] : []),
    ...(verdict === 'unfinished' ? toDo(check) : []),
    ...(printed === '' ? [] : field('printed', printed.trimEnd(), 2)),
    ...(others.length === 0
      ? []
      : field(
          'later',
          `${others.join(', ')} ${others.length === 1 ? 'fails' : 'fail'} as well`,
          1,
        )),
    nextLine(nextFor(check, context)),
  ];
  // The roomiest that fits; the last one always does.
  const builds = [build(2, 3), build(1, 3), build(1, 2)];
  return builds.find(({ length }) => length <= BLOCK_MAX) ?? builds.at(-1)!;
};

/** The check that is shown in full: ours to mend first, then what is written and wrong, then what is not written. */
export const firstOpen = <Check extends { readonly verdict: Verdict }>(
  checks: readonly Check[],
): Check | undefined =>
  checks.find(({ verdict }) => verdict === 'defect') ??
  checks.find(({ verdict }) => verdict === 'fail') ??
  checks.find(({ verdict }) => verdict === 'unfinished') ??
  checks.find(({ verdict }) => verdict !== 'pass');

const passed = ({ checks, notCovered }: Result, context: FeedbackContext): string[] => [
  context.paint.good(`PASS  ${counted(checks.length, 'check')}`),
  ...checks.flatMap(({ id, proved }, index) =>
    proved === undefined ? [] : field(index === 0 ? 'proved' : '', `${id} ${proved}`),
  ),
  ...(notCovered === '' ? [] : field('not here', notCovered)),
  nextLine(context.afterPass),
];

const EXPECTED_RED = 'EXPECTED RED  ';

/** Nothing is wrong, and not everything is written. */
const expectedRed = ({ checks }: Result, paint: Paint): string[] => {
  const waiting = checks.filter(({ verdict }) => verdict === 'unfinished').length;
  const of = `${waiting} of ${counted(checks.length, 'check')} ${waiting === 1 ? 'waits' : 'wait'}`;
  const text = `${of} for code that is not written yet, ${checks.length - waiting} pass: as it should be`;
  return paintLead(hanging(EXPECTED_RED, text), EXPECTED_RED.length, paint.open);
};

/** The code could not be loaded: nothing else is known. */
const loadLines = (problem: LoadProblem, context: FeedbackContext): string[] => {
  const { lab, ofWords, watching, paint } = context;
  const { where, reason } = problem;
  const place = where ? `${whereText(where, context.pathOf)}  ` : '';
  // The reason begins with the place as the grader names it; here it stands with its folder.
  const named = where ? `${where.file}:${where.line} ` : '';
  const words = named !== '' && reason.startsWith(named) ? reason.slice(named.length) : reason;
  const lead = 'FAIL  ';
  const again = `npm run lab ${lab.number}${ofWords}`;
  return [
    ...wrap(`${place}${words}`, COLUMNS_MAX - lead.length, 4).map((line, index) =>
      index === 0 ? paint.bad(lead) + line : ' '.repeat(lead.length) + line,
    ),
    ...(where ? field('do this', 'mend that line, then save') : []),
    nextLine(watching ? again : `${again} watch`),
  ];
};

/** Everything that is said about a result. */
export const feedback = (result: Result, context: FeedbackContext): string[] => {
  const { checks, problem } = result;
  const { paint } = context;
  const head = header(result, context);
  if (problem) return [...head, ...loadLines(problem, context)];
  const open = firstOpen(checks);
  const list = [...head, ...checkLines(checks, open, paint), ''];
  if (!open) return [...list, ...passed(result, context)];
  const onlyUnfinished = checks.every(
    ({ verdict }) => verdict === 'pass' || verdict === 'unfinished',
  );
  const others = checks
    .filter((check) => check.verdict === 'fail' && open.verdict === 'fail' && check !== open)
    .map(({ id }) => id);
  return [
    ...list,
    ...(onlyUnfinished ? expectedRed(result, paint) : []),
    ...block(open, others, context),
  ];
};
