/** How large a committee must be, and who is in it. */
import { describe, expect, it } from 'vitest';
import { committeeOf, smallestCommittee, unsafeChance } from '#reference/swarm/sizing/committee.ts';

const sizeFor = (share: number, chanceMax: number): number | string => {
  const agents = 1_000_000;
  const size = smallestCommittee({ agents, liars: Math.round(share * agents), chanceMax });
  return size.ok ? size.value : size.status;
};

describe('the size of a committee of a million', () => {
  it.each([
    [0.05, 28, 46, 61],
    [0.1, 55, 88, 121],
    [0.15, 106, 172, 235],
    [0.2, 229, 367, 505],
    [0.25, 646, 1_030, 1_417],
  ])('with a share of liars of %d', (share, million, billion, trillion) => {
    expect([1e-6, 1e-9, 1e-12].map((chance) => sizeFor(share, chance))).toEqual([
      million,
      billion,
      trillion,
    ]);
  });

  it('at 0.30 would be thousands, and is refused with the reason', () => {
    for (const [members, chance] of [
      [4_324, 1e-6],
      [6_874, 1e-9],
      [9_436, 1e-12],
    ] as const) {
      expect(unsafeChance(1_000_000, 300_000, members)).toBeLessThanOrEqual(chance);
      expect(unsafeChance(1_000_000, 300_000, members - 3)).toBeGreaterThan(chance);
    }
    const refusal = smallestCommittee({ agents: 1_000_000, liars: 300_000, chanceMax: 1e-9 });
    expect(refusal).toMatchObject({
      ok: false,
      status: 'liars_too_many',
      reason: expect.stringMatching(/below 0.3, came 300000 of 1000000/) as string,
    });
  });

  it('does not exist at a third: half of all samples are unsafe, whatever their size', () => {
    for (const members of [100, 1_000, 4_000]) {
      const chance = unsafeChance(1_000_000, 333_333, members);
      expect(chance).toBeGreaterThan(0.45);
      expect(chance).toBeLessThan(0.51);
    }
  });

  it('is never more than everybody', () => {
    expect(smallestCommittee({ agents: 9, liars: 2, chanceMax: 1e-9 })).toEqual({
      ok: true,
      value: 7,
    });
    expect(smallestCommittee({ agents: 18, liars: 5, chanceMax: 1e-9 })).toEqual({
      ok: true,
      value: 16,
    });
    expect(smallestCommittee({ agents: 10, liars: 0, chanceMax: 1e-9 })).toEqual({
      ok: true,
      value: 1,
    });
  });
});

describe('the chance of an unsafe committee', () => {
  /** Every way to draw, counted: exact, and hopeless beyond a few. */
  const counted = (agents: number, liars: number, members: number): number => {
    const choose = (total: number, count: number): number =>
      count < 0 || count > total
        ? 0
        : Array.from({ length: count }).reduce<number>(
            (product, _, index) => (product * (total - index)) / (index + 1),
            1,
          );
    let unsafe = 0;
    for (let lying = Math.floor((members - 1) / 3) + 1; lying <= members; lying++) {
      unsafe += choose(liars, lying) * choose(agents - liars, members - lying);
    }
    return unsafe / choose(agents, members);
  };

  it('is what counting every draw gives', () => {
    for (let agents = 1; agents <= 14; agents++) {
      for (let liars = 0; liars <= agents; liars++) {
        for (let members = 1; members <= agents; members++) {
          expect(
            unsafeChance(agents, liars, members),
            `${members} of ${agents} with ${liars} liars`,
          ).toBeCloseTo(counted(agents, liars, members), 12);
        }
      }
    }
  });
});

describe('the draw of a committee', () => {
  it('is distinct, sorted, and the same for whoever recomputes it', () => {
    const drawn = committeeOf(10_000, 88, { seed: 7, epoch: 1 });
    expect(drawn).toHaveLength(88);
    expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual(drawn);
    expect(committeeOf(10_000, 88, { seed: 7, epoch: 1 })).toEqual(drawn);
  });

  it('changes with seed and with epoch, and grows by adding', () => {
    const drawn = committeeOf(1_000, 40, { seed: 7, epoch: 1 });
    expect(committeeOf(1_000, 40, { seed: 8, epoch: 1 })).not.toEqual(drawn);
    expect(committeeOf(1_000, 40, { seed: 7, epoch: 2 })).not.toEqual(drawn);
    const larger = new Set(committeeOf(1_000, 60, { seed: 7, epoch: 1 }));
    expect(drawn.every((agent) => larger.has(agent))).toBe(true);
  });

  it('favours nobody', () => {
    const seats = new Uint32Array(20);
    for (let epoch = 0; epoch < 500; epoch++) {
      for (const agent of committeeOf(20, 5, { seed: 3, epoch })) seats[agent]!++;
    }
    // 500 draws of 5 of 20: 125 each. Chi-square with 19 degrees of freedom: 43.8 is passed once in 1 000.
    const chi = seats.reduce((sum, each) => sum + (each - 125) ** 2 / (125 * 0.75), 0);
    expect(chi).toBeLessThan(43.8);
  });
});
