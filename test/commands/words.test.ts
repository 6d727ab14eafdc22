/** Words: the command line without dashes, and how it finds what was meant. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeWords,
  distance,
  nearest,
  readWords,
  share,
  wholeNumber,
  type Spoken,
  type Vocabulary,
} from '#reference/commands/words.ts';

const vocabulary: Vocabulary = {
  seed: { value: 'SEED', summary: 'replays that very run', byDefault: 'a fresh one' },
  nodes: { value: 'N', summary: 'nodes' },
  json: { summary: 'answers as JSON' },
};

const read = (words: readonly string[], restMax = 2) => readWords(words, vocabulary, restMax);
const refusalOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toMatchObject({ name: 'Fault', code: 'usage' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

describe('reading words', () => {
  it('takes values after their words, standing words alone, and the rest in order', () => {
    const { values, rest } = read(['alice', 'seed', '7', 'json', 'bob']);
    expect([...values]).toEqual([
      ['seed', '7'],
      ['json', ''],
    ]);
    expect(rest).toEqual(['alice', 'bob']);
  });

  it('takes whatever follows a word as its value, were it a dash or nothing', () => {
    expect(read(['seed', '--nodes']).values.get('seed')).toBe('--nodes');
    expect(read(['seed', '']).values.get('seed')).toBe('');
  });

  it.each([
    [['seed'], /"seed" wants SEED after it/],
    // Nothing was said after it, and the next word is no value.
    [['seed', 'json'], /"seed" wants SEED after it, and "json" is the next word$/],
    [['a', 'seed', 'nodes', '5'], /"seed" wants SEED after it, and "nodes" is the next word$/],
    [['seed', 'seed'], /"seed" wants SEED after it, and "seed" is the next word$/],
    [['json', 'json'], /"json" was said twice/],
    [['seed', '1', 'seed', '2'], /"seed" was said twice/],
    [['--json'], /no dashes: say "json"$/],
    [['--seed=7'], /no dashes: say "seed 7"$/],
    [['--'], /no dashes$/],
    [['a', 'b', 'seeds'], /"seeds" means nothing here; did you mean "seed"\?/],
    [['a', 'b', 'NODES'], /did you mean "nodes"\?/],
    [['a', 'b', 'qqqqqqqqq'], /known words: seed, nodes, json$/],
    [['a', 'b', ''], /"" means nothing here; known words/],
  ])('refuses %j in words that help', (words, message) => {
    expect(refusalOf(() => read(words))).toMatch(message);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'knows no word that nobody declared, such as %s',
    (word) => {
      expect(read([word]).rest).toEqual([word]);
      expect(refusalOf(() => read([word], 0))).toMatch(/means nothing here/);
    },
  );

  it('loses and invents nothing, whatever is typed', () => {
    const typed = fc.array(fc.oneof(fc.constantFrom('seed', 'nodes', 'json'), fc.string()));
    fc.assert(
      fc.property(typed, (words) => {
        let spoken: Spoken;
        try {
          spoken = readWords(words, vocabulary, words.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' });
          return;
        }
        const values = [...spoken.values].flatMap(([word, value]) =>
          vocabulary[word]?.value === undefined ? [word] : [word, value],
        );
        expect([...spoken.rest, ...values].sort()).toEqual([...words].sort());
      }),
    );
  });
});

describe('numbers in words', () => {
  const spoken = (value: string): Spoken => ({ values: new Map([['nodes', value]]), rest: [] });
  const hostile = [
    '-1',
    '1e3',
    '0x10',
    '1.5',
    '',
    ' 1',
    '1 ',
    '٣',
    'NaN',
    'Infinity',
    '9'.repeat(40),
  ];

  it.each([...hostile, '1', '201'])('refuses %j where 2 to 200 nodes are asked for', (text) => {
    const message = refusalOf(() => wholeNumber(spoken(text), 'nodes', 5, [2, 200]));
    expect(message).toBe(`nodes: expected a whole number from 2 to 200, got ${text}`);
  });

  it('takes both bounds, leading zeros, and the default where nothing was said', () => {
    const numbers = ['2', '200', '007'].map((text) =>
      wholeNumber(spoken(text), 'nodes', 5, [2, 200]),
    );
    expect(numbers).toEqual([2, 200, 7]);
    expect(wholeNumber({ values: new Map(), rest: [] }, 'nodes', 5, [2, 200])).toBe(5);
  });

  it.each(hostile.concat('0.91', '1', '.', '0.'))('refuses %j as a share up to 0.9', (text) => {
    expect(refusalOf(() => share(spoken(text), 'nodes', 0.2, 0.9))).toMatch(
      /a share from 0 to 0.9/,
    );
  });

  it('takes shares with and without a leading zero', () => {
    expect(['0', '.5', '0.9'].map((text) => share(spoken(text), 'nodes', 0.2, 0.9))).toEqual([
      0, 0.5, 0.9,
    ]);
  });
});

describe('what was meant', () => {
  it('counts edits as a metric does: symmetric, zero for itself alone, no shorter by a detour', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(distance(a, a)).toBe(0);
        expect(distance(a, b)).toBe(distance(b, a));
        if (a !== b) expect(distance(a, b)).toBeGreaterThan(0);
        expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
      }),
    );
    expect(distance('kitten', 'sitting')).toBe(3);
  });

  it('names nobody where nothing is near', () => {
    expect(nearest('balance', ['balances', 'pay'])).toBe('balances');
    expect(nearest('zzz', ['balances', 'pay'])).toBeUndefined();
    expect(nearest('pay', [])).toBeUndefined();
  });

  it('answers a word of 100 000 letters at once', () => {
    const beganAt = performance.now();
    expect(nearest('x'.repeat(100_000), ['digestIntervalMsMax'])).toBeUndefined();
    expect(performance.now() - beganAt).toBeLessThan(5_000);
  });

  it('describes each word in a line of its own, values and defaults included', () => {
    expect(describeWords(vocabulary)).toEqual([
      '  seed SEED  replays that very run (a fresh one)',
      '  nodes N    nodes',
      '  json       answers as JSON',
    ]);
  });
});
