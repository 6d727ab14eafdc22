/** A closed realm is still the language: what ordinary code does goes on to work. */
import { expect, it } from 'vitest';
import { checkOf, gradeFiles } from './fixture/lab.ts';

const graded = async (statements: string) => {
  const add = 'export const add = (left: number, right: number): number => {';
  const text = `${add}\n  ${statements}\n  return left + right;\n};\n`;
  const { problem, ...result } = await gradeFiles({ 'sum.ts': text }, { checks: ['01.1'] });
  return problem?.reason ?? checkOf({ ...result }, '01.1').reason ?? 'pass';
};

it.each([
  'class Mine extends Error { constructor() { super("mine"); this.name = "Mine"; this.message = "x"; } } new Mine();',
  'const error = new TypeError("a"); error.name = "Other"; error.message = "b";',
  'const plain: { [name: string]: unknown } = {}; plain.toString = () => "x"; plain.constructor = 1; `${plain}`;',
  'const each = Object.assign({}, { valueOf: () => 3, hasOwnProperty: 1 }); if (Number(each) !== 3) throw 1;',
  'function Old(this: object) {} Old.prototype = Object.create(Object.prototype); Old.prototype.constructor = Old;',
  'class Counts extends Map<string, number> { get(key: string) { return super.get(key) ?? 0; } } new Counts().get("a");',
  'class List extends Array<number> { sum() { return this.reduce((a, b) => a + b, 0); } } List.of(1, 2).sum();',
  'function* all() { yield* [1, 2]; } [...all()].map(String).join();',
  'if (new Date(5).getTime() !== 5 || Date.parse("1970-01-01T00:00:00Z") !== 0) throw 1;',
  'if (new Date(0).getTimezoneOffset() !== 0 || !(new Date(0) instanceof Date)) throw 1;',
  'structuredClone({ a: new Map([[1, 2]]) }); new TextDecoder().decode(new TextEncoder().encode("a"));',
  'Buffer.from("ab").toString("hex"); new Uint8Array(4).fill(1).slice(1); new WeakMap(); Symbol("a");',
  'console.table([1]); console.group("a"); console.assert(false, "b"); console.time("c"); console.trace();',
  '"a-b".split(/-/).map((each) => each.replace(/./, "x")); [3, 1].sort((a, b) => a - b).toSorted();',
  'try { JSON.parse("{"); } catch (error) { if (!(error instanceof SyntaxError)) throw error; }',
])('%s', async (statements) => {
  expect(await graded(statements)).toBe('pass');
});
