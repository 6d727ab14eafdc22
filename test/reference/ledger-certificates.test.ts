/**
 * What certificates do to the ledger: a settled tip decides forks, for ever; a ruling moves balances.
 *
 * The state is a function of the set of records and certificates. So the plain fold and the reference are
 * given the same ones in different orders, and asked everything.
 */
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Certified, Decision } from '#contracts/certificates.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createReference } from '#reference/ledger/ledger.ts';
import { create as createPlain } from '#solutions/lab-05-mini-ledger/ledger.ts';
import {
  alice,
  bob,
  build,
  charlie,
  DIDS,
  dispute,
  genesis,
  HOURS,
  lines,
  movesOf,
  observe,
  pay,
  type Move,
} from '#test/support/histories.ts';

vi.setConfig({ testTimeout: 60_000 });

const LENGTH = 20;

const certificate = (number: number, decision: Decision): Certified => ({
  id: `${number}`.padStart(64, 'c') as RecordId,
  number,
  decision,
});

/** Only its heads matter to a ledger: whoever hands it over has compared the roots. */
const checkpoint = (number: number, heads: readonly RecordId[]): Certified =>
  certificate(number, { kind: 'checkpoint', heads, count: 0, entriesRoot: '', balancesRoot: '' });

const ruling = (number: number, amount: number): Certified =>
  certificate(number, {
    kind: 'ruling',
    topic: HOURS,
    dispute: `${number}`.padStart(64, 'd') as RecordId,
    accounts: lines(alice, bob, amount),
    reason: 'so it is',
  });

const two = (): readonly Ledger[] => [createReference({ genesis }), createPlain({ genesis })];

/** Few authors with many forks. */
const forking = (move: Move): Move => ({
  ...move,
  author: move.author % 2,
  back: move.back ?? (move.amount % 3 === 0 ? move.amount % 7 : undefined),
});

/** Certificates that stewards who hold all records might sign: what a ledger takes as a cut, one by one. */
const certificatesOver = (
  records: readonly SignedRecord[],
  choices: readonly number[],
): readonly Certified[] => {
  const ledger = createReference({ genesis });
  for (const record of records) ledger.add(record);
  const certificates: Certified[] = [];
  for (const choice of choices) {
    const number = certificates.length + 1;
    const heads = [choice, choice * 7 + 3].map((at) => records[at % records.length]!.id);
    const fitting = [heads, heads.slice(0, 1), heads.slice(1)].find((each) => ledger.cut(each).ok);
    const next =
      choice % 5 === 0 || !fitting ? ruling(number, 1 + (choice % 9)) : checkpoint(number, fitting);
    certificates.push(next);
    ledger.certify(next);
  }
  return certificates;
};

const feed = (ledger: Ledger, item: SignedRecord | Certified) =>
  'decision' in item ? ledger.certify(item) : ledger.add(item);

const view = (ledger: Ledger, records: readonly SignedRecord[]) => ({
  ...observe(ledger, records),
  settled: records.map(({ id }) => ledger.isSettled(id)),
  cut: ledger.cut([]),
  cuts: records.map(({ id }) => {
    const cut = ledger.cut([id]);
    return cut.ok ? cut.value : cut.status;
  }),
});

const shuffled = <Item>(items: readonly Item[], weights: readonly number[]): Item[] =>
  items
    .map((item, index) => ({ item, weight: weights[index % weights.length]! * 31 + (index % 7) }))
    .sort((left, right) => left.weight - right.weight)
    .map(({ item }) => item);

describe('a ledger with certificates', () => {
  test('is the same function of the set in both readings, in any order of arrival', () => {
    let decided = 0;
    fc.assert(
      fc.property(
        movesOf(LENGTH),
        fc.array(fc.nat(1_000), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(1_000), { minLength: 3, maxLength: 60 }),
        (moves, choices, weights) => {
          const records = build(moves.map(forking));
          const certificates = certificatesOver(records, choices);
          const items = [...records, ...certificates];
          const [inOrder] = two();
          for (const item of items) feed(inOrder!, item);
          const [reference, plain] = two();
          for (const item of shuffled(items, weights)) {
            const [left, right] = [feed(reference!, item), feed(plain!, item)];
            expect(left.displaced).toEqual(right.displaced);
            expect([...left.balances].map((each) => `${each.topic} ${each.account} ${each.balance}`).sort()).toEqual([...right.balances].map((each) => `${each.topic} ${each.account} ${each.balance}`).sort()); // prettier-ignore
          }
          expect(view(reference!, records)).toEqual(view(plain!, records));
          expect(view(reference!, records)).toEqual(view(inOrder!, records));
          for (const { children } of inOrder!.conflicts(HOURS)) {
            if (children.slice(1).some((id) => inOrder!.isSettled(id))) decided += 1;
          }
        },
      ),
      { numRuns: 60 },
    );
    // A test that never saw a larger id win would be silent about it.
    expect(decided).toBeGreaterThan(0);
  });

  test('conserves: rulings and settled forks leave the sum at zero', () => {
    fc.assert(
      fc.property(movesOf(LENGTH), fc.array(fc.nat(1_000), { maxLength: 5 }), (moves, choices) => {
        const records = build(moves.map(forking));
        const ledger = createReference({ genesis });
        for (const record of records) ledger.add(record);
        for (const each of certificatesOver(records, choices)) ledger.certify(each);
        const sum = [...ledger.balances(HOURS).values()].reduce((total, each) => total + each, 0n);
        expect(sum).toBe(0n);
        const cut = ledger.cut([]);
        const settled = cut.ok ? cut.value.balances.filter(({ topic }) => topic === HOURS) : [];
        expect(settled.reduce((total, { balance }) => total + balance, 0n)).toBe(0n);
      }),
      { numRuns: 50 },
    );
  });

  const first = pay(alice, bob, 100);
  const small = pay(alice, bob, 10, { after: first, id: '1'.repeat(64) });
  const large = pay(alice, charlie, 20, { after: first, id: '2'.repeat(64) });
  const onLarge = pay(alice, charlie, 1, { after: large });
  const forked = [first, small, large, onLarge];

  test.each(two().map((ledger, index) => [['reference', 'plain'][index]!, ledger] as const))(
    'a fork freezes its author until stewards decide it: %s',
    (_, ledger) => {
      for (const record of forked) ledger.add(record);
      expect(forked.map(({ id }) => ledger.standing(id))).toEqual(['stands', 'stands', 'fork', 'fork']); // prettier-ignore
      const change = ledger.certify(checkpoint(1, [large.id]));
      expect(change.displaced).toEqual([small.id, large.id, onLarge.id].sort());
      expect(forked.map(({ id }) => ledger.standing(id))).toEqual(['stands', 'fork', 'stands', 'stands']); // prettier-ignore
      expect(forked.map(({ id }) => ledger.isSettled(id))).toEqual([true, false, true, false]);
      expect(ledger.balance(HOURS, alice)).toBe(-121n);
      // A child beside a settled record is evidence, and changes nothing.
      const late = pay(alice, bob, 5, { id: '0'.repeat(64) });
      expect(ledger.add(late).balances).toEqual([]);
      expect(ledger.standing(first.id)).toBe('stands');
      expect(ledger.conflicts(HOURS)).toHaveLength(2);
    },
  );

  test('a cut is refused that leaves what is settled, goes back, or names a chain twice', () => {
    const [ledger] = two() as [Ledger];
    for (const record of forked) ledger.add(record);
    ledger.certify(checkpoint(1, [large.id]));
    const statusOf = (...heads: SignedRecord[]) => {
      const cut = ledger.cut(heads.map(({ id }) => id));
      return cut.ok ? cut.value.ids.length : cut.status;
    };
    expect(statusOf(small)).toBe('head_not_ahead');
    expect(statusOf(large)).toBe('head_not_ahead');
    expect(statusOf(onLarge, onLarge)).toBe('head_twice');
    expect(statusOf(pay(bob, alice, 1))).toBe('head_unknown');
    expect(statusOf(onLarge)).toBe(3);
    expect(statusOf()).toBe(2);
  });

  test('a ruling ends a dispute, whichever of the two comes first', () => {
    const objection = dispute(bob, first, { seeing: [first] });
    const decision = certificate(1, {
      kind: 'ruling',
      topic: HOURS,
      dispute: objection.id,
      accounts: lines(bob, alice, 100),
      reason: 'never delivered',
    });
    for (const items of [
      [first, objection, decision],
      [decision, first, objection],
    ]) {
      const [ledger] = two() as [Ledger];
      for (const item of items) feed(ledger, item);
      expect(ledger.disputes(HOURS)).toMatchObject([{ id: objection.id, state: 'ruled' }]);
      expect(DIDS.map((did) => ledger.balance(HOURS, did))).toEqual([0n, 0n, 0n, 0n, 0n]);
    }
  });
});
