/**
 * Grants by certificate: who may sign for what, by the certificates in the past of what is signed.
 *
 * A verdict is a function of a record, its past, and the certificates up to the newest one named there.
 * So both readings of the ledger are given the same records and certificates, in different orders, and no
 * order, no repetition and no withheld name may make one give more credit than another.
 */
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Certified, Decision } from '#contracts/certificates.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createReference } from '#reference/ledger/ledger.ts';
import { create as createPlain } from '#solutions/lab-05-mini-ledger/ledger.ts';
import { everyDay } from '#test/support/depth.ts';
import {
  alice,
  bob,
  build,
  DIDS,
  dora,
  emil,
  genesis,
  HOURS,
  movesOf,
  observe,
  pay,
  sketch,
  type Move,
} from '#test/support/histories.ts';

vi.setConfig({ testTimeout: 60_000 });

const LENGTH = 24;
const CERTIFICATES = 5;

const idOf = (number: number): RecordId => `${number}`.padStart(64, 'c') as RecordId;
const certificate = (number: number, decision: Decision): Certified => ({
  id: idOf(number),
  number,
  decision,
});
const empty: Decision = { kind: 'checkpoint', heads: [], count: 0, entriesRoot: '', balancesRoot: '' }; // prettier-ignore
const grantOf = (account: Did, baseline: number, untilSequence = 1_000): Decision => ({
  kind: 'grant',
  grants: [{ account, currency: 'hours', baseline, cap: baseline * 2, untilSequence }],
});

/** Small numbers as a chain of certificates: grants to somebody, and now and then something else. */
const chainOf = (choices: readonly number[]): readonly Certified[] =>
  choices.map((choice, index) =>
    certificate(
      index + 1,
      choice % 4 === 0
        ? empty
        : grantOf(DIDS[choice % DIDS.length]!, choice % 700, 1 + (choice % 6)),
    ),
  );

/** A history in which one record of three names a certificate, and some an id that never becomes one. */
const naming = (moves: readonly Move[], names: readonly number[]): readonly SignedRecord[] =>
  build(
    moves.map((move, index) => {
      const choice = names[index % names.length]!;
      if (choice % 3 > 0) return move;
      return { ...move, certificate: choice % 10 === 9 ? ('f'.repeat(64) as RecordId) : idOf(1 + (choice % CERTIFICATES)) }; // prettier-ignore
    }),
  );

type Item = SignedRecord | Certified;
const feed = (ledger: Ledger, item: Item) =>
  'decision' in item ? ledger.learn(item) : ledger.add(item);

/** Any order of all, but for the certificates among themselves: a council gives them by number. */
const mixed = (
  records: readonly SignedRecord[],
  chain: readonly Certified[],
  weights: readonly number[],
): readonly Item[] => {
  const weighed = [...records, ...chain, ...records.slice(0, 5)]
    .map((item, index) => ({ item, weight: (weights[index % weights.length]! * 31 + index) % 97 }))
    .sort((left, right) => left.weight - right.weight);
  const numbered = [...chain];
  return weighed.map(({ item }) => ('decision' in item ? numbered.shift()! : item));
};

const two = (): readonly [Ledger, Ledger] => [
  createReference({ genesis }),
  createPlain({ genesis }),
];
const small = fc.nat(1_000);
const cases = [
  movesOf(LENGTH),
  fc.array(small, { minLength: CERTIFICATES, maxLength: CERTIFICATES }),
  fc.array(small, { minLength: 3, maxLength: 24 }),
] as const;
const weights = fc.array(small, { minLength: 3, maxLength: 60 });

const statusesOf = (ledger: Ledger, records: readonly SignedRecord[]) =>
  records.map(({ id }) => ledger.verdict(id)?.status);

describe('grants by certificate', () => {
  test('any order, and any repetition, gives one answer in both readings', () => {
    const seen = { pending: 0, bought: 0 };
    fc.assert(
      fc.property(...cases, weights, (moves, choices, names, order) => {
        const records = naming(moves, names);
        const chain = chainOf(choices);
        const [inOrder] = two();
        for (const item of [...chain, ...records]) feed(inOrder, item);
        const [reference, plain] = two();
        for (const item of mixed(records, chain, order)) {
          const [left, right] = [feed(reference, item), feed(plain, item)];
          const decided = ({ verdicts }: typeof left) =>
            verdicts.map(({ id, verdict }) => `${id} ${verdict.status}`).sort();
          expect(decided(left)).toEqual(decided(right));
          expect(left.displaced).toEqual(right.displaced);
        }
        expect(observe(reference, records)).toEqual(observe(plain, records));
        expect(observe(reference, records)).toEqual(observe(inOrder, records));
        for (const author of DIDS) {
          for (const record of records.filter(({ id }) => reference.standing(id) !== undefined)) {
            const asked = [HOURS, author, [record.id]] as const;
            expect(reference.certificateFor(...asked)).toBe(plain.certificateFor(...asked));
          }
        }
        // What was judged before a certificate came is judged the same after it.
        const [without] = two();
        for (const record of records) feed(without, record);
        const before = statusesOf(without, records);
        for (const each of chain) feed(without, each);
        for (const [index, status] of statusesOf(without, records).entries()) {
          if (before[index] !== 'pending') expect(status).toBe(before[index]);
          else if (status === 'accepted') seen.bought += 1;
          else if (status === 'pending') seen.pending += 1;
        }
      }),
      { numRuns: everyDay(25, 300) },
    );
    // A test in which nothing waited, or nothing was freed, would be silent about it.
    expect(Math.min(seen.pending, seen.bought)).toBeGreaterThan(0);
  });

  test('who hides a certificate never has more credit than who names it', () => {
    let needed = 0;
    const never = fc.property(...cases, small, (moves, choices, names, amount) => {
      const records = naming(moves, names);
      const [ledger] = two();
      for (const item of [...chainOf(choices), ...records]) feed(ledger, item);
      for (const author of DIDS) {
        const end = ledger.tips(HOURS).get(author)?.[0];
        const after = records.find(({ id }) => id === end);
        const verdictWith = (number: number) =>
          ledger.judge(
            pay(author, author === alice ? bob : alice, 1 + amount, {
              after,
              ...(number > 0 && { certificate: idOf(number) }),
            }),
          ).status;
        const verdicts = Array.from({ length: CERTIFICATES + 1 }, (_, each) => verdictWith(each));
        const first = verdicts.indexOf('accepted');
        if (first === -1) continue;
        expect(verdicts.slice(first)).toEqual(verdicts.slice(first).map(() => 'accepted'));
        if (first > 0) needed += 1;
      }
    });
    fc.assert(never, { numRuns: everyDay(20, 200) });
    // A test in which nobody ever needed a certificate would be silent about it.
    for (let lot = 0; lot < 50; lot++) {
      if (needed > 0) break;
      fc.assert(never, { numRuns: 20 });
    }
    expect(needed).toBeGreaterThan(0);
  });

  describe.each([['reference', createReference] as const, ['plain', createPlain] as const])(
    '%s',
    (_, create) => {
      const [one, two] = [certificate(1, grantOf(emil, 100, 2)), certificate(2, grantOf(dora, 1))];
      const learning = (...chain: readonly Certified[]): Ledger => {
        const ledger = create({ genesis });
        for (const each of chain) ledger.learn(each);
        return ledger;
      };

      test('a newcomer pays by what it names, and by what its past names', () => {
        const ledger = learning(one);
        expect(ledger.credit(HOURS, emil)).toEqual({ balance: 0n, limit: 100n });
        expect(ledger.certificateFor(HOURS, emil, [])).toBe(one.id);
        expect(ledger.judge(pay(emil, bob, 100)).status).toBe('over_limit');
        const first = pay(emil, bob, 60, { certificate: one.id });
        expect(ledger.add(first).verdicts[0]?.verdict.status).toBe('accepted');
        expect(ledger.certificateFor(HOURS, emil, [first.id])).toBeUndefined();
        const second = pay(emil, bob, 40, { after: first });
        expect(ledger.add(second).verdicts[0]?.verdict.status).toBe('accepted');
        // The lease is over after two records; a third is covered by nothing.
        const third = pay(emil, bob, 1, { after: second, certificate: one.id });
        expect(ledger.add(third).verdicts[0]?.verdict.status).toBe('over_limit');
        expect(ledger.balance(HOURS, bob)).toBe(100n);
      });

      test('what somebody else has seen counts for whoever rests on it', () => {
        const ledger = learning(one, two);
        const telling = pay(alice, bob, 1, { certificate: two.id });
        ledger.add(telling);
        expect(ledger.certificateFor(HOURS, emil, [telling.id])).toBeUndefined();
        expect(ledger.judge(pay(emil, bob, 5, { seeing: [telling] })).status).toBe('accepted');
        expect(ledger.judge(pay(emil, bob, 5)).status).toBe('over_limit');
      });

      test('an entry waits for its certificate, what rests on it waits too, and an invented one is waited for in vain', () => {
        const ledger = learning();
        const early = pay(emil, bob, 60, { certificate: two.id });
        const onEarly = pay(bob, alice, 1, { seeing: [early] });
        const vain = pay(alice, bob, 1, { certificate: 'f'.repeat(64) as RecordId });
        for (const each of [onEarly, vain, early]) ledger.add(each);
        const all = [early, onEarly, vain];
        expect(statusesOf(ledger, all)).toEqual(['pending', 'pending', 'pending']);
        expect(ledger.verdict(early.id)?.reason ?? '').toContain(create === createReference ? two.id : ''); // prettier-ignore
        expect(ledger.learn(one).verdicts).toEqual([]);
        const freed = ledger.learn(two);
        expect(freed.verdicts.map(({ id }) => id)).toEqual([early.id, onEarly.id]);
        expect(freed.balances).toHaveLength(3);
        expect(statusesOf(ledger, all)).toEqual(['accepted', 'accepted', 'pending']);
        expect(ledger.balance(HOURS, bob)).toBe(59n);
        expect(ledger.add(early).verdicts[0]?.verdict.status).toBe('duplicate');
        expect(ledger.tips(HOURS).has(alice)).toBe(false);
      });

      test('an id of a record is no certificate, though the record is held', () => {
        const ledger = learning(one);
        const held = pay(alice, bob, 1);
        ledger.add(held);
        const wrong = pay(emil, bob, 1, { certificate: held.id });
        expect(ledger.add(wrong).verdicts[0]?.verdict.status).toBe('pending');
        ledger.add(pay(alice, bob, 2, { after: held }));
        expect(ledger.verdict(wrong.id)?.status).toBe('pending');
      });

      test('a fault of its own is said at once, whatever it waits for', () => {
        const ledger = learning();
        const empty = sketch({ author: emil, lines: [], certificate: one.id });
        expect(ledger.judge(empty).status).toBe('empty');
      });
    },
  );

  test('certificates are learned by number', () => {
    const [ledger] = two();
    expect(() => ledger.learn(certificate(2, grantOf(emil, 1)))).toThrow(/certificate 2 after 0/);
  });
});
