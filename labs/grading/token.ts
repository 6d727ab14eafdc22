/**
 * The word that names a failing input: `07.4-42-3a0-9f3c1b-k7`.
 *
 * It holds the check, the seed, which of the check's inputs was drawn and which smaller one was chosen
 * at each step from there, the beginning of the code's hash, and two letters by which a slip of the
 * pen is noticed. So it needs neither a file nor a server, and it names the same input against any code.
 */
import { createHash } from 'node:crypto';
import { Fault } from '#contracts/faults.ts';

export interface Token {
  /** `07.4`. */
  readonly check: string;
  readonly seed: string;
  /** The index of the input, then the index chosen at each step towards a smaller one. */
  readonly choices: readonly number[];
  /** The first six digits of the hash of the code that failed. */
  readonly code: string;
}

const CHARACTERS_MAX = 64;
const CODE_DIGITS = 6;
const CHECK = /^\d\d\.\d{1,2}$/;
/** Seeds that fit: they stand in a word. */
const SEED = /^[0-9A-Za-z_]{1,16}$/;
/** Letters that nobody takes for another. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** Four bits a letter; the fifth says that more follows. */
const writeNumber = (value: number): string => {
  const low = LETTERS[(value % 16) + (value < 16 ? 0 : 16)]!;
  return value < 16 ? low : low + writeNumber(Math.floor(value / 16) - 1);
};

const readNumbers = (text: string): readonly number[] | undefined => {
  const numbers: number[] = [];
  let value = 0;
  let weight = 1;
  for (const letter of text) {
    const digit = LETTERS.indexOf(letter);
    if (digit < 0) return undefined;
    value += (digit % 16) * weight + (digit < 16 ? 0 : weight * 16);
    weight *= 16;
    if (digit >= 16) continue;
    numbers.push(value);
    value = 0;
    weight = 1;
  }
  return weight === 1 && numbers.length > 0 ? numbers : undefined;
};

const sumOf = (text: string): string => {
  const [first, second] = createHash('sha256').update(text).digest();
  return LETTERS[first! % 32]! + LETTERS[second! % 32]!;
};

const usage = (message: string) => new Fault('usage', message);

/** @throws Fault `usage` if the seed does not fit. */
export const checkSeed = (seed: string): void => {
  if (SEED.test(seed)) return;
  throw usage(`a seed is 1 to 16 letters, digits or _: ${JSON.stringify(seed)} is not`);
};

/** @returns undefined if it would be longer than 64 characters. */
export const writeToken = ({ check, seed, choices, code }: Token): string | undefined => {
  const parts = [check, seed, choices.map(writeNumber).join(''), code.slice(0, CODE_DIGITS)];
  const text = parts.join('-');
  const token = `${text}-${sumOf(text)}`;
  return token.length > CHARACTERS_MAX ? undefined : token;
};

/** @throws Fault `usage`, which says what is wrong with it. */
export const readToken = (token: string): Token => {
  const refuse = (why: string) =>
    usage(`${JSON.stringify(token.slice(0, 80))} is no token: ${why}`);
  if (token.length > CHARACTERS_MAX) throw refuse(`it is longer than ${CHARACTERS_MAX} characters`);
  const pieces = token.split('-');
  if (pieces.length !== 5) throw refuse('one has five pieces, like 07.4-42-3a0-9f3c1b-k7');
  const [check, seed, choices, code, sum] = pieces as [string, string, string, string, string];
  if (sum !== sumOf(pieces.slice(0, -1).join('-'))) throw refuse('a letter is wrong or missing');
  const numbers = readNumbers(choices);
  const isWhole = CHECK.test(check) && SEED.test(seed) && /^[0-9a-f]{6}$/.test(code);
  if (!isWhole || !numbers) throw refuse('a piece of it is not what it should be');
  return { check, seed, choices: numbers, code };
};
