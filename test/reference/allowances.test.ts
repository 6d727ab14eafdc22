/** Allowances: what a peer may draw, by its class, and what becomes of it with time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import { BUDGETS, TRUST_CLASSES, type TrustClass } from '#contracts/trust.ts';
import { createAllowances } from '#reference/node/peers/allowances.ts';

const BEN = 'did:key:z6MkBen' as Did;
const allowancesOf = (name: TrustClass) => createAllowances({ budget: () => BUDGETS[name] });

/** Draws as much as it may, pull after pull, for so long; what it was sent, and when it was told to wait. */
const greedy = (name: TrustClass, untilMs: number, stepMs = 10) => {
  const allowances = allowancesOf(name);
  const { pullBytesMax } = BUDGETS[name];
  const waits: number[] = [];
  let bytes = 0;
  for (let now = 0; now < untilMs; now += stepMs) {
    const pull = allowances.pull(now, BEN);
    if (pull.answer === 'wait') waits.push(pull.waitMs);
    if (pull.answer !== 'served') continue;
    allowances.charge(now, BEN, pullBytesMax);
    bytes += pullBytesMax;
  }
  return { bytes, waits };
};

describe('an allowance', () => {
  for (const name of TRUST_CLASSES) {
    const { pullBytesMax, backOffMsMin, backOffMsMax } = BUDGETS[name];
    it(`of ${name} is two pulls and one more at once, and then a pull in its longest back-off`, () => {
      const untilMs = 100_000;
      const { bytes, waits } = greedy(name, untilMs);
      const steady = (pullBytesMax * untilMs) / backOffMsMax;
      expect(bytes).toBeLessThanOrEqual(3 * pullBytesMax + steady);
      expect(bytes).toBeGreaterThan(0.8 * steady);
      expect(Math.max(...waits)).toBeLessThanOrEqual(backOffMsMax);
      expect(Math.max(...waits)).toBeGreaterThan(backOffMsMin);
    });
  }

  it('keeps pulls that bring nothing as few as those that bring much', () => {
    for (const name of TRUST_CLASSES) {
      const { pullsMax, backOffMsMin } = BUDGETS[name];
      const allowances = allowancesOf(name);
      const served = Array.from({ length: 1_000 }, (_, now) => allowances.pull(now, BEN));
      const most = pullsMax * Math.ceil(1_000 / backOffMsMin);
      const count = (wanted: string) => served.filter(({ answer }) => answer === wanted).length;
      expect(count('served')).toBeLessThanOrEqual(most);
      // To be told so is bounded too.
      expect(count('wait')).toBeLessThanOrEqual(most);
      expect(count('silence')).toBeGreaterThan(900);
    }
  });

  it('is whole again for whoever waits, and nobody waits for another', () => {
    const allowances = allowancesOf('Isolated');
    for (let pull = 0; pull < 3; pull++) allowances.charge(0, BEN, 65_536);
    expect(allowances.pull(0, BEN)).toEqual({ answer: 'wait', waitMs: 1_500 });
    expect(allowances.mayRequest(0, BEN)).toBe(false);
    expect(allowances.pull(0, 'did:key:z6MkAnn' as Did)).toEqual({ answer: 'served' });
    expect(allowances.pull(15_000, BEN)).toEqual({ answer: 'served' });
    expect(allowances.left(15_000, BEN)).toBe(2 * 65_536);
  });

  it('never lets anybody wait longer than its class says, whatever it drew and when', () => {
    const draws = fc.array(fc.tuple(fc.nat(3_000), fc.nat(10_000_000)), { maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...TRUST_CLASSES), draws, (name, drawn) => {
        const allowances = allowancesOf(name);
        let now = 0;
        for (const [elapsedMs, bytes] of drawn) {
          now += elapsedMs;
          const pull = allowances.pull(now, BEN);
          if (pull.answer === 'wait') {
            expect(pull.waitMs).toBeLessThanOrEqual(BUDGETS[name].backOffMsMax);
          }
          if (pull.answer === 'served') allowances.charge(now, BEN, bytes);
          expect(allowances.left(now, BEN)).toBeLessThanOrEqual(2 * BUDGETS[name].pullBytesMax);
        }
      }),
    );
  });

  it('remembers a bounded number of peers, those who owe before those who do not', () => {
    const allowances = allowancesOf('Isolated');
    allowances.charge(0, BEN, 1_000_000);
    for (let index = 0; index < 20_000; index++) allowances.pull(0, `did:key:${index}` as Did);
    expect(allowances.left(0, BEN)).toBe(2 * 65_536 - 1_000_000);
  });
});
