/** Rates: how many messages a peer may say, whatever its class does meanwhile. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import { BUDGETS, BUCKETS_MAX, TRUST_CLASSES, type TrustClass } from '#contracts/trust.ts';
import { createRates } from '#reference/trust/rates.ts';
import { attestation, didOf, edge, ME, START_MS, trusting } from '#test/support/attesting.ts';

const ANN = didOf('ann');
const SCORES: { readonly [Name in TrustClass]: number } = {
  Isolated: 0,
  Known: 0.2,
  Partner: 0.5,
  Federated: 0.9,
};

/** Messages of a peer that are heard at one time. */
const heardAt = (trust: ReturnType<typeof trusting>['trust'], now: number, peer: Did): number => {
  let heard = 0;
  while (trust.spend(now, peer)) heard += 1;
  return heard;
};

describe('a peer', () => {
  it.each(TRUST_CLASSES)('that is %s says its burst at once and then its rate', (name) => {
    const { messagesPerSecondMax, messagesBurstMax } = BUDGETS[name];
    const { trust } = trusting([edge(ME, ANN, SCORES[name])]);
    expect(heardAt(trust, 0, ANN)).toBe(messagesBurstMax);
    let heard = 0;
    for (let now = 1; now <= 10_000; now++) heard += heardAt(trust, now, ANN);
    expect(heard).toBe(10 * messagesPerSecondMax);
    // However long it was silent, it has its burst and no more.
    expect(heardAt(trust, 1e9, ANN)).toBe(messagesBurstMax);
  });

  it('has the tokens that it left, however often it hangs up: they are kept by its name', () => {
    const { trust } = trusting([edge(ME, ANN, SCORES.Known)]);
    expect(heardAt(trust, 0, ANN)).toBe(BUDGETS.Known.messagesBurstMax);
    expect(heardAt(trust, 0, ANN)).toBe(0);
    expect(heardAt(trust, 0, didOf('ben'))).toBe(BUDGETS.Isolated.messagesBurstMax);
    expect(heardAt(trust, 0, ANN)).toBe(0);
  });

  it('is forgotten for others alone, the one that was silent longest first', () => {
    const rates = createRates();
    while (rates.spend(0, ANN, BUDGETS.Isolated));
    for (let index = 1; index < BUCKETS_MAX; index++) {
      rates.spend(0, didOf(`p${index}`), BUDGETS.Isolated);
    }
    expect(rates.spend(0, ANN, BUDGETS.Isolated)).toBe(false);
    for (let index = 0; index < BUCKETS_MAX; index++) {
      rates.spend(0, didOf(`q${index}`), BUDGETS.Isolated);
    }
    expect(rates.spend(0, ANN, BUDGETS.Isolated)).toBe(true);
  });
});

describe('a class that flaps', () => {
  it('brings nothing: an attestation a message, up and down, and the bucket stays empty', () => {
    const { trust, clock } = trusting();
    let sequence = 0;
    const become = (name: TrustClass): void => {
      sequence += 1;
      const score = SCORES[name];
      trust.attested(attestation({ author: ME, subject: ANN, score, sequence }));
    };
    become('Federated');
    expect(heardAt(trust, 0, ANN)).toBe(BUDGETS.Federated.messagesBurstMax);
    let heard = 0;
    for (let time = 0; time < 1_000; time++) {
      become(TRUST_CLASSES[time % TRUST_CLASSES.length]!);
      heard += heardAt(trust, 0, ANN);
    }
    expect([heard, clock.now]).toEqual([0, START_MS]);
  });

  it('never lets more through than the best of its classes would all the time', () => {
    const step = fc.record({
      passedMs: fc.constantFrom(0, 10, 100, 200, 250),
      name: fc.constantFrom(...TRUST_CLASSES),
      messages: fc.constantFrom(1, 5, 60),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const ranks = steps.map(({ name }) => TRUST_CLASSES.indexOf(name));
        const best = BUDGETS[TRUST_CLASSES[Math.max(...ranks)]!];
        const [flapping, steady] = [createRates(), createRates()];
        let now = 0;
        let [heard, allowed] = [0, 0];
        for (const { passedMs, name, messages } of steps) {
          now += passedMs;
          for (let message = 0; message < messages; message++) {
            if (flapping.spend(now, ANN, BUDGETS[name])) heard += 1;
            if (steady.spend(now, ANN, best)) allowed += 1;
          }
          expect(heard).toBeLessThanOrEqual(allowed);
        }
      }),
    );
  });

  it('falls with what it has left in proportion', () => {
    const rates = createRates();
    for (let message = 0; message < 25; message++) rates.spend(0, ANN, BUDGETS.Federated);
    // Half of the burst was left: half of the smaller one is.
    expect(rates.spend(0, ANN, BUDGETS.Known)).toBe(true);
    for (let message = 0; message < 4; message++) rates.spend(0, ANN, BUDGETS.Known);
    expect(rates.spend(0, ANN, BUDGETS.Known)).toBe(false);
  });
});

describe('access', () => {
  const access = {
    'garden:plans': { access: 'Public' },
    'board:minutes': { access: 'Private', allowed: [ANN] },
    'mail:partners': { access: 'TrustGated', minTrust: 'Partner' },
    'x:odd': { access: 'Whatever' } as never,
  } as const;
  const topics = [...Object.keys(access), 'no:such'];

  it.each<[string, number, boolean[]]>([
    ['ann', 0, [true, true, false, false, false]],
    ['ann', 0.5, [true, true, true, false, false]],
    ['ben', 0.39, [true, false, false, false, false]],
    ['ben', 0.4, [true, false, true, false, false]],
  ])('of %s with a score of %s: public, private, gated, odd, unknown', (name, score, expected) => {
    const { trust } = trusting([edge(ME, didOf(name), score)], access);
    expect(topics.map((topic) => trust.mayRead(topic, didOf(name)))).toEqual(expected);
    expect(topics.map((topic) => trust.mayPublish(topic, didOf(name)))).toEqual(expected);
  });

  it('ends when an attestation expires, and not with bad conduct', () => {
    const { trust, clock } = trusting([], access);
    const expiresAt = START_MS + 5;
    trust.attested(attestation({ author: ME, subject: ANN, score: 0.5, expiresAt }));
    for (let time = 0; time < 20; time++) trust.noted(0, ANN, 'forged');
    expect(trust.mayRead('mail:partners', ANN)).toBe(true);
    clock.now = expiresAt;
    expect(trust.mayRead('mail:partners', ANN)).toBe(false);
    expect(trust.mayPublish('mail:partners', ANN)).toBe(false);
  });
});
