import { describe, expect, it } from 'vitest';
import {
  announce,
  digestOf,
  facing,
  mallory,
  pullsTo,
  quinn,
  trudy,
  villageOf,
} from '#test/support/facing.ts';
import { createVillage, saidOf, write, type Member } from '#test/support/village.ts';

describe('push', () => {
  it('brings a record to everybody once, and nobody delivers it twice', () => {
    const village = villageOf('ann ben cem dia eve fay');
    const record = village.members[0]!.publish();
    village.settle();
    for (const member of village.members) expect(member.delivered).toEqual([record.id]);
    village.advance(200_000);
    for (const member of village.members) expect(member.delivered).toEqual([record.id]);
  });

  it('is passed on at the first sight and never again', () => {
    const village = villageOf('ann ben cem dia');
    const record = village.members[0]!.publish();
    village.settle();
    const before = saidOf(village, 'announce').length;
    // One announcement for each who saw it first, to all the others but the one it came from.
    expect(before).toBeLessThanOrEqual(3 + 3 * 2);
    for (const member of village.members.slice(1)) {
      member.hears(village.members[0]!.did, announce(record));
      expect(member.logged.get('record_duplicate')).toBeGreaterThan(0);
    }
    village.settle();
    expect(saidOf(village, 'announce')).toHaveLength(before);
  });

  it('sends a large record by name, and whoever lacks it asks for it', () => {
    const village = villageOf('ann ben', { settings: { pushBytesMax: 100 } });
    const [ann, ben] = village.members as [Member, Member];
    const record = ann.publish();
    village.settle();
    expect(saidOf(village, 'announce', ann)[0]).toMatchObject({ records: [], ids: [record.id] });
    expect(saidOf(village, 'request', ben)).toHaveLength(1);
    expect(ben.delivered).toEqual([record.id]);
  });

  it('stores before it delivers, and both before it says a word', () => {
    const village = villageOf('ann ben cem');
    const record = write(mallory);
    const effects = village.members[0]!.hears(village.members[1]!.did, announce(record));
    const order = effects.map(({ effect }) => effect).filter((name) => name !== 'schedule');
    expect(order).toEqual(['store', 'deliver', 'broadcast']);
  });

  it('brings whoever joins, by a digest, what a crash kept from being pushed', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const record = ann.publish();
    expect(saidOf(village, 'announce')).toEqual([]);
    village.connect(ann, ben);
    village.settle();
    expect(ben.delivered).toEqual([record.id]);
    expect(village.now()).toBe(0);
  });

  it('goes to those who joined and to nobody else, who may be heard all the same', () => {
    const { village, ann } = facing();
    ann.hears(trudy.did, announce(write(quinn)));
    ann.hears(quinn.did, digestOf({ [quinn.did]: 2 }, 'heard'));
    ann.publish();
    const told = new Set(
      village.said.filter(({ message }) => message.type === 'announce').map(({ to }) => to),
    );
    expect(told).toEqual(new Set([mallory.did]));
    expect(pullsTo(village, quinn.did)).toHaveLength(1);
    ann.carry(ann.gossip.left(village.now(), mallory.did));
    const before = village.said.length;
    ann.publish();
    expect(village.said).toHaveLength(before);
  });
});
