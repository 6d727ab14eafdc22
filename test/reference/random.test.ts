import { describe, expect, it } from 'vitest';
import { createRandom, xoshiro128starstar, type Random } from '#reference/sim/random.ts';

const draws = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.next());

/** Pearson's correlation of two equally long lists. */
const correlation = (left: readonly number[], right: readonly number[]): number => {
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b) / list.length;
  const [leftMean, rightMean] = [mean(left), mean(right)];
  let [product, leftSquare, rightSquare] = [0, 0, 0];
  left.forEach((value, index) => {
    const [a, b] = [value - leftMean, right[index]! - rightMean];
    product += a * b;
    leftSquare += a * a;
    rightSquare += b * b;
  });
  return product / Math.sqrt(leftSquare * rightSquare);
};

describe('seeded chance', () => {
  it('is xoshiro128** 1.1, as its authors publish it', () => {
    // From the authors' C program with the state {1, 2, 3, 4}, as in the tests of rand_xoshiro (Rust).
    const word = xoshiro128starstar([1, 2, 3, 4]);
    const words = Array.from({ length: 10 }, () => word());
    expect(words).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
      4258142804,
    ]);
  });

  it('never changes what a seed means: old failures replay', () => {
    const random = createRandom('murmuration');
    expect([random.integer(1_000), random.integer(1_000), random.integer(1_000)]).toEqual([
      639, 757, 450,
    ]);
    expect(random.fork('delay').integer(1_000_000)).toBe(91_592);
  });

  it('repeats for a seed and differs for its neighbours', () => {
    expect(draws(createRandom('1'), 10)).toEqual(draws(createRandom('1'), 10));
    const firsts = Array.from({ length: 1_000 }, (_, seed) => createRandom(`${seed}`).next());
    expect(new Set(firsts).size).toBe(1_000);
    expect(Math.abs(correlation(firsts.slice(1), firsts.slice(0, -1)))).toBeLessThan(0.1);
  });

  it('gives a fork by its name alone, whatever was drawn before and elsewhere', () => {
    const fresh = createRandom('seed');
    const used = createRandom('seed');
    draws(used, 17);
    draws(used.fork('another purpose'), 5);
    expect(draws(used.fork('drop'), 10)).toEqual(draws(fresh.fork('drop'), 10));
    const before = draws(createRandom('seed'), 2);
    const watched = createRandom('seed');
    const first = watched.next();
    watched.fork('drop').next();
    expect([first, watched.next()]).toEqual(before);
  });

  it('keeps forks apart: no path of names is taken for another', () => {
    const root = createRandom('seed');
    const streams = [
      root,
      root.fork('a').fork('b'),
      root.fork('b').fork('a'),
      root.fork('a/b'),
      root.fork('a","b'),
      root.fork(''),
      root.fork('').fork(''),
      createRandom('seed/a'),
    ];
    const firsts = streams.map((stream) => stream.next());
    expect(new Set(firsts).size).toBe(streams.length);
  });

  it('draws forks that know nothing of each other', () => {
    const root = createRandom('seed');
    const streams = Array.from({ length: 8 }, (_, index) => draws(root.fork(`${index}`), 4_000));
    for (const [at, left] of streams.entries()) {
      for (const right of streams.slice(at + 1)) {
        // Five standard deviations of the correlation of 4 000 independent pairs.
        expect(Math.abs(correlation(left, right))).toBeLessThan(5 / Math.sqrt(4_000));
      }
    }
  });

  it('is even over [0, 1) and over the integers below a bound', () => {
    const random = createRandom('even');
    const counts = Array.from({ length: 7 }, () => 0);
    for (let draw = 0; draw < 70_000; draw++) counts[random.integer(7)]! += 1;
    const square = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // Chi-square with 6 degrees of freedom exceeds 27.9 once in ten thousand seeds.
    expect(square).toBeLessThan(27.9);
    const reals = draws(random, 10_000);
    expect(Math.min(...reals)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...reals)).toBeLessThan(1);
  });

  it('shuffles into every order equally often, and leaves the list as it was', () => {
    const random = createRandom('shuffle');
    const list = ['a', 'b', 'c'] as const;
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6_000; draw++) {
      const order = random.shuffle(list).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    expect(list).toEqual(['a', 'b', 'c']);
  });

  it('gives bytes of the asked length, all 256 of them in time', () => {
    const bytes = createRandom('bytes').bytes(10_000);
    expect(bytes).toHaveLength(10_000);
    expect(new Set(bytes).size).toBe(256);
  });

  it('picks every item, and refuses an empty list and a bound of nothing', () => {
    const random = createRandom('pick');
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])));
    expect(picked).toEqual(new Set(['a', 'b', 'c']));
    expect(() => random.pick([])).toThrow(/nothing to pick/);
    for (const bound of [0, -1, 1.5, NaN])
      expect(() => random.integer(bound)).toThrow(/no integer/);
  });
});
