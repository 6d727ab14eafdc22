import { describe, expect, it } from 'vitest';
import type { GossipEvent } from '#contracts/effects.ts';
import type { Json, NetworkId } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import {
  announce,
  digestOf,
  mallory,
  pullsTo,
  quinn,
  trudy,
  villageOf,
} from '#test/support/facing.ts';
import {
  HOURS,
  asJson,
  chain,
  inventedId,
  nonceOf,
  orderOf,
  write,
  type Member,
} from '#test/support/village.ts';

describe('the door', () => {
  const genuine = write(mallory);
  const others = chain(trudy, 3);
  const refusals: readonly {
    what: string;
    event: GossipEvent;
    claim: Json;
    first?: SignedRecord;
  }[] = [
    { what: 'no record at all', event: 'record_malformed', claim: 7 },
    { what: 'nothing', event: 'record_malformed', claim: null },
    { what: 'a list', event: 'record_malformed', claim: [] },
    {
      what: 'a forged id',
      event: 'record_id_mismatch',
      claim: { ...asJson(genuine), id: inventedId('forged') },
    },
    {
      what: 'a genuine id over another content',
      event: 'record_id_mismatch',
      claim: { ...asJson(genuine), timestamp: 7 },
    },
    {
      what: 'a foreign network',
      event: 'record_network_mismatch',
      claim: asJson(write(mallory, { network: inventedId('elsewhere') as string as NetworkId })),
    },
    {
      what: "another author's signature",
      event: 'record_signature_invalid',
      claim: { ...asJson(genuine), signature: others[0]!.signature },
    },
    {
      what: 'a record of another topic',
      event: 'record_topic_unknown',
      claim: asJson(write(mallory, { topic: 'ledger:euros' })),
    },
    {
      what: "somebody else's record as previous",
      event: 'record_links_malformed',
      first: others[0]!,
      claim: asJson(write(mallory, { sequence: 2, previous: others[0]!.id })),
    },
    {
      what: 'a number that does not follow',
      event: 'record_links_malformed',
      first: genuine,
      claim: asJson(write(mallory, { sequence: 3, previous: genuine.id })),
    },
    {
      what: 'an own record as parent',
      event: 'record_links_malformed',
      first: genuine,
      claim: asJson(write(mallory, { seeing: [genuine] })),
    },
  ];

  for (const { what, event, claim, first } of refusals) {
    it(`refuses ${what} as ${event}, stores nothing and goes on with the rest of the batch`, () => {
      const village = villageOf('ann ben');
      const [ann, ben] = village.members as [Member, Member];
      if (first) ann.hears(ben.did, announce(first));
      const before = [...ann.stored.keys()];
      const last = write(quinn);
      const batch: TopicMessage = {
        type: 'announce',
        topic: HOURS,
        records: [claim, asJson(last)],
        ids: [],
      };
      const effects = ann.hears(ben.did, batch);
      expect(effects).toContainEqual(
        expect.objectContaining({ effect: 'log', event, peer: ben.did }),
      );
      expect([...ann.stored.keys()]).toEqual([...before, last.id]);
      expect(ann.gossip.waiting().records).toBe(0);
    });
  }

  it('is open to a record whose forged twin came first', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const twin = {
      ...asJson(write(mallory, { memo: 'other' })),
      id: genuine.id,
    } as Json;
    ann.hears(ben.did, { type: 'announce', topic: HOURS, records: [twin], ids: [] });
    ann.hears(ben.did, announce(genuine));
    expect([...ann.stored.keys()]).toEqual([genuine.id]);
  });

  it('is the same for a file: what a peer could not bring in, an import cannot', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const claims = [
      ...refusals.filter(({ first }) => !first).map(({ claim }) => claim),
      asJson(genuine),
    ];
    ann.carry(ann.gossip.import(0, claims));
    village.settle();
    expect([...ann.stored.keys()]).toEqual([genuine.id]);
    expect(orderOf(ben)).toEqual([genuine.id]);
  });
});

describe('answers that nobody asked for', () => {
  const record = write(mallory);

  it('are dropped and counted: a Response for an id that was not asked of this peer', () => {
    const village = villageOf('ann ben cem');
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    const response = {
      type: 'response',
      topic: HOURS,
      records: [asJson(record)],
      missing: [],
    } as const;
    ann.hears(ben.did, response);
    expect([ann.stored.size, ann.logged.get('response_unsolicited')]).toEqual([0, 1]);
    village.drops = () => true;
    ann.hears(ben.did, { type: 'announce', topic: HOURS, records: [], ids: [record.id] });
    ann.hears(cem.did, response);
    expect([ann.stored.size, ann.logged.get('response_unsolicited')]).toEqual([0, 2]);
    ann.hears(ben.did, response);
    expect([...ann.stored.keys()]).toEqual([record.id]);
  });

  it('are not those that come too late: of two who were asked the second brings nothing new', () => {
    const village = villageOf('ann ben cem');
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    village.drops = () => true;
    ann.hears(ben.did, { type: 'announce', topic: HOURS, records: [], ids: [record.id] });
    village.advance(village.settings.requestRetryMs);
    const response = {
      type: 'response',
      topic: HOURS,
      records: [asJson(record)],
      missing: [],
    } as const;
    for (const peer of [cem, ben]) ann.hears(peer.did, response);
    expect([...ann.stored.keys()]).toEqual([record.id]);
    expect(ann.logged.get('response_unsolicited')).toBeUndefined();
  });

  it('are dropped whatever they hold: claims that are no objects harm nobody', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const claims: Json[] = [null, 1, 'x', [], true, {}, { id: 5 }, { id: null }];
    ann.hears(ben.did, { type: 'response', topic: HOURS, records: claims, missing: [] });
    expect([ann.stored.size, ann.logged.get('response_unsolicited')]).toEqual([0, 1]);
  });

  it('are dropped and counted: a PullResponse of another nonce, of another peer, or a second one', () => {
    const village = villageOf('ann ben cem');
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    village.drops = () => true;
    const answer = (nonce: string): TopicMessage => ({
      type: 'pull-response',
      topic: HOURS,
      records: [asJson(record)],
      done: true,
      truncated: false,
      nonce,
    });
    ann.hears(ben.did, answer(nonceOf('none')));
    ann.hears(ben.did, digestOf({ [mallory.did]: 1 }, 'a'));
    const [pull] = pullsTo(village, ben.did);
    ann.hears(ben.did, answer(nonceOf('other')));
    ann.hears(cem.did, answer(pull!.nonce));
    expect([ann.stored.size, ann.logged.get('response_unsolicited')]).toEqual([0, 3]);
    ann.hears(ben.did, answer(pull!.nonce));
    expect(ann.stored.size).toBe(1);
    ann.hears(ben.did, answer(pull!.nonce));
    expect(ann.logged.get('response_unsolicited')).toBe(4);
  });
});
