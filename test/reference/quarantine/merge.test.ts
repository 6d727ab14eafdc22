/**
 * Merge decisions: every entry in exactly one list, and however a delivery is split, the same state.
 *
 * Histories are random and printed by fast-check when they fail. Records here are shaped and not signed,
 * as the ledger's own tests have them.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GOSSIP_EVENTS } from '#contracts/effects.ts';
import type { Json, RecordId } from '#contracts/identifiers.ts';
import { LEDGER_STATUSES } from '#contracts/ledger.ts';
import type { MergeDecision } from '#contracts/merge.ts';
import { QUARANTINE_REASONS, REASON_OF, statusesOf } from '#contracts/quarantine.ts';
import { RECORD_STATUSES, type SignedRecord } from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create as createLedger } from '#reference/ledger/ledger.ts';
import { FATES } from '#reference/quarantine/door.ts';
import { create as createQuarantine } from '#reference/quarantine/quarantine.ts';
import {
  alice,
  bob,
  build,
  charlie,
  deliver,
  deliveryOf,
  emil,
  genesis,
  HOURS,
  movesOf,
  observe,
  pay,
  sketch,
  lines,
} from '#test/support/histories.ts';

const content = createContent();
const LENGTH = 30;
const NOW = 1_767_225_600_000;

/** A ledger with a quarantine on it, which finds records among those it will be given. */
const world = (records: readonly SignedRecord[]) => {
  const known = new Map(records.map((record) => [record.id, record]));
  const ledger = createLedger({ genesis });
  const quarantine = createQuarantine({
    ledger,
    content,
    // Nothing here has a signature.
    records: { open: (claim) => ({ ok: true, value: claim as unknown as SignedRecord }) },
    read: (id) => known.get(id),
  });
  return { ledger, quarantine };
};

/** Everything an operator can see of an inbox, but for times. */
const seen = (quarantine: ReturnType<typeof createQuarantine>): string[] =>
  quarantine
    .list(NOW)
    .map(({ key, id, reason, status }) => `${key} ${id} ${reason} ${status}`)
    .sort();

const idsIn = (decision: MergeDecision): RecordId[] => [
  ...decision.accepted,
  ...decision.discarded.map(({ id }) => id!),
  ...decision.quarantined.map(({ id }) => id),
  ...decision.pending,
];

describe('a decision', () => {
  it('has every entry in exactly one list, and says what the ledger says', () => {
    const seenLists = new Set<string>();
    fc.assert(
      fc.property(movesOf(LENGTH), deliveryOf(LENGTH, true), fc.nat(6), (moves, delivery, size) => {
        const records = build(moves);
        const { ledger, quarantine } = world(records);
        const coming = deliver(records, delivery);
        const waiting = new Set<RecordId>();
        for (let start = 0; start < coming.length; start += size + 1) {
          const batch = coming.slice(start, start + size + 1);
          const { decision } = quarantine.mergeBatch(NOW, batch);
          const ids = idsIn(decision);
          // Each entry given, and beside them those that had waited and were decided now.
          const released = [...ids];
          for (const { id } of batch) {
            expect(released).toContain(id);
            released.splice(released.indexOf(id), 1);
          }
          for (const id of released) expect(waiting.delete(id)).toBe(true);
          expect(decision.totalProcessed()).toBe(ids.length);
          for (const id of decision.pending) waiting.add(id);
          for (const id of decision.accepted) {
            expect(`${ledger.verdict(id)?.status} ${ledger.standing(id)}`).toBe('accepted stands');
          }
          for (const { id, reason, status } of decision.quarantined) {
            expect(statusesOf(reason)).toContain(status);
            const verdict = ledger.verdict(id)!.status;
            expect(verdict === 'accepted' ? 'fork' : verdict).toBe(status);
          }
          const issues = [decision.quarantined, decision.conflicts, decision.displaced];
          expect(decision.hasIssues()).toBe(issues.some(({ length }) => length > 0));
          for (const [list, { length }] of Object.entries(decision)) {
            if (length > 0) seenLists.add(list);
          }
        }
      }),
      { numRuns: 100 },
    );
    expect([...seenLists].sort()).toEqual(
      ['accepted', 'conflicts', 'discarded', 'displaced', 'pending', 'quarantined', 'tips'].sort(),
    );
  });

  it('of any order and split of one delivery differs, and the state and the inbox do not', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), {
      minLength: LENGTH,
      maxLength: LENGTH,
    });
    fc.assert(
      fc.property(movesOf(LENGTH), deliveryOf(LENGTH, false), sizes, (moves, delivery, cuts) => {
        const records = build(moves);
        const [one, other] = [world(records), world(records)];
        one.quarantine.mergeBatch(NOW, records);
        const rest = [...deliver(records, delivery)];
        for (const size of cuts) other.quarantine.mergeBatch(NOW, rest.splice(0, size));
        other.quarantine.mergeBatch(NOW, rest);
        expect(observe(other.ledger, records)).toEqual(observe(one.ledger, records));
        // What came and what was displaced by what came is here whichever was first.
        expect(seen(other.quarantine)).toEqual(seen(one.quarantine));
      }),
      { numRuns: 100 },
    );
  });

  it('shows a fork alike whatever the order: one pair, one winner, both kept (F10)', () => {
    const first = pay(alice, bob, 10);
    const children = [20, 30].map((amount) => pay(alice, bob, amount, { after: first }));
    const after = pay(bob, charlie, 5, { seeing: [first] });
    const [winner, loser] = children.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const given = [first, ...children, after];
    const orders = [0, 1, 2, 3].flatMap((a) =>
      [0, 1, 2, 3].flatMap((b) =>
        [0, 1, 2, 3].flatMap((c) => {
          const order = [a, b, c, 6 - a - b - c];
          return new Set(order).size === 4 ? [order.map((index) => given[index]!)] : [];
        }),
      ),
    );
    expect(orders).toHaveLength(24);
    const pair = {
      topic: HOURS,
      author: alice,
      previous: first.id,
      winner: winner!.id,
      loser: loser!.id,
      resolution: 'smaller_id',
    };
    const essence = ({ accepted, quarantined, conflicts, tips, displaced }: MergeDecision) => ({
      accepted: accepted.toSorted(),
      quarantined: quarantined.map(({ id, reason, key }) => `${id} ${reason} ${key}`),
      conflicts,
      tips: tips.toSorted((a, b) => (a.author < b.author ? -1 : 1)),
      displaced,
    });
    const wholes = orders.map((order) =>
      essence(world(given).quarantine.mergeBatch(NOW, order).decision),
    );
    expect(wholes[0]!.conflicts).toEqual([pair]);
    expect(wholes[0]!.accepted).toEqual([first, winner!, after].map(({ id }) => id).sort());
    for (const each of wholes) expect(each).toEqual(wholes[0]);
    // One by one the decisions differ; the pair is shown once, and the inbox ends the same.
    for (const order of orders) {
      const { quarantine } = world(given);
      const decisions = order.map((record) => quarantine.mergeBatch(NOW, [record]).decision);
      expect(decisions.flatMap(({ conflicts }) => conflicts)).toEqual([pair]);
      expect(quarantine.list(NOW).map(({ id, reason }) => [id, reason])).toEqual([
        [loser!.id, 'ForkConflict'],
      ]);
    }
  });

  it('names what a fork displaced, and that neither child stands below an earlier one', () => {
    const first = pay(alice, bob, 10, { id: 'f'.repeat(64) });
    const second = pay(alice, bob, 10, { after: first });
    const twins = ['2', '1'].map((digit) =>
      pay(alice, bob, 5, { after: second, id: digit.repeat(64) }),
    );
    const earlier = pay(alice, charlie, 7, { id: '0'.repeat(64) });
    const { quarantine, ledger } = world([first, second, ...twins, earlier]);
    quarantine.mergeBatch(NOW, [first, second]);
    const { decision } = quarantine.mergeBatch(NOW, [earlier]);
    expect(decision.accepted).toEqual([earlier.id]);
    expect(decision.displaced).toEqual([first.id, second.id].sort());
    expect(decision.hasIssues()).toBe(true);
    expect(ledger.balance(HOURS, bob)).toBe(0n);
    expect(quarantine.list(NOW).map(({ id, peer }) => [id, peer])).toEqual([
      [first.id, null],
      [second.id, null],
    ]);
    const late = quarantine.mergeBatch(NOW, twins).decision;
    expect(late.accepted).toEqual([]);
    expect(late.conflicts).toMatchObject([
      { winner: twins[1]!.id, loser: twins[0]!.id, resolution: 'below_fork' },
    ]);
  });

  it('says which rule was broken, with its numbers', () => {
    const first = pay(alice, bob, 100);
    const refusals = [
      [pay(emil, bob, 100), 'ExceedsCreditLimit', /balance would be -100, limit 0/],
      [pay(alice, bob, 1, { after: first, timestamp: 1 }), 'ConflictingTimestamp', /dated 1, /],
      [
        sketch({ author: charlie, lines: lines(bob, charlie, 5) }),
        'Unauthorised',
        /would fall by 5/,
      ],
      [sketch({ author: charlie }), 'InvariantViolation', /0 lines, at least 2/],
    ] as const;
    const { quarantine } = world([first, ...refusals.map(([record]) => record)]);
    quarantine.mergeBatch(NOW, [first]);
    for (const [record, reason, detail] of refusals) {
      const [found] = quarantine.mergeBatch(NOW, [record]).decision.quarantined;
      expect(found).toMatchObject({ id: record.id, reason, proven: true, observedAt: NOW });
      expect(found!.detail).toMatch(detail);
    }
  });

  it('is the last one only if it brought news, and comes back from its writes', () => {
    const first = pay(alice, bob, 100);
    const { quarantine } = world([first]);
    expect(quarantine.lastDecision()).toBeUndefined();
    const { decision, writes } = quarantine.mergeBatch(NOW, [first, pay(emil, bob, 5)]);
    expect(quarantine.mergeBatch(NOW + 1, [first])).toMatchObject({
      writes: [],
      decision: { discarded: [{ id: first.id, status: 'duplicate' }] },
    });
    expect(JSON.stringify(quarantine.lastDecision())).toBe(JSON.stringify(decision));
    const again = world([first]).quarantine;
    expect(again.restore(writes.map(({ key, value }) => [key, value!]))).toEqual({
      damaged: 0,
      writes: [],
    });
    expect(JSON.parse(JSON.stringify(again.lastDecision()))).toEqual(
      JSON.parse(JSON.stringify(decision)),
    );
    expect(again.lastDecision()?.totalProcessed()).toBe(2);
    expect(again.list(NOW)).toEqual(quarantine.list(NOW));
  });
});

describe('the table of reasons', () => {
  it('knows every status once, and every reason has one', () => {
    expect(Object.keys(REASON_OF).sort()).toEqual(
      [...new Set([...RECORD_STATUSES, ...LEDGER_STATUSES, 'fork'])].sort(),
    );
    const back = QUARANTINE_REASONS.flatMap((reason) => statusesOf(reason));
    expect(new Set(back).size).toBe(back.length);
    for (const reason of QUARANTINE_REASONS) expect(statusesOf(reason)).not.toEqual([]);
    const kept = Object.entries(REASON_OF).filter(([, reason]) => reason !== null);
    expect(back.toSorted()).toEqual(kept.map(([status]) => status).sort());
  });

  it('has a fate for every refusal of gossip', () => {
    for (const event of GOSSIP_EVENTS.filter((each) =>
      /_(mismatch|invalid|malformed)$/.test(each),
    )) {
      expect(FATES[event].fate).not.toBe('none');
    }
  });
});

describe('a damaged inbox', () => {
  const record = pay(emil, bob, 5);
  const { quarantine } = world([record]);
  const [, write] = quarantine.mergeBatch(NOW, [record]).writes;
  const text = write!.value!;
  const whole = JSON.parse(text) as { readonly [name: string]: Json };

  const damaged: readonly (readonly [string, string, string])[] = [
    ['nothing', write!.key, ''],
    ['half a text', write!.key, text.slice(0, text.length / 2)],
    ['another shape', write!.key, '[]'],
    ['null', write!.key, 'null'],
    ['a reason that is none', write!.key, JSON.stringify({ ...whole, reason: 'Because' })],
    ['one field more', write!.key, JSON.stringify({ ...whole, more: 1 })],
    ['a claim that is a number', write!.key, JSON.stringify({ ...whole, claim: 5 })],
    ['a key with letters', 'quarantine/abc', text],
    ['a number that is negative', 'quarantine/-00000000001', text],
    ['a prototype', write!.key, `{"__proto__":{"polluted":1},${text.slice(1)}`],
  ];

  for (const [what, key, value] of damaged) {
    it(`of ${what} is dropped and counted, and the rest is there`, () => {
      const fresh = world([record]).quarantine;
      const good = { ...whole, key: 'a'.repeat(64) };
      const outcome = fresh.restore([
        [key, value],
        ['quarantine/000000000007', JSON.stringify(good)],
      ]);
      expect(outcome).toEqual({ damaged: 1, writes: [{ key, value: undefined }] });
      expect(fresh.list(NOW).map((item) => item.key)).toEqual([good.key]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  }

  it('of a decision is nothing to report', () => {
    const fresh = world([record]).quarantine;
    expect(fresh.restore([['merge/last', '{"accepted":1}']]).damaged).toBe(1);
    expect(fresh.lastDecision()).toBeUndefined();
  });
});
