/**
 * Words: the command line without dashes.
 *
 * npm takes every `--flag` for itself, so everything a person types is a word: `nodes 5 loss 0.2`. A
 * command declares the words it knows; what it does not know is refused with the nearest one it does.
 */
import { Fault } from '#contracts/faults.ts';

/** One word of a command and what follows it. */
export interface Word {
  /** What the value is called in the help; undefined for a word that stands alone. */
  readonly value?: string;
  readonly summary: string;
  readonly byDefault?: string;
}

export type Vocabulary = { readonly [word: string]: Word };

/** What was typed: values by word ('' for a word that stands alone), and the rest in order. */
export interface Spoken {
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Edits between two words, to find what was meant; two letters that changed places are one (optimal string alignment). */
export const distance = (left: string, right: string): number => {
  let above: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, letter] of left.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of right.split('').entries()) {
      const swapped = i > 0 && j > 0 && letter === right[j - 1] && left[i - 1] === other;
      next.push(
        Math.min(
          next[j]! + 1,
          row[j + 1]! + 1,
          row[j]! + (letter === other ? 0 : 1),
          swapped ? above[j - 1]! + 1 : Infinity,
        ),
      );
    }
    [above, row] = [row, next];
  }
  return row[right.length]!;
};

/** The nearest of some words, if one is near enough to have been meant. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const [best] = known
    .map((each) => ({ each, edits: distance(word.toLowerCase(), each.toLowerCase()) }))
    .sort((left, right) => left.edits - right.edits);
  return best && best.edits <= Math.max(1, Math.floor(best.each.length / 3))
    ? best.each
    : undefined;
};

const usage = (message: string): Fault => new Fault('usage', message);

/**
 * Reads words against a vocabulary. At most `restMax` words may be none of it: names, files, DIDs.
 * Throws Fault `usage`: an unknown word, a word twice, a word without its value, a dashed flag. A value
 * is no word of the vocabulary: whoever means it says more than that one word, or `./data` of a file.
 */
export const readWords = (
  typed: readonly string[],
  vocabulary: Vocabulary,
  restMax: number,
): Spoken => {
  const values = new Map<string, string>();
  const rest: string[] = [];
  const queue = [...typed];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word.startsWith('--')) {
      const meant = word.replace(/^-+/, '').replace('=', ' ');
      throw usage(`words here have no dashes${meant === '' ? '' : `: say "${meant}"`}`);
    }
    const known = Object.hasOwn(vocabulary, word) ? vocabulary[word] : undefined;
    if (!known) {
      if (rest.length >= restMax) throw unknownWord(word, vocabulary);
      rest.push(word);
      continue;
    }
    if (values.has(word)) throw usage(`"${word}" was said twice`);
    const value = known.value === undefined ? '' : queue.shift();
    if (value === undefined) throw usage(`"${word}" wants ${known.value} after it`);
    // Else `pay bob 10 memo data DIR` would say "data", and take the directory for a currency.
    if (Object.hasOwn(vocabulary, value)) {
      throw usage(`"${word}" wants ${known.value} after it, and "${value}" is the next word`);
    }
    values.set(word, value);
  }
  return { values, rest };
};

const unknownWord = (word: string, vocabulary: Vocabulary): Fault => {
  const known = Object.keys(vocabulary);
  const meant = nearest(word, known);
  const hint =
    meant === undefined ? `known words: ${known.join(', ')}` : `did you mean "${meant}"?`;
  return usage(`"${word}" means nothing here; ${hint}`);
};

/** One of a closed list; undefined where the word was not said. Throws Fault `usage`. */
export const oneOf = <Choice extends string>(
  { values }: Spoken,
  word: string,
  choices: readonly Choice[],
): Choice | undefined => {
  const text = values.get(word);
  const chosen = choices.find((each) => each === text);
  if (text === undefined || chosen !== undefined) return chosen;
  throw usage(`${word}: expected ${choices.join(' or ')}, got "${text}"`);
};

/** A whole number between bounds. Throws Fault `usage` naming the word. */
export const wholeNumber = (
  { values }: Spoken,
  word: string,
  byDefault: number,
  [min, max]: readonly [min: number, max: number],
): number => {
  const text = values.get(word);
  if (text === undefined) return byDefault;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw usage(`${word}: expected a whole number from ${min} to ${max}, got ${text}`);
  }
  return number;
};

/** A share such as 0.2. Throws Fault `usage` naming the word. */
export const share = ({ values }: Spoken, word: string, byDefault: number, max: number): number => {
  const text = values.get(word);
  if (text === undefined) return byDefault;
  const number = /^(0|0?\.\d+|1)$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 0 && number <= max)) {
    throw usage(`${word}: expected a share from 0 to ${max}, such as 0.2, got ${text}`);
  }
  return number;
};

/** The help of a vocabulary: a line a word. */
export const describeWords = (vocabulary: Vocabulary): string[] => {
  const rows = Object.entries(vocabulary).map(([word, { value, summary, byDefault }]) => [
    value === undefined ? word : `${word} ${value}`,
    byDefault === undefined ? summary : `${summary} (${byDefault})`,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left!.length));
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`);
};
