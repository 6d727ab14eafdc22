/** The log of a topic that forgets: what leaves, what stays known of it, and what its links do meanwhile. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { createWindowLog, type WindowLog } from '#reference/gossip/window-log.ts';
import { mallory, quinn, trudy } from '#test/support/facing.ts';
import { chain, idOf, inventedId, siblings, write } from '#test/support/village.ts';

const TOPIC = 'garden:plans';

const filled = (...records: readonly SignedRecord[]): WindowLog => {
  const log = createWindowLog(TOPIC);
  for (const record of records) expect(log.add(record)).toBe(true);
  return log;
};

/** All that can be seen of a log. */
const shown = (log: WindowLog) => ({
  count: log.count,
  clock: log.clock(),
  tips: log.tips(),
  heads: log.heads(),
  ordered: log.ordered(),
  forked: log.forked(),
});

describe('what leaves', () => {
  it('is the oldest of whoever holds most places', () => {
    const [many, few] = [chain(mallory, 6), chain(quinn, 2)];
    const log = filled(many[0]!, few[0]!, ...many.slice(1), few[1]!);
    expect(log.evict(5)).toEqual(many.slice(0, 3).map(idOf));
    expect(log.evict(5)).toEqual([]);
    expect(few.every(({ id }) => log.has(id))).toBe(true);
  });

  it('is all that is dated before', () => {
    const old = write(mallory); // Dated 1 000 by the village.
    const log = filled(old);
    expect(log.expire(1_000)).toEqual([]);
    expect(log.expire(1_001)).toEqual([old.id]);
    expect(log.count).toBe(0);
  });

  it('stays known by its mark: the clock and the tips are as they were, and nobody need send it again', () => {
    const records = [...chain(mallory, 3), ...chain(quinn, 1)];
    const log = filled(...records);
    const { clock, tips } = shown(log);
    log.evict(0);
    expect(log.count).toBe(0);
    expect(shown(log)).toMatchObject({ clock, tips, heads: [], ordered: [] });
    for (const record of records) {
      expect([log.isSettled(record.id), log.isBehind(record)]).toEqual([true, true]);
    }
    expect(log.isBehind({ author: mallory.did, sequence: 4 })).toBe(false);
  });

  it('is no link that the next record would have to wait for', () => {
    const [first, second, third] = chain(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const citing = write(quinn, { seeing: [second] });
    const log = filled(first, second);
    log.evict(0);
    expect(log.missing(third)).toEqual([]);
    expect([log.add(third), log.add(citing)]).toEqual([true, true]);
    expect(log.heads()).toEqual([third.id, citing.id].sort());
  });
});

describe('a link out of the window', () => {
  const [first, second, third] = chain(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];

  it('is missing until it is passed over', () => {
    const log = filled(first);
    expect(log.missing(third)).toEqual([second.id]);
    expect(log.add(third)).toBe(false);
    log.pass(second.id);
    expect(log.add(third)).toBe(true);
    expect(log.clock().get(mallory.did)).toBe(3);
  });

  it('that was passed over and comes after all has its place, and is no head', () => {
    const log = filled(first);
    log.pass(second.id);
    log.add(third);
    expect(log.heads()).toEqual([first.id, third.id].sort());
    expect(log.add(second)).toBe(true);
    expect(log.heads()).toEqual([third.id]);
    expect(log.run(mallory.did, 1, 3)).toEqual([first, second, third].map(idOf));
  });

  it('is waited for by nobody where its author says so, but a parent is', () => {
    const floored = write(mallory, { previous: inventedId('two'), sequence: 3, floor: 3 });
    const parent = { id: inventedId('parent') };
    expect(filled(floored).clock().get(mallory.did)).toBe(3);
    const citing = write(mallory, { after: floored, floor: 4, seeing: [parent] });
    expect(createWindowLog(TOPIC).missing(citing)).toEqual([parent.id]);
  });
});

describe('what may not enter', () => {
  const [first, second] = chain(mallory, 2) as [SignedRecord, SignedRecord];
  const [other] = chain(trudy, 1) as [SignedRecord];
  const refused: { readonly [what: string]: SignedRecord } = {
    'is held already': first,
    'follows the record of somebody else': write(mallory, { sequence: 2, previous: other.id }),
    'skips a number': write(mallory, { sequence: 3, previous: first.id }),
    'begins with another number than 1': write(quinn, { sequence: 2, previous: null }),
    'names a record of its own author as a parent': write(mallory, {
      after: first,
      seeing: [first],
    }),
    'asks nobody to wait for itself': write(mallory, { after: first, floor: 3 }),
  };
  it.each(Object.entries(refused))('%s', (_what, record) => {
    const log = filled(first, other);
    const before = shown(log);
    expect(log.add(record)).toBe(false);
    expect(shown(log)).toEqual(before);
    expect(log.add(second)).toBe(true);
  });
});

describe('a forked author', () => {
  it('has a tip for each branch, and one again when a branch has left', () => {
    const [left, right] = siblings(mallory, 2) as [SignedRecord, SignedRecord];
    const log = filled(left, right);
    expect(log.forked()).toEqual([mallory.did]);
    expect(log.tips().map(({ id }) => id)).toEqual([left.id, right.id].sort());
    expect([...log.children(mallory.did, null)].sort()).toEqual([left.id, right.id].sort());
    log.remove(right.id);
    expect(log.forked()).toEqual([]);
  });
});

describe('whatever comes and goes', () => {
  const people = [mallory, quinn, trudy];
  /** A step: somebody writes, naming heads or not; or so many are let out. */
  const steps = fc.array(
    fc.oneof(fc.record({ who: fc.nat(2), sees: fc.boolean() }), fc.record({ keep: fc.nat(8) })),
    { maxLength: 40 },
  );

  it('heads are what is held and not named by what is held; no more is kept than asked', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const log = createWindowLog(TOPIC);
        const last = new Map<string, SignedRecord>();
        const held = new Map<RecordId, SignedRecord>();
        for (const step of taken) {
          if ('keep' in step) {
            for (const id of log.evict(step.keep)) held.delete(id);
            expect(log.count).toBeLessThanOrEqual(step.keep);
          } else {
            const author = people[step.who]!;
            const others = [...held.values()].filter(({ author: did }) => did !== author.did);
            const seeing = step.sees ? others.slice(-3) : [];
            const record = write(author, { after: last.get(author.did), seeing });
            expect(log.add(record)).toBe(true);
            last.set(author.did, record);
            held.set(record.id, record);
          }
          const named = new Set(
            [...held.values()].flatMap(({ previous, parents }) => [previous, ...parents]),
          );
          const heads = [...held.keys()].filter((id) => !named.has(id));
          expect(log.heads()).toEqual(heads.sort());
          expect(log.count).toBe(held.size);
          expect(new Set(log.ordered())).toEqual(new Set(held.keys()));
          for (const [did, { sequence }] of last) {
            expect(log.clock().get(did as SignedRecord['author'])).toBe(sequence);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
