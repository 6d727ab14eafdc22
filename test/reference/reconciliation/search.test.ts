import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { fill, openFilter } from '#reference/reconciliation/filter.ts';
import { create as createPlain } from '#reference/reconciliation/plain.ts';
import { create as createContent } from '#reference/content/content.ts';
import {
  authorOf,
  branchOf,
  catchUp,
  chainsOf,
  following,
  fullReconciliation,
  holdingOf,
  saltOf,
  summaryOf,
} from '#test/support/holdings.ts';

const eve = authorOf('eve');
const plain = () => createPlain({ content: createContent() });

/** What both hold, and a second branch that only one side does: clocks are equal. */
const forked = (common: number, hidden: number) => {
  const base = [...chainsOf(10, common / 10), ...branchOf(eve, hidden, 'seen')];
  return { base, branch: branchOf(eve, hidden, 'hidden') };
};

describe('what clocks hide', () => {
  const cases: readonly (readonly [common: number, hidden: number, roundsMax: number])[] = [
    [20, 1, 2],
    [500, 20, 2],
    [7_000, 100, 2],
    [7_000, 500, 2],
    [12_000, 1, 5],
    [12_000, 2_000, 8],
  ];
  for (const [common, hidden, roundsMax] of cases) {
    it(`is found: ${hidden} records that ${common} others stand beside, in ${roundsMax} rounds`, () => {
      const { base, branch } = forked(common, hidden);
      const [asker, holder] = [holdingOf(base), holdingOf([...base, ...branch])];
      expect(asker.log.clock()).toEqual(holder.log.clock());
      // Under some salts the first record of a branch hides: the next search has another one.
      const salts = ['a', 'b', 'c'];
      const bills = salts.map((name) =>
        catchUp(asker, holder, { saltFor: (text) => saltOf(name + text) }),
      );
      expect(asker.log.count).toBe(holder.log.count);
      expect(bills[0]!.rounds).toBeLessThanOrEqual(roundsMax);
      expect(bills.reduce((sum, { taken }) => sum + taken, 0)).toBe(hidden);
    });
  }

  it('stays hidden from the plain version, which has offers for that', () => {
    const { base, branch } = forked(100, 5);
    const asker = holdingOf(base, plain());
    const holder = holdingOf([...base, ...branch], plain());
    expect(catchUp(asker, holder)).toMatchObject({ rounds: 0, taken: 0 });
    const { offer } = holder.reconciliation.compare(holder.log, summaryOf(asker));
    expect(offer).toContain(branch.at(-1)!.id);
  });

  it('comes causes first, over as many answers as the budget asks for', () => {
    for (const common of [1_000, 9_000]) {
      const { base, branch } = forked(common, 600);
      const [asker, holder] = [holdingOf(base), holdingOf([...base, ...branch])];
      const bill = catchUp(asker, holder, { bytesMax: 65_536 });
      // A record that came before its causes would have been dropped.
      expect(bill.taken).toBe(600);
      expect(bill.rounds).toBeGreaterThanOrEqual(600 / 110);
      expect(bill.rounds).toBeLessThan(15);
    }
  });

  it('costs by runs what it costs the plain version: clocks come first', () => {
    const all = chainsOf(20, 100);
    const half = all.filter(({ sequence }) => sequence <= 50);
    const bills = [fullReconciliation, plain].map((create) =>
      catchUp(holdingOf(half, create()), holdingOf(all, create())),
    );
    expect(bills[0]!.taken).toBe(1_000);
    // A cursor is the only thing more that is said.
    expect(bills[0]!.talkBytes - bills[1]!.talkBytes).toBeLessThan(200);
  });
});

describe('an answer', () => {
  it('of one record larger than the budget travels alone, and the next one follows', () => {
    const { base, branch } = forked(100, 3);
    const [asker, holder] = [holdingOf(base), holdingOf([...base, ...branch])];
    const bill = catchUp(asker, holder, { bytesMax: 1 });
    expect(bill.taken).toBe(3);
    expect(bill.rounds).toBeGreaterThanOrEqual(3);
  });

  it('names what it cannot read at this moment, and goes on', () => {
    const { base, branch } = forked(100, 5);
    const [asker, holder] = [holdingOf(base), holdingOf([...base, ...branch])];
    const pull = asker.reconciliation.request(asker.log, summaryOf(holder), saltOf('skip'));
    const unreadable = branch[2]!.id;
    const read = (id: RecordId) => (id === unreadable ? undefined : holder.read(id));
    const { records, skipped, truncated } = holder.reconciliation.serve(
      holder.log,
      pull,
      1e6,
      read,
    );
    expect(records).toHaveLength(4);
    expect({ skipped, truncated }).toEqual({ skipped: [unreadable], truncated: false });
  });

  it('goes on behind its cursor, whatever was added meanwhile', () => {
    const records = chainsOf(3, 40);
    const holder = holdingOf(records);
    const { reconciliation, log, read } = holder;
    const nothing = holdingOf([]);
    const seen: RecordId[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 30; page++) {
      const filter = fill(nothing.log.ordered(), saltOf(`page ${page}`));
      const pull = {
        topic: log.topic,
        ranges: [],
        filter,
        ...(cursor !== undefined && { cursor }),
      };
      const answer = reconciliation.serve(log, pull, 6_000, read);
      seen.push(...answer.records.map((record) => (record as unknown as SignedRecord).id));
      holder.take([following(authorOf(`late ${page}`), undefined, 'late')]);
      if (!answer.truncated) break;
      cursor = answer.cursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (const { id } of records) expect(seen).toContain(id);
  });
});

describe('a false positive (F19)', () => {
  /** A record that the asker's filter of this salt takes for one of its own. */
  const pinned = (base: readonly SignedRecord[], salt: string): SignedRecord => {
    const asker = holdingOf(base);
    const filter = openFilter(fill(asker.log.ordered(), salt));
    for (let attempt = 0; ; attempt++) {
      const twin = following(eve, undefined, `twin ${attempt}`);
      if (filter.ok && filter.value.has(twin.id)) return twin;
    }
  };
  const base = [...chainsOf(10, 100), ...branchOf(eve, 1, 'seen')];
  const salt = saltOf('the first round');

  it('pinned to the salt of the first round arrives by the third', () => {
    const twin = pinned(base, salt);
    const [asker, holder] = [holdingOf(base), holdingOf([...base, twin])];
    expect(catchUp(asker, holder, { saltFor: () => salt }).taken).toBe(0);
    let rounds = 1;
    while (!asker.log.has(twin.id) && rounds < 3) {
      catchUp(asker, holder, { saltFor: (text) => saltOf(`round ${rounds} ${text}`) });
      rounds += 1;
    }
    expect(asker.log.has(twin.id)).toBe(true);
  });

  it('never arrives where the salt is always the same: the mutant that this would catch', () => {
    const twin = pinned(base, salt);
    const [asker, holder] = [holdingOf(base), holdingOf([...base, twin])];
    for (let round = 0; round < 20; round++) catchUp(asker, holder, { saltFor: () => salt });
    expect(asker.log.has(twin.id)).toBe(false);
  });

  it('in the middle of a branch hides nothing: who lacks a record lacks all that rests on it', () => {
    const { base, branch } = forked(400, 400);
    const [asker, holder] = [holdingOf(base), holdingOf([...base, ...branch])];
    const filter = openFilter(fill(asker.log.ordered(), salt));
    const hits = branch.filter(({ id }) => filter.ok && filter.value.has(id)).length;
    expect(hits).toBeGreaterThan(0);
    expect(catchUp(asker, holder, { saltFor: () => salt }).taken).toBe(400);
  });
});
