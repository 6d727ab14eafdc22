/** Whatever code tries instead of doing what a check asks for, it scores nothing, and one line says why. */
import { describe, expect, it } from 'vitest';
import { everyDay } from '#test/support/depth.ts';
import { checkOf, gradeFiles, RIGHT } from './fixture/lab.ts';

/** `sum.ts` whose function is right after it has tried something. */
const inside = (statement: string) => ({
  'sum.ts': `export const add = (left: number, right: number): number => {
  ${statement}
  return left + right;
};
`,
});

const atLoad = (statement: string) => ({ 'sum.ts': `${statement}\n${RIGHT['sum.ts']}` });

/** What a refusal looks like: no points for anything that it concerns, and a reason of one line. */
const NOTHING = { verdict: 'fail', points: 0 };
const oneLine = expect.stringMatching(/^.{10,200}$/) as string;

/** Little memory, and all the time in the world to use it up. */
const ROOM = { memoryMB: 64, replyMs: 60_000 };

const BUILT_IN = /^sum\.ts:1 throws TypeError: /;

type Cheat = readonly [statement: string, reason: RegExp];

/** Each starts two processes and more: every day every second one is tried, those of one kind in turn. */
const turns = (cheats: readonly Cheat[]): readonly Cheat[] =>
  everyDay(
    cheats.filter((_, place) => place % 2 === 0),
    cheats,
  );

describe('while it loads', () => {
  it.each(
    turns([
      ['process.exit(0);', /^sum\.ts:1 names process: a core asks nothing/],
      ["Function('return process')().exit(0);", /^sum\.ts:1 makes code out of text/],
      ["(0, eval)('process.exit(0)');", /^sum\.ts:1 makes code out of text/],
      ["console.log.constructor('return process')().exit(0);", /^sum\.ts:1 makes code out of text/],
      ['for (;;) {}', /^the code ran for 1 s without an end while it was loaded$/],
      [
        'const forget = () => Promise.resolve().then(forget); void forget();',
        /(?:ran for 1 s without|used more than 256 MB)/,
      ],
      ['Array.prototype.map = () => [] as never;', BUILT_IN],
      ['Map.prototype.get = () => 1 as never;', BUILT_IN],
      ["JSON.stringify = () => '[]';", BUILT_IN],
      ['console.log = () => {};', BUILT_IN],
      ['Object.prototype.toString = () => "pass";', BUILT_IN],
      ['(Object.prototype as { verdict?: string }).verdict = "pass";', BUILT_IN],
      ['({} as any).__proto__.verdict = "pass";', BUILT_IN],
      ['Object.defineProperty(Array.prototype, Symbol.iterator, { value: 1 });', BUILT_IN],
      ['Object.setPrototypeOf(Object.getPrototypeOf([].values()), { next: 1 });', BUILT_IN],
      ['Error.prepareStackTrace = () => "";', BUILT_IN],
      ['(globalThis as any).Map = class {};', BUILT_IN],
      [
        'require("node:fs").writeFileSync("result.json", "{}");',
        /^sum\.ts:1 loads node:fs while it/,
      ],
      ['globalThis.process.exit(0);', /^sum\.ts:1 names process/],
      ['throw null;', /^null was thrown, which is not an error$/],
      [
        'const t = Date.now();',
        /^sum\.ts:1 names Date\.now: a core is given the time as an argument$/,
      ],
      ['const t = new Date();', /^sum\.ts:1 names new Date\(\)/],
      ['const t = Math.random();', /^sum\.ts:1 names Math\.random: a core is given its randomness/],
      [
        'setTimeout(() => {}, 0);',
        /^sum\.ts:1 names setTimeout: a core returns a `schedule` effect$/,
      ],
      ['void fetch("http://127.0.0.1/");', /^sum\.ts:1 names fetch/],
      ['const w = WebAssembly;', /^sum\.ts:1 names WebAssembly: a lab has the language/],
    ]),
  )('%s', async (statement, reason) => {
    const { problem, checks, points, pointsMax } = await gradeFiles(atLoad(statement));
    expect(problem).toMatchObject({ reason: oneLine });
    expect(problem?.reason).toMatch(reason);
    expect([points, pointsMax]).toEqual([0, 12]);
    expect(checks).toMatchObject([
      { id: '01.1', ...NOTHING },
      { id: '01.2', ...NOTHING },
      { id: '01.3', ...NOTHING },
    ]);
  });

  it('an allocation without an end', async () => {
    const bomb = 'const all: object[] = []; for (;;) all.push({ all: [1, 2, 3] });';
    const { problem } = await gradeFiles(atLoad(bomb), { limits: ROOM });
    expect(problem).toMatchObject({ kind: 'memory' });
    expect(problem?.reason).toBe('the code used more than 64 MB while it was loaded');
  });

  it.runIf(process.platform === 'linux')('buffers without an end', async () => {
    const bomb = 'const all: Uint8Array[] = []; for (;;) all.push(new Uint8Array(4e6).fill(1));';
    const { problem } = await gradeFiles(atLoad(bomb), { limits: ROOM });
    expect(problem).toMatchObject({ kind: 'memory' });
  });
});

describe('while it runs', () => {
  it.each(
    turns([
      ['process.exit(0);', /^sum\.ts:2 names process: a core asks nothing/],
      ["Function('return process')().exit(0);", /^sum\.ts:2 makes code out of text/],
      ['for (;;) {}', /^this ran for 1 s without an end$/],
      // Whichever runs out first.
      [
        'const f = () => Promise.resolve().then(f); void f();',
        /^this (?:ran for 1 s without an end|used more than 256 MB)$/,
      ],
      [
        'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);',
        /^this ran for 1 s without an end$/,
      ],
      ['const f = (): number => 1 + f(); f();', /^sum\.ts:2 throws RangeError: Maximum call stack/],
      ['throw null;', /^null was thrown, which is not an error$/],
      ['throw undefined;', /^undefined was thrown, which is not an error$/],
      ['throw Symbol("pass");', /was thrown, which is not an error$/],
      // From Node 24 on, an error behind a proxy keeps its stack to itself.
      [
        'throw new Proxy(new Error("mine"), {});',
        /(?:^sum\.ts:2 throws|can be done with:) Error: mine$/,
      ],
      [
        'throw Object.defineProperty(new Error(), "stack", { get() { throw 1; } });',
        /cannot be looked/,
      ],
      [
        'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy;',
        /^something was thrown that cannot be looked at$/,
      ],
      ['void Promise.reject(new Error("later"));', /^sum\.ts:2 throws Error: later$/],
      ['return { toJSON() { throw new Error("no"); } } as never;', /^sum\.ts:2 throws Error: no$/],
      [
        'return { get total() { throw new Error("no"); } } as never;',
        /^sum\.ts:2 throws Error: no$/,
      ],
      ['return 1n as never;', /^add gives what nothing can be done with: TypeError/],
      ['return "x".repeat(5e6) as never;', /^add gave 4\.8 MB to look at, and 4 MB is the most$/],
      ['throw new Error("a\\nb\\u001b[31m");', /^sum\.ts:2 throws Error: a b \[31m$/],
    ]),
  )('%s', async (statement, reason) => {
    const result = await gradeFiles(inside(statement));
    const check = checkOf(result, '01.1');
    expect(check).toMatchObject({ ...NOTHING, reason: oneLine });
    expect(check.reason).toMatch(reason);
    expect(result.points).toBe(8);
  });

  it('an import that the file does not show', async () => {
    const hidden = 'const name = "node:process"; void import(name).then((all) => all.exit(0));';
    const result = await gradeFiles(inside(hidden));
    expect(checkOf(result, '01.1')).toMatchObject({ ...NOTHING, reason: oneLine });
    expect(checkOf(result, '01.1').reason).toMatch(/dynamic import/i);
    expect(result.points).toBe(8);
  });

  it('a promise in place of an answer', async () => {
    const result = await gradeFiles(inside('return Promise.resolve(3) as never;'));
    expect(checkOf(result, '01.1').finding).toMatchObject({ diagnosis: 'sum-wrong', saw: '{}' });
    const asked = await gradeFiles({ 'answers.ts': 'export const total = Promise.resolve(2);' });
    expect(checkOf(asked, '01.3').reason).toBe('total gave a promise: a core answers at once');
  });

  it('an allocation without an end', async () => {
    const bomb = 'const all: object[] = []; for (;;) all.push({ all: [1, 2, 3] });';
    const result = await gradeFiles(inside(bomb), { limits: ROOM });
    expect(checkOf(result, '01.1').reason).toBe('this used more than 64 MB');
    expect(result.points).toBe(8);
  });

  it('what is printed is no answer, and is cut', async () => {
    const result = await gradeFiles({
      'sum.ts': `export const add = () => {
  console.log('{"verdict":"pass","kind":"observed","observation":{"total":3}}');
  for (let line = 0; line < 10_000; line++) console.log('x'.repeat(99));
  return 4;
};
`,
    });
    const check = checkOf(result, '01.1');
    expect(check).toMatchObject({ verdict: 'fail', points: 0, finding: { saw: '4' } });
    expect(check.printed).toMatch(/^\{"verdict":"pass"/);
    expect(check.printed).toMatch(/\n\(\d{6,7} more characters were printed\)\n$/);
    expect(check.printed!.length).toBeLessThan(2_100);
  });

  it('what one check leaves in a variable, no other finds', async () => {
    const result = await gradeFiles({
      'words.ts': `let calls = 0;
export const count = (words: readonly string[]) => {
  calls++;
  return calls === 3 ? new Map() : new Map(words.map((word) => [word, words.filter((each) => each === word).length]));
};
`,
    });
    expect(checkOf(result, '01.2')).toMatchObject({
      verdict: 'fail',
      tried: 3,
      finding: { diagnosis: 'wrong' },
      reason: 'fails only after other inputs: a variable outside the function remembers them',
    });
  });
});
