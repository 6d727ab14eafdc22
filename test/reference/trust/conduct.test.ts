/** Conduct: what a peer did on its links, wearing off. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUDGETS, CONDUCTS_MAX, DEEDS, type Deed } from '#contracts/trust.ts';
import { CONDUCT_HALF_LIFE_MS } from '#reference/trust/conduct.ts';
import { didOf, edge, ME, trusting } from '#test/support/attesting.ts';

const [ANN, BEN] = [didOf('ann'), didOf('ben')];
const SPOTLESS = { value: 1, level: 'good' };

/** Ann, a Federated peer, who did something so often. */
const after = (deed: Deed, times: number) => {
  const { trust } = trusting([edge(ME, ANN, 1), edge(ME, BEN, 1)]);
  for (let time = 0; time < times; time++) trust.noted(0, ANN, deed);
  return trust;
};

describe('the conduct of a peer', () => {
  it('is spotless until it did something, and is its own', () => {
    const trust = after('forged', 5);
    expect(trust.conduct(0, BEN)).toEqual(SPOTLESS);
    expect(trust.conduct(0, didOf('nobody'))).toEqual(SPOTLESS);
  });

  it.each<[Deed, number, number]>([
    ['forged', 5, 9],
    ['malformed', 9, 17],
    ['overdrew', 21, 41],
    ['spammed', 41, 81],
    ['unsolicited', 81, 161],
  ])('turns poor after so many of %s and is ignored after more', (deed, poor, ignored) => {
    expect(after(deed, poor - 1).conduct(0, ANN).level).toBe('good');
    expect(after(deed, poor).conduct(0, ANN).level).toBe('poor');
    expect(after(deed, ignored - 1).conduct(0, ANN).level).toBe('poor');
    expect(after(deed, ignored).conduct(0, ANN).level).toBe('ignored');
  });

  it('lowers the class it is served as, and nothing that it may do as an author or a reader', () => {
    const levels = [0, 5, 9].map((times) => after('forged', times));
    expect(levels.map((trust) => trust.budget(ANN))).toEqual([
      BUDGETS.Federated,
      BUDGETS.Partner,
      BUDGETS.Isolated,
    ]);
    expect(levels.map((trust) => [trust.score(ANN), trust.classOf(ANN)])).toEqual(
      levels.map(() => [1, 'Federated']),
    );
  });

  it('is half as bad after a half-life, is good again in the end, and then nothing is left of it', () => {
    const trust = after('forged', 1_000);
    expect(trust.conduct(0, ANN)).toEqual({ value: 0, level: 'ignored' });
    expect(trust.conduct(CONDUCT_HALF_LIFE_MS, ANN)).toEqual({ value: 0.5, level: 'poor' });
    expect(trust.conduct(2 * CONDUCT_HALF_LIFE_MS, ANN)).toEqual({ value: 0.75, level: 'good' });
    expect(trust.budget(ANN)).toEqual(BUDGETS.Federated);
    trust.noted(12 * CONDUCT_HALF_LIFE_MS, ANN, 'served');
    expect(trust.conduct(12 * CONDUCT_HALF_LIFE_MS, ANN)).toEqual(SPOTLESS);
  });

  it('is mended by good service, and cannot be saved up', () => {
    const trust = after('served', 10_000);
    for (let time = 0; time < 5; time++) trust.noted(0, ANN, 'forged');
    expect(trust.conduct(0, ANN).level).toBe('poor');
    for (let time = 0; time < 200; time++) trust.noted(0, ANN, 'served');
    expect(trust.conduct(0, ANN).level).toBe('good');
  });

  it('stays between 0 and 1 whatever happens, and a clock that stands or goes back forgives nothing', () => {
    const happening = fc.tuple(fc.constantFrom(...DEEDS), fc.integer({ min: -1_000, max: 9e5 }));
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 200 }), (happenings) => {
        const { trust } = trusting();
        let now = 0;
        for (const [deed, passedMs] of happenings) {
          now += passedMs;
          const before = trust.conduct(now, ANN).value;
          trust.noted(now, ANN, deed);
          const { value } = trust.conduct(now, ANN);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          if (deed === 'served') expect(value).toBeGreaterThanOrEqual(before);
          else expect(value).toBeLessThanOrEqual(before);
        }
      }),
    );
  });

  it('is remembered of so many peers; those whose last deed is longest ago are forgotten', () => {
    const trust = after('forged', 9);
    for (let index = 0; index < CONDUCTS_MAX - 1; index++) {
      trust.noted(0, didOf(`m${index}`), 'forged');
    }
    expect(trust.conduct(0, ANN).level).toBe('ignored');
    trust.noted(0, BEN, 'forged');
    expect(trust.conduct(0, ANN)).toEqual(SPOTLESS);
    expect(trust.conduct(0, BEN).value).toBe(0.9);
  });
});
