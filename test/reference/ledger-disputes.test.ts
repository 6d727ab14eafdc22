/**
 * Disputes by hand: who may file one, what settles it, and that nothing but the set decides. That reference
 * and plain fold agree on random ones is in ledger-differential.test.ts.
 */
import { describe, expect, it } from 'vitest';
import type { CreateLedger, Ledger } from '#contracts/ledger.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createReference } from '#reference/ledger/ledger.ts';
import { create as createPlain } from '#solutions/lab-05-mini-ledger/ledger.ts';
import {
  alice,
  bob,
  charlie,
  dispute,
  dora,
  genesis,
  HOURS,
  lines,
  pay,
  sketch,
} from '#test/support/histories.ts';

const readings: readonly (readonly [string, CreateLedger])[] = [
  ['reference', createReference],
  ['plain', createPlain],
];

describe.each(readings)('a dispute (%s)', (_name, create) => {
  const ledgerOf = (...records: readonly SignedRecord[]): Ledger => {
    const ledger = create({ genesis });
    for (const record of records) ledger.add(record);
    return ledger;
  };
  const stateOf = (ledger: Ledger): string[] =>
    ledger.disputes(HOURS).map(({ state, due, returned }) => `${state} ${due} ${returned}`);

  const entry = pay(alice, bob, 500);
  const filed = dispute(alice, entry, { after: entry });

  it('by either party moves nothing, and takes its number', () => {
    const byBob = dispute(bob, entry, { seeing: [entry] });
    const ledger = ledgerOf(entry, filed, byBob);
    for (const { id } of [filed, byBob]) {
      expect(ledger.verdict(id)?.status).toBe('accepted');
      expect(ledger.standing(id)).toBe('stands');
    }
    expect(ledger.balance(HOURS, alice)).toBe(-500n);
    expect(ledger.tips(HOURS).get(alice)).toEqual([filed.id]);
    // Bob lost nothing by it: whatever Alice gives him settles it.
    expect(stateOf(ledger).sort()).toEqual(['open 1 0', 'open 500 0']);
    const next = pay(alice, bob, 5, { after: filed });
    expect(ledger.add(next).verdicts[0]?.verdict.status).toBe('accepted');
  });

  const strangers: readonly (readonly [string, SignedRecord, readonly SignedRecord[]])[] = [
    ['by a stranger', dispute(charlie, entry, { seeing: [entry] }), [entry]],
    ['about what is not in its past', dispute(bob, entry), [entry]],
    [
      'about a record of another topic',
      dispute(alice, entry, { topic: 'ledger:euros', seeing: [entry] }),
      [entry],
    ],
    ['about a dispute', dispute(alice, filed, { after: filed }), [entry, filed]],
    ['about what nobody ever saw', dispute(alice, { id: 'e'.repeat(64) as never }), []],
  ];
  it.each(strangers)('%s is void, and kept', (_what, record, before) => {
    const ledger = ledgerOf(...before, record);
    expect(ledger.verdict(record.id)?.status).toBe('unauthorised');
    expect(ledger.disputes(HOURS).map(({ id }) => id)).not.toContain(record.id);
    expect(ledger.tips(record.topic).get(record.author)).toEqual([record.id]);
  });

  it('about a void entry, and about one that a fork had taken away by then, is void', () => {
    const tooMuch = pay(alice, bob, 1_000_000);
    const about = dispute(alice, tooMuch, { after: tooMuch });
    expect(ledgerOf(tooMuch, about).verdict(about.id)?.status).toBe('unauthorised');
    const [winner, loser] = ['1', '2'].map((digit) =>
      pay(alice, bob, 7, { after: entry, id: digit.repeat(64) }),
    );
    const late = dispute(bob, loser!, { seeing: [winner!, loser!] });
    expect(ledgerOf(entry, winner!, loser!, late).verdict(late.id)?.status).toBe('unauthorised');
  });

  it('waits for what it names as its past', () => {
    const ledger = ledgerOf(filed);
    expect(ledger.verdict(filed.id)?.status).toBe('pending');
    ledger.add(entry);
    expect(stateOf(ledger)).toEqual(['open 500 0']);
  });

  const refund = (author: typeof bob, to: typeof bob, amount: number, links = {}): SignedRecord =>
    sketch({ ...links, author, lines: lines(author, to, amount), refunds: entry.id });

  it('is settled when the other party gave back all of it, in any order and in parts', () => {
    const parts = [refund(bob, alice, 200, { seeing: [entry] })];
    parts.push(refund(bob, alice, 300, { after: parts[0] }));
    expect(stateOf(ledgerOf(entry, filed, parts[0]!))).toEqual(['open 500 200']);
    const records = [entry, filed, ...parts];
    const orders = [records, records.toReversed(), [parts[1]!, filed, parts[0]!, entry]];
    for (const order of orders) {
      const ledger = ledgerOf(...order);
      expect(ledger.disputes(HOURS)).toMatchObject([
        {
          entry: entry.id,
          filer: alice,
          state: 'settled',
          refunds: parts.map(({ id }) => id).sort(),
        },
      ]);
      expect(ledger.balance(HOURS, alice)).toBe(0n);
    }
  });

  it('is not settled by others, by oneself, by the void, or by what does not say so', () => {
    const nothing = [
      refund(charlie, alice, 500, { seeing: [entry] }),
      refund(alice, bob, 500, { after: filed }),
      refund(bob, charlie, 500, { seeing: [entry] }),
      refund(bob, alice, 5_000_000, { seeing: [entry] }),
      pay(bob, alice, 500, { seeing: [entry] }),
    ];
    for (const each of nothing) {
      expect(stateOf(ledgerOf(entry, filed, each))).toEqual(['open 500 0']);
    }
  });

  it('is open again when a fork takes the refund away, and moot when it takes the entry', () => {
    const gives = refund(bob, alice, 500, { seeing: [entry], id: '2'.repeat(64) });
    const ledger = ledgerOf(entry, filed, gives);
    expect(stateOf(ledger)).toEqual(['settled 500 500']);
    ledger.add(pay(bob, dora, 1, { id: '1'.repeat(64) }));
    expect(stateOf(ledger)).toEqual(['open 500 0']);

    // Bob files it, so that the fork of Alice takes the entry and leaves the dispute.
    const byBob = dispute(bob, entry, { seeing: [entry] });
    const other = ledgerOf(entry, byBob);
    expect(stateOf(other)).toEqual(['open 1 0']);
    other.add(pay(alice, dora, 1, { id: '0'.repeat(64) }));
    expect(stateOf(other)).toEqual(['moot 1 0']);
  });

  it('and a refund are gone when they are forgotten', () => {
    const gives = refund(bob, alice, 500, { seeing: [entry] });
    const ledger = ledgerOf(entry, filed, gives);
    ledger.forget(gives.id);
    expect(stateOf(ledger)).toEqual(['open 500 0']);
    ledger.forget(filed.id);
    expect(stateOf(ledger)).toEqual([]);
  });
});
