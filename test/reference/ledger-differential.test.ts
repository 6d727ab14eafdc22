/**
 * The reference and the plain fold cannot be told apart.
 *
 * Both ledgers are given the same random history, record by record, and asked everything that can be
 * asked. The plain one folds the whole past each time and remembers nothing, so where they differ, the
 * reference remembered something wrong. fast-check prints the seed and the shortest history it found.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DISPUTE_STATES,
  type CreateLedger,
  type DisputeState,
  type Ledger,
  type LedgerChange,
} from '#contracts/ledger.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createReference } from '#reference/ledger/ledger.ts';
import { create as createPlain } from '#solutions/lab-05-mini-ledger/ledger.ts';
import {
  DIDS,
  HOURS,
  build,
  deliver,
  deliveryOf,
  genesis,
  movesOf,
  observe,
  type Move,
} from '#test/support/histories.ts';
import { everyDay } from '#test/support/depth.ts';

const LENGTH = 40;

/** A change without reasons (they are for people) and without the freedom of order among the released. */
const essence = ({ verdicts, displaced, balances }: LedgerChange) => {
  const decided = verdicts.map(({ id, verdict }) => `${id} ${verdict.status}`);
  return {
    first: decided[0],
    released: decided.slice(1).sort(),
    displaced,
    balances: balances.map((each) => `${each.topic} ${each.account} ${each.balance}`).sort(),
  };
};

const after = (create: CreateLedger, records: readonly SignedRecord[]): Ledger => {
  const ledger = create({ genesis });
  for (const record of records) ledger.add(record);
  return ledger;
};

/** Feeds both, comparing what each says before and after every record. */
const feedBoth = (records: readonly SignedRecord[], reference: Ledger, plain: Ledger): void => {
  for (const record of records) {
    expect(reference.judge(record).status).toBe(plain.judge(record).status);
    expect(essence(reference.add(record))).toEqual(essence(plain.add(record)));
  }
};

const linksOf = ({ previous, parents }: SignedRecord) => [previous, ...parents];

const uncited = ({ id }: SignedRecord, records: readonly SignedRecord[]): boolean =>
  !records.some((record) => linksOf(record).includes(id));

/** Third and later children of a fork on whose whole offspring nothing else rests, with that offspring. */
const surplusOf = (ledger: Ledger, records: readonly SignedRecord[]): RecordId[][] =>
  ledger
    .conflicts(HOURS)
    .flatMap(({ children }) => children.slice(2))
    .map((child) => {
      const family = new Set<RecordId | null>([child]);
      for (const id of family) {
        for (const each of records) if (each.previous === id) family.add(each.id);
      }
      const citers = records.filter((record) => linksOf(record).some((id) => family.has(id)));
      const apart = citers.every(({ id }) => family.has(id) && ledger.standing(id) === 'fork');
      return apart ? ([...family] as RecordId[]) : [];
    })
    .filter((family) => family.length > 0);

describe('the reference ledger and the plain fold', () => {
  test('answer alike after every record of any delivery of any history', () => {
    const states = new Map<DisputeState, number>();
    const alike = fc.property(movesOf(LENGTH), deliveryOf(LENGTH, true), (moves, delivery) => {
      const records = build(moves);
      const [reference, plain] = [createReference({ genesis }), createPlain({ genesis })];
      feedBoth(deliver(records, delivery), reference, plain);
      expect(observe(reference, records)).toEqual(observe(plain, records));
      for (const { state } of reference.disputes(HOURS)) {
        states.set(state, (states.get(state) ?? 0) + 1);
      }
    });
    fc.assert(alike, { numRuns: everyDay(40, 200) });
    // A test that never saw a dispute of each kind would be silent about it. Few histories settle one;
    // none is ruled where nothing is certified (ledger-certificates.test.ts).
    const reachable = DISPUTE_STATES.filter((state) => state !== 'ruled');
    for (let lot = 0; lot < 100 && states.size < reachable.length; lot++) {
      fc.assert(alike, { numRuns: 20 });
    }
    expect([...states.keys()].sort()).toEqual([...reachable].sort());
  });

  test('answer alike where forks are many and deep, and surplus children are forgotten', () => {
    let forgotten = 0;
    const forking = (move: Move): Move => ({
      ...move,
      author: move.author % 2,
      back: move.back ?? (move.amount % 3 === 0 ? move.amount % 7 : undefined),
      // Blind records leave more children uncited: those are the ones that may be forgotten.
      cites: move.cites ?? (move.amount % 4 === 0 ? undefined : []),
    });
    const alike = fc.property(movesOf(LENGTH), deliveryOf(LENGTH, false), (moves, delivery) => {
      const records = build(moves.map(forking));
      const [reference, plain] = [createReference({ genesis }), createPlain({ genesis })];
      feedBoth(deliver(records, delivery), reference, plain);
      for (const family of surplusOf(reference, records)) {
        forgotten += family.length;
        for (const id of family) reference.forget(id);
        for (const id of family) plain.forget(id);
        expect(observe(reference, records)).toEqual(observe(plain, records));
      }
      // Stricter than the contract: any end may go, and whatever went may come again.
      for (const { id } of records.filter((record) => uncited(record, records))) {
        reference.forget(id);
        plain.forget(id);
      }
      expect(observe(reference, records)).toEqual(observe(plain, records));
      feedBoth([...records].reverse(), reference, plain);
      expect(observe(reference, records)).toEqual(observe(plain, records));
    });
    fc.assert(alike, { numRuns: everyDay(30, 100) });
    // A test that never reached the case would be silent about it. Few histories do.
    for (let lot = 0; lot < 50; lot++) {
      if (forgotten > 0) break;
      fc.assert(alike, { numRuns: 20 });
    }
    expect(forgotten).toBeGreaterThan(0);
  });

  test('answer alike over a long history of mostly honest authors', () => {
    const numbers = fc.tuple(fc.nat(DIDS.length - 1), fc.nat(DIDS.length - 1), fc.nat(1_000));
    const honest = ([author, provider, dice]: readonly [number, number, number]): Move => ({
      author,
      provider,
      amount: 1 + (dice % 40),
      topic: HOURS,
      back: dice === 7 ? provider : undefined,
      cites: undefined,
      spoil: undefined,
      about:
        dice % 9 === 0 ? { back: dice % 4, how: dice % 2 === 0 ? 'dispute' : 'refund' } : undefined,
    });
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 250, maxLength: 250 }), (moves) => {
        const records = build(moves.map(honest));
        const [reference, plain] = [after(createReference, records), after(createPlain, records)];
        expect(observe(reference, records)).toEqual(observe(plain, records));
      }),
      { numRuns: everyDay(1, 2), endOnFailure: true },
    );
  });
});

describe('any order, split and duplication of delivery', () => {
  test('gives the same verdicts, standing, balances, tips, conflicts, credit and history', () => {
    const deliveries = fc.tuple(deliveryOf(LENGTH, false), deliveryOf(LENGTH, false));
    fc.assert(
      fc.property(movesOf(LENGTH), deliveries, (moves, [one, other]) => {
        const records = build(moves);
        const inOrder = observe(after(createReference, records), records);
        expect(observe(after(createReference, deliver(records, one)), records)).toEqual(inOrder);
        expect(observe(after(createReference, deliver(records, other)), records)).toEqual(inOrder);
      }),
      { numRuns: everyDay(50, 200) },
    );
  });
});
