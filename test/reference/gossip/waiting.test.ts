import { describe, expect, it } from 'vitest';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import { BATCH_MAX } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { createWaitingRoom } from '#reference/gossip/waiting.ts';
import { createWants, WANTS_MAX } from '#reference/gossip/wants.ts';
import { create as createRecords } from '#reference/records/records.ts';
import {
  announce,
  digestOf,
  facing,
  mallory,
  pullsTo,
  requestsTo,
  trudy,
  villageOf,
} from '#test/support/facing.ts';
import {
  HOURS,
  asJson,
  chain,
  content,
  createVillage,
  inventedId,
  siblings,
  write,
  type Member,
} from '#test/support/village.ts';

describe('a record above a hole', () => {
  const [first, second, third] = chain(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];

  it('waits, is not delivered and moves no clock; its announcer is asked first, then others', () => {
    const village = createVillage({ names: ['ann', 'ben', 'cem'] });
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    village.connectAll();
    village.drops = ({ from }) => from === ann.did;
    ann.hears(ben.did, announce(third));
    expect([ann.delivered, ann.gossip.waiting()]).toEqual([
      [],
      { records: 1, missing: [second.id] },
    ]);
    expect(ann.gossip.knowledge.clock()).toEqual(new Map());
    expect(requestsTo(village, ben.did).map(({ ids }) => ids)).toEqual([[second.id]]);
    expect(requestsTo(village, cem.did)).toEqual([]);
    village.advance(village.settings.requestRetryMs);
    expect(requestsTo(village, cem.did).map(({ ids }) => ids)).toEqual([[second.id]]);
  });

  it('is delivered behind its ancestors, in causal order, when they come', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    for (const record of [third, second, first]) ann.hears(ben.did, announce(record));
    expect(ann.delivered).toEqual([first.id, second.id, third.id]);
    expect(ann.gossip.knowledge.clock()).toEqual(new Map([[mallory.did, 3]]));
  });

  it('is asked of the next peer at once when one says that it lacks the ancestor', () => {
    const village = createVillage({ names: ['ann', 'ben', 'cem'] });
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    village.connectAll();
    village.drops = ({ from }) => from === ann.did;
    ann.hears(ben.did, announce(third));
    ann.hears(ben.did, { type: 'response', topic: HOURS, records: [], missing: [second.id] });
    expect(requestsTo(village, cem.did)).toHaveLength(1);
  });

  it('asks ever more rarely for an ancestor that nobody has, and is given up in the end', () => {
    const { village, ann } = facing();
    const orphan = write(mallory, { sequence: 2, previous: inventedId('ancestor') });
    ann.hears(mallory.did, announce(orphan));
    village.advance(60_000);
    const early = requestsTo(village, mallory.did).length;
    expect(early).toBeGreaterThan(4);
    expect(early).toBeLessThan(12);
    expect(ann.gossip.waiting().records).toBe(1);
    village.advance(600_000);
    expect(requestsTo(village, mallory.did).length).toBeLessThan(2 * 12);
    expect(ann.gossip.waiting()).toEqual({ records: 0, missing: [] });
    expect(ann.logged.get('record_given_up')).toBe(1);
  });

  it('is asked for although a pull that nobody answers was open when it came', () => {
    const { village, ann } = facing();
    ann.hears(mallory.did, digestOf({ [trudy.did]: 5 }, 'dead pull'));
    expect(pullsTo(village, mallory.did)).toHaveLength(1);
    ann.hears(mallory.did, announce(third));
    village.advance(village.settings.pullTimeoutMs + 1_000);
    expect(requestsTo(village, mallory.did).length).toBeGreaterThan(0);
  });
});

describe('bounds', () => {
  const lax = createRecords({
    content,
    network: chain(mallory, 1)[0]!.network,
    verify: () => true,
  });

  it('hold the waiting room: one author a quarter, the oldest leaves first, others are not displaced', () => {
    const village = villageOf('ann ben', { records: lax });
    const [ann, ben] = village.members as [Member, Member];
    village.drops = () => true;
    const { waitingMax } = village.settings;
    const honest = write(trudy, { sequence: 2, previous: inventedId('late') });
    ann.hears(ben.did, announce(honest));
    const template = write(mallory, { sequence: 2, previous: inventedId('0') });
    const flood = Array.from({ length: 10_000 }, (_, index) => {
      const { id: _id, signature, ...draft } = { ...template, previous: inventedId(`${index}`) };
      const id = content.id(draft);
      return { ...draft, id: id.ok ? (id.value as RecordId) : template.id, signature };
    });
    for (let from = 0; from < flood.length; from += BATCH_MAX) {
      ann.hears(ben.did, announce(...flood.slice(from, from + BATCH_MAX)));
      expect(ann.gossip.waiting().records).toBeLessThanOrEqual(waitingMax / 4 + 1);
    }
    const { records: waiting, missing } = ann.gossip.waiting();
    expect(waiting).toBe(waitingMax / 4 + 1);
    expect(ann.logged.get('record_given_up')).toBe(10_000 - waitingMax / 4);
    expect(missing).toContain(honest.previous);
    // The oldest have left, the newest are there.
    expect(missing).toContain(flood.at(-1)!.previous);
    expect(missing).not.toContain(flood[0]!.previous);
    expect(ann.stored.size).toBe(0);
  });

  it('hold the waiting room against many authors: never more than its size, and it empties again', () => {
    const room = createWaitingRoom(8);
    const at = (author: string, index: number): SignedRecord =>
      ({ id: inventedId(`${author} ${index}`), author: author as Did }) as SignedRecord;
    for (let index = 0; index < 40; index++) {
      for (const author of 'abcdef') room.add(at(author, index), [inventedId(`link ${index}`)]);
      expect(room.size).toBeLessThanOrEqual(8);
    }
    for (let index = 0; index < 40; index++) room.arrived(inventedId(`link ${index}`));
    expect([room.size, room.missing()]).toEqual([0, []]);
  });

  it('hold the wants, and drop those that nobody has and nothing needs', () => {
    const wants = createWants(1_000);
    const peer = 'did:key:z6Mk-peer' as Did;
    for (let index = 0; index < WANTS_MAX + 500; index++) wants.add(inventedId(`${index}`), peer);
    expect(wants.size).toBe(WANTS_MAX);
    let now = 0;
    for (; wants.size > 0 && now < 600_000; now += 1_000) {
      const { asks } = wants.due(now, [peer], () => false);
      expect(asks.length).toBeLessThanOrEqual(1);
      for (const { ids } of asks) expect(ids.length).toBeLessThanOrEqual(BATCH_MAX);
    }
    expect(wants.size).toBe(0);
  });

  it('hold what is remembered of a refused record: it is asked of nobody else', () => {
    const { village, ann, joins } = facing();
    joins(trudy.did);
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    ann.hears(mallory.did, announce(a, b));
    ann.hears(mallory.did, { type: 'announce', topic: HOURS, records: [], ids: [c.id] });
    ann.hears(mallory.did, { type: 'response', topic: HOURS, records: [asJson(c)], missing: [] });
    village.advance(30_000);
    expect(requestsTo(village, mallory.did)).toHaveLength(1);
    expect(requestsTo(village, trudy.did)).toEqual([]);
  });
});
