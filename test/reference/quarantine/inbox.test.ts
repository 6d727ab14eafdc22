/**
 * The inbox against a model that is too plain to be wrong: a list, filtered. And the row "quarantine store"
 * of the hostile inputs: the one too many, the same twice, holes in the middle, clocks that go back.
 */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Write } from '#contracts/host.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import {
  QUARANTINE_BYTES_MAX,
  QUARANTINE_ITEMS_MAX,
  QUARANTINE_SHARES,
  QUARANTINE_TTL_MS,
  type QuarantineLimits,
  type QuarantineRecord,
} from '#contracts/quarantine.ts';
import { createInbox, type Inbox } from '#reference/quarantine/inbox.ts';
import { numberIn, readItem } from '#reference/quarantine/stored.ts';

const LIMITS: QuarantineLimits = {
  itemsMax: QUARANTINE_ITEMS_MAX,
  bytesMax: QUARANTINE_BYTES_MAX,
  ttlMs: QUARANTINE_TTL_MS,
};
const SHARE = QUARANTINE_ITEMS_MAX / QUARANTINE_SHARES;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Wish {
  readonly author?: string;
  readonly peer?: string | null;
  readonly proven?: boolean;
  readonly padding?: number;
  readonly at?: number;
  readonly ttlMs?: number;
}

/** An item whose key and claim follow from a name. */
const item = (name: string, wish: Wish = {}): QuarantineRecord => {
  const { author = `author ${name}`, peer = `peer ${name}`, proven = true, at = 0 } = wish;
  return {
    key: hash(`key ${name}`),
    id: hash(`id ${name}`) as RecordId,
    topic: 'ledger:hours',
    author: author as Did,
    proven,
    peer: peer as Did | null,
    reason: 'ExceedsCreditLimit',
    status: 'over_limit',
    detail: `item ${name}`,
    observedAt: at,
    claim: { name, padding: 'x'.repeat(wish.padding ?? 0) },
    expiresAt: at + (wish.ttlMs ?? QUARANTINE_TTL_MS),
  };
};

const namesIn = (inbox: Inbox, now = 0): string[] =>
  inbox.list(now).map(({ detail }) => detail.slice('item '.length));

/** What a disk would hold after these writes. */
const apply = (disk: Map<string, string>, writes: readonly Write[]): void => {
  for (const { key, value } of writes) {
    if (value === undefined) disk.delete(key);
    else disk.set(key, value);
  }
};

/** What a restart makes of a disk. */
const restored = (disk: ReadonlyMap<string, string>, limits = LIMITS): Inbox => {
  const inbox = createInbox(limits);
  const keys = [...disk.keys()].sort();
  for (const key of keys) {
    inbox.restore(numberIn(key)!, readItem(disk.get(key)!)!);
  }
  return inbox;
};

describe('the inbox and a list that is filtered', () => {
  const limits: QuarantineLimits = { itemsMax: 8, bytesMax: 8_000, ttlMs: 100 };
  const share = { items: 2, bytes: 2_000 };

  /** Oldest first; every rule in one line each. */
  const createModel = () => {
    let items: QuarantineRecord[] = [];
    const bytesOf = (some: readonly QuarantineRecord[]): number =>
      some.reduce((sum, each) => sum + JSON.stringify(each).length, 0);
    const thin = (is: (each: QuarantineRecord) => boolean, most: typeof share): void => {
      for (;;) {
        const crowd = items.filter(is);
        if (crowd.length <= most.items && bytesOf(crowd) <= most.bytes) return;
        items = items.filter((each) => each !== crowd[0]);
      }
    };
    return {
      add(now: number, record: QuarantineRecord): void {
        if (items.some((each) => each.key === record.key && now < each.expiresAt)) return;
        items = [...items.filter((each) => now < each.expiresAt), record];
        if (record.proven) thin((each) => each.proven && each.author === record.author, share);
        if (record.peer !== null) thin((each) => each.peer === record.peer, share);
        thin(() => true, { items: limits.itemsMax, bytes: limits.bytesMax });
      },
      drop(now: number, key: string): boolean {
        const found = items.some((each) => each.key === key && now < each.expiresAt);
        if (found) items = items.filter((each) => each.key !== key);
        return found;
      },
      purge(now: number): void {
        items = items.filter((each) => now < each.expiresAt);
      },
      list: (now: number) => items.filter((each) => now < each.expiresAt).reverse(),
    };
  };

  const step = fc.record({
    what: fc.constantFrom('add', 'add', 'add', 'add', 'drop', 'purge', 'restart'),
    name: fc.nat(14),
    author: fc.nat(5),
    peer: fc.option(fc.nat(5), { nil: null }),
    proven: fc.boolean(),
    padding: fc.constantFrom(0, 0, 0, 900),
    // The clock jumps either way.
    now: fc.integer({ min: 0, max: 250 }),
  });

  it('say the same after every step, a restart among them', () => {
    let evictions = 0;
    const same = fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      let inbox = createInbox(limits);
      const model = createModel();
      const disk = new Map<string, string>();
      for (const { what, name, author, peer, proven, padding, now } of steps) {
        const record = item(String(name), {
          author: String(author),
          peer: peer === null ? null : String(peer),
          proven,
          padding,
          at: now,
          ttlMs: limits.ttlMs,
        });
        if (what === 'add') {
          apply(disk, inbox.add(now, record));
          model.add(now, record);
        } else if (what === 'drop') {
          const writes = inbox.drop(now, record.key);
          apply(disk, writes ?? []);
          expect(writes !== undefined).toBe(model.drop(now, record.key));
        } else if (what === 'purge') {
          apply(disk, inbox.purgeExpired(now));
          model.purge(now);
        } else {
          evictions += inbox.evicted;
          inbox = restored(disk, limits);
        }
        for (const when of [0, now, 1_000]) {
          expect(inbox.list(when)).toEqual(model.list(when));
          expect(inbox.get(when, record.key)).toEqual(
            model.list(when).find(({ key }) => key === record.key),
          );
        }
        expect(disk.size).toBeLessThanOrEqual(limits.itemsMax);
      }
      evictions += inbox.evicted;
    });
    fc.assert(same, { numRuns: 100 });
    // A test that never evicted would be silent about it; a hundred lives evict 83 times at worst so far.
    for (let lot = 0; lot < 10; lot++) if (evictions <= 100) fc.assert(same, { numRuns: 20 });
    expect(evictions).toBeGreaterThan(100);
  });
});

describe('the bounds of the inbox', () => {
  it('hold at the one too many: the oldest by insertion leaves, whatever the clocks said', () => {
    const inbox = createInbox(LIMITS);
    for (let index = 0; index <= QUARANTINE_ITEMS_MAX; index++) {
      inbox.add(0, item(String(index), { at: -index }));
    }
    expect(inbox.list(0)).toHaveLength(QUARANTINE_ITEMS_MAX);
    expect(inbox.evicted).toBe(1);
    expect(inbox.get(0, item('0').key)).toBeUndefined();
    expect(namesIn(inbox).slice(0, 2)).toEqual(['1000', '999']);
  });

  it('leave one who brings everything a quarter, and nobody else loses anything', () => {
    const inbox = createInbox(LIMITS);
    for (let index = 0; index < 100; index++) inbox.add(0, item(`evidence ${index}`));
    for (let index = 0; index < 10_000; index++) {
      inbox.add(0, item(`spam ${index}`, { peer: 'spammer', proven: false }));
    }
    const names = namesIn(inbox);
    expect(names.filter((name) => name.startsWith('evidence'))).toHaveLength(100);
    expect(names.filter((name) => name.startsWith('spam'))).toHaveLength(SHARE);
    expect(names[0]).toBe('spam 9999');
  });

  it('leave one author a quarter, however many bring what it signed', () => {
    const inbox = createInbox(LIMITS);
    for (let index = 0; index < 600; index++) inbox.add(0, item(`${index}`, { author: 'mallory' }));
    expect(namesIn(inbox)).toHaveLength(SHARE);
  });

  it('let nobody bury what an author signed under forgeries in its name', () => {
    const inbox = createInbox(LIMITS);
    inbox.add(0, item('true', { author: 'alice' }));
    for (let index = 0; index < 3_000; index++) {
      inbox.add(0, item(`${index}`, { author: 'alice', proven: false, peer: `peer ${index % 3}` }));
    }
    expect(namesIn(inbox)).toContain('true');
    expect(namesIn(inbox)).toHaveLength(1 + 3 * SHARE);
  });

  it('hold for bytes as for items', () => {
    const inbox = createInbox({ ...LIMITS, bytesMax: 1_000_000 });
    for (let index = 0; index < 100; index++) inbox.add(0, item(`${index}`, { padding: 60_000 }));
    const bytes = inbox.list(0).reduce((sum, each) => sum + JSON.stringify(each).length, 0);
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    expect(namesIn(inbox)).toHaveLength(16);
    for (let index = 0; index < 100; index++) {
      inbox.add(0, item(`m ${index}`, { padding: 60_000, author: 'mallory' }));
    }
    expect(namesIn(inbox).filter((name) => name.startsWith('m'))).toHaveLength(4);
  });

  it('count the same item once, and keep it where it first was', () => {
    const inbox = createInbox(LIMITS);
    for (const name of ['a', 'b', 'a']) inbox.add(0, item(name));
    expect(namesIn(inbox)).toEqual(['b', 'a']);
    expect(inbox.add(0, item('a'))).toEqual([]);
  });

  it('are not confused by holes', () => {
    const inbox = createInbox({ ...LIMITS, itemsMax: 4 });
    for (const name of ['a', 'b', 'c', 'd']) inbox.add(0, item(name));
    expect(inbox.drop(0, item('b').key)).toHaveLength(1);
    expect(inbox.drop(0, item('b').key)).toBeUndefined();
    inbox.add(0, item('e'));
    expect(namesIn(inbox)).toEqual(['e', 'd', 'c', 'a']);
    inbox.add(0, item('f'));
    expect(namesIn(inbox)).toEqual(['f', 'e', 'd', 'c']);
  });
});

describe('time', () => {
  it('ends an item exactly when it expires, and its place is free again', () => {
    const inbox = createInbox(LIMITS);
    inbox.add(5, item('a', { at: 5 }));
    const end = 5 + QUARANTINE_TTL_MS;
    expect(inbox.get(end - 1, item('a').key)).toBeDefined();
    expect(inbox.get(end, item('a').key)).toBeUndefined();
    expect(inbox.drop(end, item('a').key)).toBeUndefined();
    inbox.add(end, item('a', { at: end }));
    expect(inbox.list(end)).toHaveLength(1);
    expect(inbox.evicted).toBe(0);
  });

  it('may go back: nothing is lost, order and bounds stay', () => {
    const inbox = createInbox({ ...LIMITS, itemsMax: 3 });
    for (const [name, at] of [
      ['a', 9e12],
      ['b', 5],
      ['c', 0],
      ['d', 7],
    ] as const) {
      inbox.add(at, item(name, { at }));
    }
    expect(namesIn(inbox, 0)).toEqual(['d', 'c', 'b']);
  });

  it('purges what is over and says so', () => {
    const inbox = createInbox(LIMITS);
    for (const name of ['a', 'b']) inbox.add(0, item(name));
    inbox.add(10, item('c', { at: 10 }));
    expect(inbox.purgeExpired(QUARANTINE_TTL_MS)).toHaveLength(2);
    expect(namesIn(inbox, 0)).toEqual(['c']);
  });
});
