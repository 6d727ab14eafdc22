/** Feedback: what is said about each kind of result, word for word; and what no feedback may do. */
import { describe, expect, it } from 'vitest';
import { eventLines, feedback, firstOpen } from '#labs/commands/verdict/feedback.ts';
import { paintFor, plain, wrap } from '#labs/commands/desk/layout.ts';
import { replayLines } from '#labs/commands/replay.ts';
import { typeLines } from '#labs/commands/verdict/types.ts';
import type { Replay } from '#labs/grading/result.ts';
import { context, results } from './results.ts';

const BANNED = /\b(?:just|simply|obviously|easy|easily|you forgot)\b/i;
const INSIDE = /node_modules|node:internal|at .*\(|\/(?:home|Users|work|root)\//;

/** The lines about the check in full: from its headline on. */
const blockOf = (lines: readonly string[]): readonly string[] =>
  lines.slice(lines.findLastIndex((line) => /^(?:\d\d\.\d+ |FAIL|PASS)/.test(line)));

const failing = results['fails']!.checks[1]!;
const replayed: Replay = {
  check: failing.id,
  law: failing.law,
  verdict: 'fail',
  sameCode: false,
  finding: failing.finding!,
  where: failing.where!,
  events: failing.finding!.trace!,
};

const texts: { readonly [name: string]: readonly string[] } = {
  ...Object.fromEntries(
    Object.entries(results).map(([name, result]) => [name, feedback(result, context)]),
  ),
  'stub-watched': feedback(results['stub']!, { ...context, watching: true }),
  'fails-elsewhere': feedback(
    { ...results['fails']!, subject: '../ann' },
    { ...context, ofWords: ' of ../ann', pathOf: (file) => `../ann/${file}` },
  ),
  replay: replayLines(replayed, {
    pathOf: context.pathOf,
    next: 'npm run lab 07 hint 07.2',
    paint: plain,
  }),
};

describe.each(Object.entries(texts))('feedback: %s', (name, lines) => {
  it('says this', async () => {
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`goldens/${name}.txt`);
  });

  it('is short and narrow, without colour, blame or the insides of the kit', () => {
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(blockOf(lines).length).toBeLessThanOrEqual(25);
    const text = lines.join('\n');
    // Printable ASCII and line ends alone: no escape sequences either.
    expect(text).toMatch(/^[\n -~]*$/);
    expect(text).not.toMatch(BANNED);
    expect(text).not.toMatch(INSIDE);
    expect(text).not.toMatch(/undefined,|NaN|\[object/);
  });

  it('ends with exactly one next command', () => {
    const commands = lines.filter((line) => line.includes('npm run '));
    expect(commands).toEqual([lines.at(-1)]);
    expect(lines.at(-1)).toMatch(/^ {5}next {6}npm run lab/);
  });

  it('has what was seen and expected, or a verdict, and a place in the graded folder', () => {
    const text = lines.join('\n');
    const compares = / {5}saw /.test(text) && / {5}expected /.test(text);
    expect(compares || /pass|FAIL|PASS|not written yet|blocked|environment|defect/.test(text)).toBe(
      true,
    );
    const places = lines.filter((line) => line.startsWith('     where'));
    for (const place of places) expect(place).toMatch(/(?:labs\/lab-07-gossip-sync|\.\.\/ann)\//);
  });
});

describe('feedback', () => {
  it('says the same without colour as with it', () => {
    const mark = (text: string): string => `<${text}>`;
    const paint = { good: mark, bad: mark, open: mark, strong: mark, faint: mark };
    for (const [name, result] of Object.entries(results)) {
      const painted = feedback(result, { ...context, paint }).join('\n');
      expect(painted.length).toBeGreaterThan(texts[name]!.join('\n').length);
      // The marks are the only difference; `<-` of an event is ours.
      const bare = (text: string): string => text.replaceAll(/[<>]/g, '');
      expect(bare(painted)).toBe(bare(texts[name]!.join('\n')));
    }
  });

  it('uses no colour unless a terminal and its owner want it', () => {
    expect(paintFor({ isTTY: false }, {})).toBe(plain);
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(plain);
  });

  it('shows a defect before a failure, and a failure before an unwritten part', () => {
    const of = (
      ...verdicts: readonly ('pass' | 'fail' | 'unfinished' | 'defect' | 'environment')[]
    ) => firstOpen(verdicts.map((verdict, index) => ({ verdict, index })))?.index;
    expect(of('pass', 'pass')).toBeUndefined();
    expect(of('pass', 'unfinished', 'fail')).toBe(2);
    expect(of('pass', 'unfinished', 'unfinished')).toBe(1);
    expect(of('environment', 'fail')).toBe(1);
    expect(of('fail', 'defect')).toBe(1);
    expect(of('pass', 'environment')).toBe(1);
  });

  it('marks the first bad event in words as well', () => {
    const events = [{ text: 'they meet' }, { atMs: 1_250, text: 'ben stops', bad: true }];
    expect(eventLines(events, plain)).toEqual([
      '               they meet',
      '  >  t=1.25 s  ben stops <- first bad event',
    ]);
  });

  it('wraps what is long, keeps lines apart, and cuts words that fit nowhere', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('  one two\nthree', 7)).toEqual(['  one', '  two', 'three']);
    expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
    expect(wrap('a b c d', 1, 2)).toHaveLength(2);
    expect(wrap('colour \u001B[31m and \u202E turned', 100)).toEqual(['colour ?[31m and ? turned']);
  });

  it('tells what a check was given whose code did not come back, and breaks no step in two', () => {
    const input = `ann, ben: ${Array.from({ length: 12 }, () => 'lose ann ben').join(', ')}`;
    const [pass, fails] = results['fails']!.checks;
    const { finding: _, ...rest } = fails!;
    const endless = { ...rest, input, reason: 'this ran for 2 s without an end' };
    const lines = feedback({ ...results['fails']!, checks: [pass!, endless] }, context);
    const from = lines.findIndex((line) =>
      line.startsWith('     input     ann, ben: lose ann ben'),
    );
    expect(lines.slice(from, from + 2).map((line) => line.trimEnd().endsWith('ben,'))).toEqual([
      true,
      true,
    ]);
    expect(lines[from + 3]).toBe('     reason    this ran for 2 s without an end');
  });

  it('says which other checks fail', () => {
    const [pass, fails] = results['fails']!.checks;
    const checks = [pass!, fails!, { ...fails!, id: '07.9' }];
    expect(feedback({ ...results['fails']!, checks }, context)).toContain(
      '     later     07.9 fails as well',
    );
  });

  it('marks in a replay what never came, and shows what the code printed', () => {
    const printed = { ...replayed, printed: 'left Map(1)\nright Map(2)\n' };
    const lines = replayLines(printed, { pathOf: context.pathOf, next: 'x', paint: plain });
    expect(lines.slice(-3)).toEqual([
      '     printed   left Map(1)',
      '               right Map(2)',
      '     next      x',
    ]);
  });

  it('tells a type error in at most three lines, and how many there are besides', () => {
    const text = 'Type X is not assignable to type Y. '.repeat(20);
    const lines = typeLines({ file: 'clock.ts', line: 3, text, others: 2 }, context.pathOf, plain);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe('            and 2 more');
    expect(lines[0]).toMatch(/^type error {2}labs\/lab-07-gossip-sync\/clock\.ts:3 {1,2}Type X/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });
});
