/**
 * The laws of the ledger, each for the reference and for the plain fold.
 *
 * Records are written by hand, so that a law reads as a story: who paid whom, having seen what.
 */
import { describe, expect, test } from 'vitest';
import type { Genesis, Grant } from '#contracts/genesis.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import {
  AMOUNT_MAX,
  PENDING_MAX,
  type Ledger,
  type LedgerChange,
  type LedgerStatus,
} from '#contracts/ledger.ts';
import { ledgerTopic } from '#contracts/identifiers.ts';
import type { Message } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create as createFrames } from '#reference/frames/frames.ts';
import { create as createReference } from '#reference/ledger/ledger.ts';
import {
  currencyOf,
  deserializeSyncMessage,
  serializeSyncMessage,
  type SyncMessage,
} from '#reference/ledger/sync.ts';
import { create as createPlain } from '#solutions/lab-05-mini-ledger/ledger.ts';
import {
  EUROS,
  HOURS,
  alice,
  bob,
  charlie,
  dora,
  genesis,
  lines,
  pay,
  sketch,
} from '#test/support/histories.ts';

const addAll = (ledger: Ledger, ...records: readonly SignedRecord[]): LedgerChange[] =>
  records.map((record) => ledger.add(record));

const statuses = (ledger: Ledger, ...records: readonly SignedRecord[]) =>
  records.map(({ id }) => ledger.verdict(id)?.status);

const standings = (ledger: Ledger, ...records: readonly SignedRecord[]) =>
  records.map(({ id }) => ledger.standing(id));

/** An id that sorts by its first letters: what a forger would grind for. */
const idOf = (start: string) => start.padEnd(64, '0');

const granting = (...grants: readonly Partial<Grant>[]): Genesis => ({
  ...genesis,
  grants: grants.map((grant) => ({
    account: alice,
    currency: 'hours',
    baseline: 0,
    cap: 1_000_000,
    untilSequence: 1_000,
    ...grant,
  })),
});

describe.each([
  ['reference', createReference],
  ['plain fold', createPlain],
])('%s', (_name, create) => {
  describe('double entry', () => {
    test('Alice provides 10 h to Bob, Bob 5 h to Charlie, Charlie 3 h to Alice: +7, -5, -2', () => {
      const ledger = create({ genesis });
      const first = pay(bob, alice, 10);
      const second = pay(charlie, bob, 5, { seeing: [first] });
      const third = pay(alice, charlie, 3, { seeing: [second] });
      addAll(ledger, first, second, third);
      expect([...ledger.balances(HOURS)]).toEqual([
        [alice, 7n],
        [bob, -5n],
        [charlie, -2n],
      ]);
    });

    test('a change names the balances it moved, with their new values', () => {
      const ledger = create({ genesis });
      const first = pay(bob, alice, 10);
      addAll(ledger, first);
      const change = ledger.add(pay(bob, charlie, 5, { after: first }));
      expect(change.displaced).toEqual([]);
      expect(change.balances).toHaveLength(2);
      expect(change.balances).toContainEqual({ topic: HOURS, account: bob, balance: -15n });
      expect(change.balances).toContainEqual({ topic: HOURS, account: charlie, balance: 5n });
    });

    test('an account that provided and received alike was named, not moved', () => {
      const ledger = create({ genesis });
      const change = ledger.add(sketch({ author: bob, lines: lines(bob, bob, 10) }));
      expect(change.balances).toEqual([]);
      expect([...ledger.balances(HOURS)]).toEqual([[bob, 0n]]);
    });

    test('each currency has a book of its own', () => {
      const ledger = create({ genesis });
      addAll(ledger, pay(bob, alice, 10), pay(alice, bob, 4, { topic: EUROS }));
      expect(ledger.balance(HOURS, alice)).toBe(10n);
      expect(ledger.balance(EUROS, alice)).toBe(-4n);
      expect(ledger.balance('ledger:none', alice)).toBe(0n);
    });

    test('a balance may exceed the range of one amount', () => {
      const huge = Number.MAX_SAFE_INTEGER;
      const ledger = create({ genesis: granting({ account: bob, baseline: huge, cap: huge }) });
      const first = pay(bob, alice, huge);
      const second = pay(alice, charlie, AMOUNT_MAX);
      addAll(ledger, first, second);
      expect(statuses(ledger, first, second)).toEqual(['accepted', 'over_limit']);
      expect(ledger.balance(HOURS, alice)).toBe(BigInt(huge));
    });
  });

  describe('one status, the first that applies', () => {
    const start = pay(bob, alice, 10);
    const stranger = pay(charlie, alice, 1);
    const absent = pay(dora, alice, 1);
    const two = lines(bob, alice, 5);
    const zero = { account: alice, debit: '0' };
    const over = { account: alice, debit: String(AMOUNT_MAX + 1n) };
    const theft = lines(alice, bob, 5);
    const farOff = { seeing: [absent], sequence: 9, timestamp: 1 };
    const rows: readonly [LedgerStatus, string, SignedRecord][] = [
      ['duplicate', 'whatever else', start],
      ['empty', 'and zero', sketch({ author: bob, after: start, lines: [zero] })],
      ['empty', 'and pending', sketch({ author: bob, lines: [], ...farOff })],
      [
        'amount_not_positive',
        'and overflow',
        sketch({ author: bob, after: start, lines: [over, zero] }),
      ],
      [
        'amount_not_positive',
        'below zero',
        sketch({ author: bob, after: start, lines: lines(bob, alice, -5) }),
      ],
      ['overflow', 'and unbalanced', sketch({ author: bob, after: start, lines: [over, two[1]!] })],
      [
        'unbalanced',
        'and unauthorised',
        sketch({ author: bob, after: start, lines: [theft[1]!, two[1]!] }),
      ],
      ['unauthorised', 'and pending', sketch({ author: bob, lines: theft, ...farOff })],
      ['pending', 'and a wrong link', sketch({ author: bob, lines: two, ...farOff })],
      ['pending', 'for previous', pay(dora, alice, 1, { after: absent })],
      [
        'sequence_conflict',
        'a hole, and before its previous',
        pay(bob, alice, 5, { after: start, sequence: 3, timestamp: 1 }),
      ],
      ['sequence_conflict', 'another author', pay(bob, alice, 5, { after: stranger })],
      ['sequence_conflict', 'another topic', pay(bob, alice, 5, { after: start, topic: EUROS })],
      ['sequence_conflict', 'no previous', pay(bob, alice, 5, { sequence: 2 })],
      [
        'timestamp_conflict',
        'and over the limit',
        pay(bob, alice, 9_999, { after: start, timestamp: 999 }),
      ],
      ['over_limit', 'by one', pay(bob, alice, 991, { after: start })],
      ['accepted', 'to the last unit', pay(bob, alice, 990, { after: start, timestamp: 1_000 })],
    ];

    test.each(rows)('%s: %s', (status, _also, record) => {
      const ledger = create({ genesis });
      addAll(ledger, start, stranger);
      expect(ledger.judge(record).status).toBe(status);
      expect(ledger.add(record).verdicts.map((each) => each.verdict.status)).toEqual([status]);
    });

    test('a refused record occupies its number and counts nothing', () => {
      const ledger = create({ genesis });
      const refused = pay(bob, alice, 5_000);
      const next = pay(bob, alice, 5, { after: refused });
      addAll(ledger, refused, next);
      expect(statuses(ledger, refused, next)).toEqual(['over_limit', 'accepted']);
      expect(standings(ledger, refused, next)).toEqual(['stands', 'stands']);
      expect(ledger.balance(HOURS, bob)).toBe(-5n);
      expect(ledger.history(HOURS, bob)).toEqual([refused.id, next.id]);
    });

    test('what follows an unlinked record is unlinked, and neither is a tip', () => {
      const ledger = create({ genesis });
      const loose = pay(bob, alice, 5, { sequence: 2 });
      const next = pay(bob, alice, 5, { after: loose });
      addAll(ledger, loose, next);
      expect(statuses(ledger, loose, next)).toEqual(['sequence_conflict', 'sequence_conflict']);
      expect(standings(ledger, loose, next)).toEqual(['unlinked', 'unlinked']);
      expect(ledger.tips(HOURS).size).toBe(0);
    });
  });

  describe('delivery', () => {
    const first = pay(bob, alice, 10);
    const second = pay(bob, alice, 10, { after: first });
    const third = pay(charlie, bob, 5, { seeing: [second] });

    test('a record given twice, held or waiting, changes nothing', () => {
      const ledger = create({ genesis });
      addAll(ledger, first, third);
      for (const again of addAll(ledger, first, third)) {
        expect(again.verdicts.map(({ verdict }) => verdict.status)).toEqual(['duplicate']);
        expect([again.displaced, again.balances]).toEqual([[], []]);
      }
      expect(ledger.balance(HOURS, alice)).toBe(10n);
      expect(ledger.verdict(third.id)?.status).toBe('pending');
    });

    test('a pending record counts in nothing, and is decided when its ancestors come', () => {
      const ledger = create({ genesis });
      addAll(ledger, third, second);
      expect(statuses(ledger, third, second)).toEqual(['pending', 'pending']);
      expect(standings(ledger, third, second)).toEqual([undefined, undefined]);
      expect(ledger.balances(HOURS).size).toBe(0);
      expect(ledger.history(HOURS, bob)).toEqual([]);
      const change = ledger.add(first);
      expect(change.verdicts.map(({ id }) => id)).toEqual([first.id, second.id, third.id]);
      expect(statuses(ledger, first, second, third)).toEqual(Array(3).fill('accepted'));
      expect(ledger.balance(HOURS, bob)).toBe(-15n);
    });

    test('judging a record adds nothing', () => {
      const ledger = create({ genesis });
      expect(ledger.judge(first).status).toBe('accepted');
      expect(ledger.verdict(first.id)).toBeUndefined();
      expect(ledger.tips(HOURS).size + ledger.balances(HOURS).size).toBe(0);
    });

    test('history is told by time, then by id, whatever came first', () => {
      const ledger = create({ genesis });
      const early = pay(charlie, bob, 1, { timestamp: 5 });
      const alike = pay(dora, bob, 1, { timestamp: 1_000, id: idOf('0') });
      addAll(ledger, first, second, alike, early);
      expect(ledger.history(HOURS, bob)).toEqual([early.id, alike.id, first.id, second.id]);
    });
  });

  describe('a fork', () => {
    const first = pay(bob, alice, 10, { id: idOf('11') });
    const small = pay(bob, charlie, 20, { after: first, id: idOf('22') });
    const large = pay(bob, dora, 30, { after: first, id: idOf('33') });
    const beyond = pay(bob, dora, 40, { after: large, id: idOf('44') });
    const beyondSmall = pay(bob, alice, 50, { after: small, id: idOf('55') });

    test('the smaller child stands, and the author stops there', () => {
      const ledger = create({ genesis });
      addAll(ledger, first, small, beyondSmall);
      const change = ledger.add(large);
      expect(standings(ledger, first, small, large)).toEqual(['stands', 'stands', 'fork']);
      expect(change.displaced).toEqual([beyondSmall.id]);
      expect(ledger.balance(HOURS, bob)).toBe(-30n);
      const frozen = pay(bob, alice, 1, { after: beyondSmall });
      expect(ledger.add(frozen).balances).toEqual([]);
      expect(standings(ledger, frozen, beyondSmall)).toEqual(['fork', 'fork']);
      expect(statuses(ledger, frozen)).toEqual(['accepted']);
    });

    test('a smaller child that comes later displaces what stood', () => {
      const ledger = create({ genesis });
      addAll(ledger, first, large, beyond);
      expect(ledger.balance(HOURS, dora)).toBe(70n);
      const change = ledger.add(small);
      expect(change.displaced).toEqual([large.id, beyond.id]);
      expect(standings(ledger, small, large, beyond)).toEqual(['stands', 'fork', 'fork']);
      expect([...ledger.balances(HOURS)]).toEqual([
        [alice, 10n],
        [bob, -30n],
        [charlie, 20n],
      ]);
      expect(change.balances).toContainEqual({ topic: HOURS, account: dora, balance: 0n });
    });

    test('two first records are a fork', () => {
      const ledger = create({ genesis });
      const other = pay(bob, alice, 3, { id: idOf('00') });
      addAll(ledger, first, other);
      expect(standings(ledger, first, other)).toEqual(['fork', 'stands']);
      expect(ledger.conflicts(HOURS)).toEqual([
        { topic: HOURS, author: bob, previous: null, children: [other.id, first.id] },
      ]);
    });

    test('tips and conflicts name every branch', () => {
      const ledger = create({ genesis });
      addAll(ledger, first, large, small, beyond, pay(bob, alice, 1, { id: idOf('66') }));
      expect(ledger.tips(HOURS)).toEqual(new Map([[bob, [small.id, beyond.id, idOf('66')]]]));
      expect(ledger.conflicts(HOURS).map(({ previous, children }) => [previous, children])).toEqual(
        [
          [null, [first.id, idOf('66')]],
          [first.id, [small.id, large.id]],
        ],
      );
    });

    test('no cascade: the payee of a loser keeps its verdicts, and may stand below its limit', () => {
      const ledger = create({ genesis: granting({ account: bob, baseline: 1_000 }) });
      const spent = pay(dora, alice, 30, { seeing: [large] });
      addAll(ledger, first, large, spent);
      expect(statuses(ledger, spent)).toEqual(['accepted']);
      addAll(ledger, small);
      expect(statuses(ledger, spent)).toEqual(['accepted']);
      expect(standings(ledger, spent)).toEqual(['stands']);
      expect(ledger.balance(HOURS, dora)).toBe(-30n);
      expect(ledger.credit(HOURS, dora)).toEqual({ balance: -30n, limit: 0n });
      // Its next record that spends is refused; one that does not is no concern of credit.
      expect(ledger.judge(pay(dora, alice, 1, { after: spent, seeing: [small] })).status).toBe(
        'over_limit',
      );
    });

    test('all balances sum to zero, before and after', () => {
      const ledger = create({ genesis });
      for (const record of [first, large, beyond, small, beyondSmall]) {
        ledger.add(record);
        const total = [...ledger.balances(HOURS).values()].reduce((sum, each) => sum + each, 0n);
        expect(total).toBe(0n);
      }
    });

    test('a surplus child is forgotten with its offspring, as if it had never come', () => {
      const third = pay(bob, dora, 1, { after: first, id: idOf('77') });
      const child = pay(bob, dora, 1, { after: third, id: idOf('88') });
      const [ledger, without] = [create({ genesis }), create({ genesis })];
      addAll(ledger, first, large, small, third, child);
      addAll(without, first, large, small);
      ledger.forget(third.id);
      expect([ledger.tips(HOURS), ledger.conflicts(HOURS)]).toEqual([
        without.tips(HOURS),
        without.conflicts(HOURS),
      ]);
      expect(standings(ledger, third, child)).toEqual([undefined, undefined]);
      expect(statuses(ledger, third, child)).toEqual([undefined, undefined]);
      expect(ledger.history(HOURS, dora)).toEqual([large.id]);
      expect(ledger.balances(HOURS)).toEqual(without.balances(HOURS));
      expect(ledger.add(third).verdicts[0]?.verdict.status).toBe('accepted');
    });
  });

  describe('credit', () => {
    test('it is judged in the past of the record, not by what else has arrived', () => {
      const [ledger, reversed] = [create({ genesis }), create({ genesis })];
      const gain = pay(bob, dora, 500);
      const blind = pay(dora, alice, 700);
      const seeing = pay(dora, alice, 700, { seeing: [gain] });
      addAll(ledger, gain, blind);
      addAll(reversed, blind, gain);
      expect(statuses(ledger, blind)).toEqual(['over_limit']);
      expect(statuses(reversed, blind)).toEqual(['over_limit']);
      expect(ledger.judge(seeing).status).toBe('accepted');
    });

    test('a gain that lost in that past is no gain, whatever stands now', () => {
      const ledger = create({ genesis });
      const lost = pay(bob, dora, 500, { id: idOf('22') });
      const stood = pay(bob, alice, 500, { id: idOf('11') });
      addAll(ledger, lost, stood);
      const unknowing = pay(dora, alice, 700, { seeing: [lost] });
      const knowing = pay(dora, alice, 700, { seeing: [lost, stood] });
      expect(ledger.judge(unknowing).status).toBe('accepted');
      expect(ledger.judge(knowing).status).toBe('over_limit');
    });

    test('two branches each spend the whole credit in good faith; one of them stands', () => {
      const ledger = create({ genesis });
      const [one, other] = [pay(bob, alice, 1_000), pay(bob, charlie, 1_000)];
      addAll(ledger, one, other);
      expect(statuses(ledger, one, other)).toEqual(['accepted', 'accepted']);
      expect(new Set(standings(ledger, one, other))).toEqual(new Set(['fork', 'stands']));
      expect(ledger.balance(HOURS, bob)).toBe(-1_000n);
    });

    test('hiding parents does not pay: it hides what was gained, never what was spent', () => {
      const ledger = create({ genesis });
      const gain = pay(bob, alice, 200);
      const spent = pay(alice, charlie, 900);
      addAll(ledger, gain, spent);
      const most = (amount: number, seeing: readonly SignedRecord[]) =>
        ledger.judge(pay(alice, charlie, amount, { after: spent, seeing })).status;
      expect([most(100, []), most(101, [])]).toEqual(['accepted', 'over_limit']);
      expect([most(310, [gain]), most(311, [gain])]).toEqual(['accepted', 'over_limit']);
    });

    test('one more unit of limit for every twenty provided, up to the cap', () => {
      const ledger = create({ genesis });
      const found = [399, 400, 10_000].map((amount) => {
        const fresh = create({
          genesis: granting({ baseline: 10, cap: 100 }, { account: bob, baseline: 20_000 }),
        });
        fresh.add(pay(bob, alice, amount));
        return fresh.credit(HOURS, alice);
      });
      expect(found).toEqual([
        { balance: 399n, limit: 29n },
        { balance: 400n, limit: 30n },
        { balance: 10_000n, limit: 100n },
      ]);
      expect(ledger.credit(HOURS, alice)).toEqual({ balance: 0n, limit: 1_000n });
    });

    test('a grant ends after its last sequence, and of several the best counts', () => {
      const ledger = create({
        genesis: granting({ baseline: 50, untilSequence: 2 }, { baseline: 20, untilSequence: 3 }),
      });
      const first = pay(alice, bob, 10);
      const second = pay(alice, bob, 40, { after: first });
      const third = pay(alice, bob, 1, { after: second });
      expect(ledger.credit(HOURS, alice)).toEqual({ balance: 0n, limit: 50n });
      addAll(ledger, first, second, third);
      expect(statuses(ledger, first, second, third)).toEqual([
        'accepted',
        'accepted',
        'over_limit',
      ]);
      expect(ledger.credit(HOURS, alice)).toEqual({ balance: -50n, limit: 0n });
    });

    test('whoever has no grant may spend what it was given and no more', () => {
      const ledger = create({ genesis: granting({ account: bob, baseline: 100 }) });
      const gain = pay(bob, alice, 60);
      addAll(ledger, gain);
      expect(ledger.judge(pay(alice, bob, 60, { seeing: [gain] })).status).toBe('accepted');
      expect(ledger.judge(pay(alice, bob, 61, { seeing: [gain] })).status).toBe('over_limit');
    });

    test('credit is what the next record finds that cites all that is held', () => {
      const ledger = create({ genesis });
      const gain = pay(bob, charlie, 200);
      const own = pay(charlie, alice, 100, { seeing: [gain] });
      addAll(ledger, gain, own);
      const { balance, limit } = ledger.credit(HOURS, charlie);
      expect([balance, limit]).toEqual([100n, 510n]);
      const spend = (amount: bigint) =>
        ledger.judge(pay(charlie, alice, amount, { after: own })).status;
      expect(spend(balance + limit)).toBe('accepted');
      expect(spend(balance + limit + 1n)).toBe('over_limit');
    });
  });
});

describe('bounds', () => {
  test('the waiting room holds PENDING_MAX records and gives up the oldest', () => {
    const ledger = createReference({ genesis });
    const absent = pay(bob, alice, 1);
    const waiting = Array.from({ length: PENDING_MAX + 1 }, (_, index) =>
      pay(charlie, alice, 1, { seeing: [absent], id: `${index}`.padStart(64, '0') }),
    );
    addAll(ledger, ...waiting);
    const oldest: RecordId = waiting[0]!.id;
    expect(ledger.verdict(oldest)).toBeUndefined();
    expect(ledger.verdict(waiting[1]!.id)?.status).toBe('pending');
    expect(ledger.add(absent).verdicts).toHaveLength(PENDING_MAX + 1);
  });
});

describe('the reasons', () => {
  const author: Did = bob;

  test('name the numbers behind a refusal', () => {
    const ledger = createReference({ genesis });
    expect(ledger.judge(pay(author, alice, 1_001)).reason).toBe(
      'balance would be -1001, limit 1000 after 0 provided',
    );
    expect(ledger.judge(pay(author, alice, 0)).reason).toBe('an amount of 0');
  });
});

describe('the words on the wire', () => {
  const frames = createFrames({ content: createContent() });
  const { id } = pay(bob, alice, 1);
  const entry: Json = { kind: 'icn/entry/1', memo: 'a claim' };
  const words: readonly SyncMessage[] = [
    { type: 'NewEntry', topic: HOURS, entry },
    { type: 'RequestEntry', topic: HOURS, id },
    { type: 'EntryResponse', topic: HOURS, entry },
    { type: 'EntryResponse', topic: HOURS, missing: id },
  ];

  test.each(words)('$type comes out as it went in, and is gossip', (word) => {
    const bytes = serializeSyncMessage(frames, word);
    expect(frames.decoder().push(bytes)).toHaveLength(1);
    expect(deserializeSyncMessage(frames, bytes)).toEqual({ ok: true, value: word });
  });

  test('what is no single word is refused', () => {
    const batch: Message = { type: 'announce', topic: HOURS, records: [entry, entry], ids: [] };
    const status = (bytes: Uint8Array) => {
      const outcome = deserializeSyncMessage(frames, bytes);
      return outcome.ok ? 'ok' : outcome.status;
    };
    const word = serializeSyncMessage(frames, words[0]!);
    expect(status(frames.encode(batch))).toBe('message_malformed');
    expect(status(frames.encode({ ...batch, records: [], ids: [id] }))).toBe('message_malformed');
    expect(status(frames.encode({ type: 'ping', nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }))).toBe(
      'message_malformed',
    );
    expect(status(word.subarray(0, -1))).toBe('frame_truncated');
    expect(status(new Uint8Array([...word, ...word]))).toBe('message_malformed');
    expect(status(new Uint8Array())).toBe('message_malformed');
  });

  test('a topic and its currency name each other', () => {
    expect(ledgerTopic('hours')).toBe(HOURS);
    expect(currencyOf(HOURS)).toBe('hours');
    expect(currencyOf('ledger:')).toBeUndefined();
    expect(currencyOf('trust:attestations')).toBeUndefined();
  });
});
