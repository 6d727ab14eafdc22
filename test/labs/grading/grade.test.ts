/** Results: what a pass and a failure hold, the smallest failing input, and its replay. */
import { afterAll, describe, expect, it } from 'vitest';
import { createGrader, grade, replay, stop } from '#labs/grading/grade.ts';
import { exitCodeOf } from '#labs/grading/result.ts';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  CHECKPOINT,
  checkOf,
  gradeFiles,
  lab,
  makeFolder,
  targetOf,
  TERMS,
} from './fixture/lab.ts';

afterAll(stop);

/** Wrong for sums of 100 and more. */
const WRONG = {
  'sum.ts': `import { todo } from '#checkpoint';

// const add = nothing
export const add = (left: number, right: number): number =>
  Math.min(99, left + right);

export const unused = () => todo('01.9');
`,
};

describe('a result', () => {
  it('of right code: all points, and what has been tried', async () => {
    const result = await gradeFiles({});
    expect(result).toMatchObject({ lab: '01', subject: 'mine', points: 12, pointsMax: 12 });
    expect(result.checks.map(({ proved }) => proved)).toEqual([
      '22 sums',
      '3 lists',
      'one sum followed',
    ]);
    expect(exitCodeOf(result)).toBe(0);
  });

  it('of wrong code: the finding about the smallest input, where, and a token', async () => {
    const result = await gradeFiles(WRONG);
    const check = checkOf(result, '01.1');
    expect(check).toMatchObject({
      verdict: 'fail',
      tried: 3,
      points: 0,
      where: { file: 'sum.ts', line: 4, symbol: 'add' },
    });
    const [left, right] = check.finding!.input!.split(' ').map(Number);
    expect(left! + right!).toBe(100);
    expect(check.token!.length).toBeLessThanOrEqual(64);
    expect(exitCodeOf(result)).toBe(1);
  });

  it('is the same twice', async () => {
    const cases = [WRONG, {}, { 'sum.ts': 'export const add = () => { throw new Error("no"); };' }];
    for (const files of cases) {
      expect(await gradeFiles(files)).toEqual(await gradeFiles(files));
    }
  });

  it('of a stub: the task and its line', async () => {
    const stub = `import { todo } from '#checkpoint';

const wrap = (act: () => number): number => {
  try {
    return act();
  } catch (cause) {
    throw new Error('a property failed', { cause: new Error('inner', { cause }) });
  }
};
export const add = (): number =>
  wrap(() =>
    todo('01.1'),
  );
`;
    const result = await gradeFiles({ 'sum.ts': stub });
    const check = checkOf(result, '01.1');
    expect(check).toMatchObject({ verdict: 'unfinished', task: '01.1', points: 0 });
    expect(check.where).toMatchObject({ file: 'sum.ts', line: 12 });
    expect(exitCodeOf(result)).toBe(3);
  });

  it('of code that throws: the line in the own file, not in a given one', async () => {
    const { checks } = await gradeFiles({
      'words.ts': `import { more } from './given.ts';
interface Unused {
  readonly count: number;
}

export const count = (words: readonly string[]) =>
  new Map(words.map((word) => [word, more(1)] as const));
`,
      'given.ts': 'export const more = (count: number) => { throw new Error("given"); };\n',
    });
    expect(checks[1]).toMatchObject({
      verdict: 'fail',
      where: { file: 'words.ts', line: 7 },
      reason: 'words.ts:7 throws Error: given',
    });
  });

  it('of one check is of that check alone', async () => {
    const result = await gradeFiles(WRONG, { checks: ['01.3'] });
    expect(result.checks.map(({ id }) => id)).toEqual(['01.3']);
    expect(result).toMatchObject({ points: 2, pointsMax: 2 });
    await expect(gradeFiles({}, { checks: ['01.4'] })).rejects.toThrow('no check is called 01.4');
  });

  it('of answers that are not right: that there is a question', async () => {
    const result = await gradeFiles({ 'answers.ts': 'export const total = 3;\n' });
    expect(checkOf(result, '01.3')).toMatchObject({
      verdict: 'fail',
      asks: true,
    });
  });

  it('of the reference: what code can answer, wherever it stands', async () => {
    const reference = {
      lab,
      subject: 'reference',
      reference: true,
      checkpoint: CHECKPOINT,
    } as const;
    const result = await grade({ ...reference, ...TERMS });
    expect(result.problem).toBeUndefined();
    expect(result).toMatchObject({ points: 10, pointsMax: 10 });
    const file = 'test/labs/grading/fixture/reference.ts';
    const edits = [{ file, find: 'left + right', replace: 'left - right' }];
    const { checks } = await grade({ ...reference, ...TERMS, edits });
    expect(checks[0]).toMatchObject({
      finding: { input: '0 1' },
      where: { file, line: 5, symbol: 'add' },
    });
  });

  it('of a kit that cannot be bundled is a defect of the kit', async () => {
    const result = await grade({ ...targetOf(makeFolder()), checkpoint: 'gone.ts', ...TERMS });
    expect(result.checks).toHaveLength(3);
    expect(result.checks[0]).toMatchObject({ verdict: 'defect', points: 0 });
    expect(exitCodeOf(result)).toBe(5);
  });

  it('of a check that throws is a defect of the kit', async () => {
    const [first, ...others] = (await lab.checkpoint()).checks;
    const judge = () => {
      throw new Error('not total');
    };
    const checks = [{ ...first!, judge }, ...others];
    const broken = { ...lab, checkpoint: async () => ({ checks, notCovered: '' }) };
    const result = await grade({ ...targetOf(makeFolder()), lab: broken, ...TERMS });
    expect(checkOf(result, '01.1')).toMatchObject({
      verdict: 'defect',
      points: 0,
      reason: 'judge throws: not total',
    });
    expect(result.points).toBe(8);
    expect(exitCodeOf(result)).toBe(5);
  });

  it('keeps what a passing check printed', async () => {
    const sum =
      'export const add = (a: number, b: number) => { console.log({ a }); return a + b; };';
    const files = { 'sum.ts': sum };
    const result = await gradeFiles(files);
    expect(checkOf(result, '01.1').printed).toMatch(/^\{ a: 0 \}\n/);
    expect(checkOf(result, '01.2').printed).toBeUndefined();
  });
});

describe('edits', () => {
  const edit = (find: string, file = 'sum.ts') =>
    gradeFiles({}, { edits: [{ file, find, replace: 'left - right' }] });

  it('are graded as if they were written', async () => {
    const result = await edit('left + right');
    expect(checkOf(result, '01.1').finding).toMatchObject({ input: '0 1', saw: '-1' });
    expect(result.code).not.toBe((await gradeFiles({})).code);
  });

  it('that do not apply are an error that says so', async () => {
    await expect(edit('left * right')).rejects.toThrow(
      'an edit of sum.ts does not apply: 0 times "left * right"',
    );
    await expect(edit('left')).rejects.toThrow('an edit of sum.ts does not apply: 2 times "left"');
    await expect(edit('left', 'sums.ts')).rejects.toThrow('an edit of sums.ts: no such file');
  });
});

describe('a grader that stays', () => {
  it('grades what is written now', async () => {
    const folder = makeFolder(WRONG);
    const grader = createGrader(targetOf(folder));
    try {
      expect((await grader.grade(TERMS)).points).toBe(8);
      writeFileSync(path.join(folder, 'sum.ts'), 'export const add = (;');
      expect((await grader.grade(TERMS)).problem?.kind).toBe('syntax');
      writeFileSync(
        path.join(folder, 'sum.ts'),
        'export const add = (a: number, b: number) => a + b;',
      );
      expect((await grader.grade(TERMS)).points).toBe(12);
    } finally {
      await grader.close();
    }
  });
});

describe('a replay', () => {
  it('meets the same input', async () => {
    const folder = makeFolder(WRONG);
    const { finding, token } = checkOf(await grade({ ...targetOf(folder), ...TERMS }), '01.1');
    const [left, right] = finding!.input!.split(' ');
    const events = [{ text: `left is ${left}` }, { text: `right is ${right}` }];

    const same = await replay(token!, { ...targetOf(folder), ownSeed: 'mine' });
    expect(same).toMatchObject({ check: '01.1', sameCode: true, finding, events });
    expect(same.where).toEqual({ file: 'sum.ts', line: 4, symbol: 'add' });

    const other = await replay(token!, { ...targetOf(makeFolder()), ownSeed: 'mine' });
    expect(other).toEqual({
      check: '01.1',
      law: 'A sum is both together',
      verdict: 'pass',
      sameCode: false,
      events,
    });
  });

  it('of code that does not load says why', async () => {
    const { token } = checkOf(await gradeFiles(WRONG), '01.1');
    const folder = makeFolder({ 'sum.ts': 'process.exit(0);' });
    expect(await replay(token!, { ...targetOf(folder), ownSeed: 'mine' })).toMatchObject({
      sameCode: false,
      reason: expect.stringContaining('sum.ts:1 names process') as string,
      events: [],
    });
  });
});
