/** Tokens: short, readable again, refused when damaged. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '#contracts/faults.ts';
import { checkSeed, readToken, type Token, writeToken } from '#labs/grading/token.ts';

const token: Token = { check: '07.4', seed: '42', choices: [3, 0, 17, 300], code: '9f3c1b' };

describe('a token', () => {
  it('is one short word', () => {
    const word = writeToken({ ...token, code: '9f3c1b4455' })!;
    expect(word).toMatch(/^07\.4-42-\w+-9f3c1b-\w\w$/);
    expect(readToken(word)).toEqual(token);
  });

  it('is read as it was written', () => {
    const tokens = fc.record({
      check: fc.constantFrom('01.1', '13.14'),
      seed: fc.stringMatching(/^[0-9A-Za-z_]{1,16}$/),
      choices: fc.array(fc.nat(5_000), { minLength: 1, maxLength: 8 }),
      code: fc.stringMatching(/^[0-9a-f]{6}$/),
    });
    fc.assert(
      fc.property(tokens, (each) => {
        const word = writeToken(each)!;
        expect(word.length).toBeLessThanOrEqual(64);
        expect(readToken(word)).toEqual(each);
      }),
    );
  });

  it('is not made longer than 64 characters', () => {
    const choices = Array.from({ length: 60 }, () => 1);
    expect(writeToken({ ...token, choices })).toBeUndefined();
  });

  const word = writeToken(token)!;
  it.each([
    ['', 'one has five pieces'],
    ['07.4-42', 'one has five pieces'],
    [`${word}-`, 'one has five pieces'],
    [word.replace('42', '43'), 'a letter is wrong or missing'],
    [word.slice(0, -1), 'a letter is wrong or missing'],
    [word.toUpperCase(), 'a letter is wrong or missing'],
    ['x'.repeat(65), 'it is longer than 64 characters'],
    [writeToken({ ...token, seed: 'not/one' })!, 'a piece of it is not what it should be'],
    [writeToken({ ...token, choices: [] })!, 'a piece of it is not what it should be'],
  ])('%s is refused', (text, why) => {
    expect(() => readToken(text)).toThrow(Fault);
    expect(() => readToken(text)).toThrow(why);
  });

  it('takes seeds that fit', () => {
    expect(() => checkSeed('42')).not.toThrow();
    expect(() => checkSeed('a-b')).toThrow('a seed is 1 to 16 letters, digits or _');
  });
});
