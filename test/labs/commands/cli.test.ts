/**
 * `npm run lab` as a learner has it: real child processes, a state and files of their own. What is said is
 * told word for word in feedback.test.ts; here it is who says it, when, and with which exit code.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '#labs/grading/result.ts';
import {
  ROOT,
  cleanUp,
  launch,
  temporary,
  until,
  within,
  type Ran,
  type Started,
} from '#test/support/command.ts';

const CLI = [join(ROOT, 'reference/start/start.mjs'), 'labs/cli.ts'] as const;
const LAB = 'lab-07-gossip-sync';

let home: string;
const folder = (): string => join(home, LAB);
const clock = (): string => join(folder(), 'clock.ts');

const start = (words: string, more: { readonly [name: string]: string } = {}): Started =>
  launch(process.execPath, [...CLI, ...words.split(' ')], {
    env: { MURMURATION_STATE: join(home, 'state'), MURMURATION_LABS: home, ...more },
  });

const run = (words: string, more: { readonly [name: string]: string } = {}): Promise<Ran> =>
  within(`the end of ${words}`, start(words, more).ended);

const state = (): { readonly [name: string]: unknown } =>
  (
    JSON.parse(readFileSync(join(home, 'state', 'labs.json'), 'utf8')) as {
      readonly labs: { readonly [lab: string]: { readonly [name: string]: unknown } };
    }
  ).labs[LAB]!;

/** The learner's folder with the solution's files, or the stub's. */
const fill = (from: string): void => {
  rmSync(folder(), { recursive: true, force: true });
  cpSync(join(ROOT, from), folder(), { recursive: true });
};
const fillSolution = (): void => fill(`solutions/${LAB}`);
const NEXT = /^ {5}next {6}npm run lab/gm;

beforeAll(() => {
  home = temporary();
});
afterAll(cleanUp);

describe('a learner who begins', () => {
  it('gets the stub, is told where to begin, and exits with 3', async () => {
    const { code, out, err } = await run('7');
    expect({ code, err }).toEqual({ code: 3, err: '' });
    expect(out).toContain(`${LAB} begins with the stub`);
    expect(out).toContain('EXPECTED RED');
    expect(out.match(NEXT)).toHaveLength(1);
    expect(readFileSync(clock())).toEqual(readFileSync(join(ROOT, 'labs', LAB, 'stub/clock.ts')));
  });

  it('sees the map, which grades nothing', async () => {
    const { code, out } = await run('json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      labs: [{ lab: LAB, standing: 'stub' }],
      next: 'npm run lab 07',
    });
  });
});

describe('a lab that is done', () => {
  it('passes, is remembered with its hash, and leads to the real node', async () => {
    fillSolution();
    const { code, out } = await run('07');
    expect(code).toBe(0);
    expect(out).toMatch(/\nPASS {2}\d+ checks\n/);
    expect(out).toMatch(/next {6}npm run lab 07 graft\n$/);
    expect(state()).toMatchObject({ passed: true, code: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('is the same result twice, as JSON and nothing else', async () => {
    const [first, second] = [await run('07 json'), await run('07 json')];
    expect(first).toEqual(second);
    expect(first.err).toBe('');
    expect((JSON.parse(first.out) as Result).schema).toBe('murmuration/result/1');
  });

  it('takes other chance if it is told to', async () => {
    const { out } = await run('07 seed other json');
    expect((JSON.parse(out) as Result).seed).toBe('other');
  });
});

describe('a lab that fails', () => {
  it('shows the failure, then the type error, and replays from the token', async () => {
    fillSolution();
    appendFileSync(clock(), '\nexport const wrong: number = "text";\n');
    const broken = readFileSync(clock(), 'utf8').replace(
      /export const merge[^]*?\n\};\n/,
      'export const merge = (left: unknown, _right: unknown) => {\n  console.log("merging");\n  return left as never;\n};\n',
    );
    writeFileSync(clock(), broken);
    const { code, out } = await run('07');
    expect(code).toBe(1);
    const [, token = ''] = /next {6}npm run lab replay (\S+)\n/.exec(out) ?? [];
    expect(out).toMatch(
      /\n07\.1 FAIL {2}[^]*saw [^]*expected [^]*because [^]*where [^]*printed {3}merging/,
    );
    expect(out).toMatch(
      /next [^\n]+\ntype error {2}\S+clock\.ts:\d+ +Type 'string' is not\s+assignable/,
    );
    const same = await run(`replay ${token}`);
    expect(same.code).toBe(1);
    expect(same.out).toMatch(/^07\.1 FAIL/);
    expect(same.out).not.toContain('not the code that failed');
    const other = await run(`replay ${token} of solution`);
    expect(other.code).toBe(0);
    expect(other.out).toContain('not the code that failed');
  });

  it('says in a line why code cannot be loaded', async () => {
    fillSolution();
    appendFileSync(clock(), '\n}\n');
    const { code, out, err } = await run('07');
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toMatch(/\nFAIL {2}\S+clock\.ts:\d+ cannot be read/);
    expect(out.match(NEXT)).toHaveLength(1);
    expect(out).not.toContain('type error');
  });
});

describe('somebody else', () => {
  it('is graded without a trace in the state or in files', async () => {
    fillSolution();
    rmSync(clock());
    const elsewhere = temporary();
    cpSync(join(ROOT, 'labs', LAB, 'stub'), elsewhere, { recursive: true });
    const before = readFileSync(join(home, 'state', 'labs.json'));
    expect((await run(`07 of ${elsewhere}`)).code).toBe(3);
    expect((await run('07 of reference')).code).toBe(0);
    expect((await run('07 of solution')).code).toBe(0);
    expect(readFileSync(join(home, 'state', 'labs.json'))).toEqual(before);
    expect(existsSync(clock())).toBe(false);
  });

  it('counts a path from where it was typed', async () => {
    const elsewhere = temporary();
    mkdirSync(join(elsewhere, 'ann'));
    const { code, out } = await run('07 of ann', { INIT_CWD: elsewhere });
    expect(code).toBe(1);
    expect(out).toMatch(/the code in ann, .*\nFAIL {2}clock\.ts is not there/);
  });
});

describe('what is refused', () => {
  it.each([
    ['07 wach', {}, 'usage: "wach" means nothing here; did you mean "watch"?'],
    ['08', {}, 'usage: there is no lab "08" in this kit yet; there is 07'],
    ['07 of nowhere', {}, 'usage: of: expected a folder laid out like'],
    ['replay xyz', {}, 'usage: "xyz" is no token'],
    ['07 hint 07.99', {}, 'usage: there is no check 07.99'],
    [
      '07',
      { npm_config_watch: 'true' },
      'usage: npm took a flag for itself. Words here have no dashes: npm run lab 07 watch',
    ],
  ])('%s', async (words, environment, message) => {
    const { code, out, err } = await run(words, environment);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err.startsWith(message)).toBe(true);
    expect(err.match(/npm run/g)).toHaveLength(1);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('is JSON if the answer would have been', async () => {
    const { code, out, err } = await run('08 json');
    expect({ code, err }).toEqual({ code: 64, err: '' });
    expect(JSON.parse(out)).toMatchObject({ ok: false, status: 'usage' });
  });
});

describe('hints', () => {
  it('come one by one, are remembered, and end with what is left', async () => {
    const said: string[] = [];
    for (let count = 0; count < 4; count += 1) said.push((await run('07 hint 07.1')).out);
    expect(said.map((text) => text.match(/hint \d/g)?.join())).toEqual([
      'hint 1',
      'hint 2',
      'hint 3',
      'hint 1,hint 2,hint 3',
    ]);
    expect(said[1]).toMatch(/next {6}npm run lab 07\n$/);
    expect(said[2]).toMatch(/give up[^]*next {6}npm run lab 07 give-up\n$/);
    expect(state()).toMatchObject({ hints: { '07.1': 3 } });
  });
});

/** Processes that a process has started; where the system says so. */
const childrenOf = (pid: number): readonly number[] => {
  const tasks = `/proc/${pid}/task/${pid}/children`;
  return existsSync(tasks)
    ? readFileSync(tasks, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    : [];
};
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('watch', () => {
  it('grades at every save, and ends with Ctrl-C and nothing left behind', async () => {
    fillSolution();
    const watching = start('07 watch');
    await watching.said(/watching; Ctrl-C ends it[^]*PASS/);
    const whole = readFileSync(clock(), 'utf8');
    writeFileSync(clock(), `${whole}\n}\n`);
    await watching.said(/FAIL {2}\S+clock\.ts/);
    writeFileSync(clock(), whole);
    await watching.said(/PASS[^]*FAIL[^]*PASS/);
    writeFileSync(clock(), whole.replace('export const merge', 'export const mergd'));
    await watching.said(/PASS[^]*FAIL[^]*PASS[^]*FAIL/);
    const files = readdirSync(folder());
    const children = childrenOf(watching.child.pid!);
    watching.child.kill('SIGINT');
    const { code, err } = await within('the end of watch', watching.ended);
    expect({ code, err }).toEqual({ code: 130, err: '' });
    await until('its children to end', () => !children.some(isRunning) || undefined);
    expect(readdirSync(folder())).toEqual(files);
    expect(readdirSync(join(home, 'state')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('watches somebody else as well', async () => {
    const elsewhere = temporary();
    cpSync(join(ROOT, 'labs', LAB, 'stub'), elsewhere, { recursive: true });
    const watching = start(`07 watch of ${elsewhere}`);
    await watching.said(/EXPECTED RED/);
    watching.child.kill('SIGINT');
    expect((await within('the end', watching.ended)).code).toBe(130);
  });
});
