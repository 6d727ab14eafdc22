import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GossipEvent } from '#contracts/effects.ts';
import type { Did, Json, NetworkId, RecordId } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  CLOCK_COMPONENTS_MAX,
  type Digest,
  type GossipMessage,
  type PullRequest,
  type Request,
} from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createFrames } from '#reference/frames/frames.ts';
import { create as createReconciliation } from '#reference/reconciliation/plain.ts';
import { create as createRecords } from '#reference/records/records.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createTopicLog } from '#reference/gossip/topic-log.ts';
import { createWaitingRoom } from '#reference/gossip/waiting.ts';
import { createWants, WANTS_MAX } from '#reference/gossip/wants.ts';
import {
  HOURS,
  asJson,
  chain,
  content,
  createVillage,
  idOf,
  inventedId,
  nonceOf,
  orderOf,
  saidOf,
  siblings,
  signerOf,
  write,
  type Member,
  type Village,
  type VillageOptions,
} from '#test/support/village.ts';

/** A few connected members, with names for the first ones. */
const villageOf = (names: string, options: Partial<VillageOptions> = {}): Village => {
  const village = createVillage({ names: names.split(' '), ...options });
  village.connectAll();
  return village;
};

const [mallory, trudy, quinn] = ['mallory', 'trudy', 'quinn'].map(signerOf) as [
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
];

const announce = (...given: readonly SignedRecord[]): GossipMessage => ({
  type: 'announce',
  topic: HOURS,
  records: given.map(asJson),
  ids: [],
});

const digestOf = (
  clock: { readonly [author: string]: number },
  nonce: string,
  fingerprint = 'f'.repeat(64),
): Digest => ({
  type: 'digest',
  topic: HOURS,
  clock,
  count: Object.values(clock).length,
  fingerprint,
  nonce: nonceOf(nonce),
});

/** A member and a peer of its that a test speaks for: what it is told is said and not answered. */
const facing = (settings: { readonly [name: string]: number } = {}) => {
  const village = villageOf('ann', { settings });
  const [ann] = village.members as [Member];
  const joins = (peer: Did): void => {
    ann.carry(ann.gossip.connected(village.now(), peer));
    ann.hears(peer, { type: 'subscribe', topics: [HOURS] });
    ann.hears(peer, { type: 'subscribe-ack', topics: [{ topic: HOURS, status: 'subscribed' }] });
    ann.hears(peer, {
      type: 'subscribe-ack',
      topics: [{ topic: 'ledger:euros', status: 'topic_unknown' }],
    });
  };
  joins(mallory.did);
  return { village, ann, joins };
};

/** Ann, whom two peers tell of a record that she lacks: she pulls from the first. */
const courted = () => {
  const { village, ann, joins } = facing();
  joins(trudy.did);
  ann.hears(mallory.did, digestOf({ [quinn.did]: 1 }, 'a'));
  ann.hears(trudy.did, digestOf({ [quinn.did]: 1 }, 'b'));
  return { village, ann };
};

const requestsTo = (village: Village, peer: Did): Request[] =>
  village.said
    .filter(({ to, message }) => to === peer && message.type === 'request')
    .map(({ message }) => message as Request);

const pullsTo = (village: Village, peer: Did): PullRequest[] =>
  village.said
    .filter(({ to, message }) => to === peer && message.type === 'pull-request')
    .map(({ message }) => message as PullRequest);

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

  it('hands own records of before a crash to the first who subscribes', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const record = ann.publish();
    expect(ann.pushed).toEqual([]);
    village.connectAll();
    expect(ann.pushed).toEqual([record.id]);
    expect(ben.delivered).toEqual([record.id]);
    // And to nobody else: the next one hears of them as of any record.
    village.disconnect(ann, ben);
    village.connect(ann, ben);
    village.settle();
    expect(saidOf(village, 'announce', ann)).toHaveLength(1);
  });
});

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
      const batch: GossipMessage = {
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
      expect(ann.gossip.waiting(HOURS).records).toBe(0);
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
    ann.carry(ann.gossip.import(0, HOURS, claims));
    village.settle();
    expect([...ann.stored.keys()]).toEqual([genuine.id]);
    expect(orderOf(ben)).toEqual([genuine.id]);
  });
});

describe('a record above a hole', () => {
  const [first, second, third] = chain(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];

  it('waits, is not delivered and moves no clock; its announcer is asked first, then others', () => {
    const village = createVillage({ names: ['ann', 'ben', 'cem'] });
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    village.connectAll();
    village.drops = ({ from }) => from === ann.did;
    ann.hears(ben.did, announce(third));
    expect([ann.delivered, ann.gossip.waiting(HOURS)]).toEqual([
      [],
      { records: 1, missing: [second.id] },
    ]);
    expect(ann.gossip.knowledge(HOURS)?.clock()).toEqual(new Map());
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
    expect(ann.gossip.knowledge(HOURS)?.clock()).toEqual(new Map([[mallory.did, 3]]));
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
    expect(ann.gossip.waiting(HOURS).records).toBe(1);
    village.advance(600_000);
    expect(requestsTo(village, mallory.did).length).toBeLessThan(2 * 12);
    expect(ann.gossip.waiting(HOURS)).toEqual({ records: 0, missing: [] });
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
    const answer = (nonce: string): GossipMessage => ({
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

describe('a lying digest', () => {
  const lies: { readonly [what: string]: { readonly [author: string]: number } } = {
    'a count of 2^53-1': { [mallory.did]: Number.MAX_SAFE_INTEGER },
    'an unknown author': { 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH': 5 },
    'a thousand authors': Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`did:key:z6Mk${index}`, 9]),
    ),
  };
  for (const [what, clock] of Object.entries(lies)) {
    it(`that claims ${what} costs one pull and moves no clock`, () => {
      const { village, ann } = facing();
      const own = ann.publish();
      ann.hears(mallory.did, digestOf(clock, what));
      const [pull, ...more] = pullsTo(village, mallory.did);
      expect(more).toEqual([]);
      expect(pull!.ranges.length).toBeLessThanOrEqual(256);
      for (const { from, to } of pull!.ranges) expect(to - from).toBeLessThanOrEqual(100_000);
      const empty = { records: [], done: true, truncated: false, nonce: pull!.nonce };
      ann.hears(mallory.did, { type: 'pull-response', topic: HOURS, ...empty });
      expect(pullsTo(village, mallory.did)).toHaveLength(1);
      expect(ann.gossip.knowledge(HOURS)?.clock()).toEqual(new Map([[ann.did, 1]]));
      expect(orderOf(ann)).toEqual([own.id]);
    });
  }

  it('is answered with nothing by an honest peer, in one frame', () => {
    const { village, ann } = facing();
    ann.publish();
    const ranges = [{ author: ann.did, from: 2, to: Number.MAX_SAFE_INTEGER }];
    const nonce = nonceOf('greedy');
    ann.hears(mallory.did, { type: 'pull-request', topic: HOURS, ranges, maxBytes: 1, nonce });
    expect(saidOf(village, 'pull-response')).toEqual([
      { type: 'pull-response', topic: HOURS, records: [], done: true, truncated: false, nonce },
    ]);
  });

  it('does not keep honest peers waiting: their turn comes when the liar is silent', () => {
    const { village, ann, joins } = facing();
    joins(trudy.did);
    ann.hears(mallory.did, digestOf({ [mallory.did]: 9 }, 'a'));
    ann.hears(trudy.did, digestOf({ [trudy.did]: 1 }, 'b'));
    expect(pullsTo(village, trudy.did)).toEqual([]);
    village.advance(village.settings.pullTimeoutMs);
    expect(pullsTo(village, trudy.did)).toHaveLength(1);
    expect(ann.logged.get('pull_timed_out')).toBe(1);
  });

  it('repeated in a burst is dropped beyond three, and then heard once every five seconds', () => {
    const { village, ann } = facing();
    const say = (nonce: string) => ann.hears(mallory.did, digestOf({}, nonce));
    for (let index = 0; index < 50; index++) say(`burst ${index}`);
    expect(ann.logged.get('digest_too_often')).toBe(47);
    for (let second = 1; second <= 60; second++) {
      village.advance(1_000);
      say(`second ${second}`);
    }
    expect(ann.logged.get('digest_too_often')).toBe(47 + 60 - 12);
  });
});

describe('a pull', () => {
  it('brings a late joiner everything in few messages', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    ann.carry(ann.gossip.import(0, HOURS, chain(mallory, 1_000).map(asJson)));
    village.connect(ann, ben);
    village.settle();
    expect(orderOf(ben)).toEqual(orderOf(ann));
    expect(ben.delivered).toHaveLength(1_000);
    // 1 000 records need four lots of 256; the rest is Hello, digests and one request.
    expect(village.said.length).toBeLessThan(16);
  });

  it('goes on after a truncated answer, and ends', () => {
    const village = createVillage({ names: ['ann', 'ben'], settings: { pullBytesMax: 2_000 } });
    const [ann, ben] = village.members as [Member, Member];
    ann.carry(ann.gossip.import(0, HOURS, chain(mallory, 60).map(asJson)));
    village.connect(ann, ben);
    village.settle();
    expect(orderOf(ben)).toEqual(orderOf(ann));
    expect(
      saidOf(village, 'pull-response').filter(({ truncated }) => truncated).length,
    ).toBeGreaterThan(9);
    const before = saidOf(village, 'pull-request').length;
    village.advance(300_000);
    expect(saidOf(village, 'pull-request')).toHaveLength(before);
  });

  it('whose peer leaves is asked of another at once', () => {
    const { village, ann } = courted();
    expect(pullsTo(village, trudy.did)).toEqual([]);
    ann.carry(ann.gossip.disconnected(village.now(), mallory.did));
    expect(pullsTo(village, trudy.did)).toHaveLength(1);
  });

  it('cannot be held open by frames that bring nothing', () => {
    const { village, ann } = courted();
    const { nonce } = pullsTo(village, mallory.did)[0]!;
    const nothing = { records: [], done: false, truncated: false, nonce };
    for (let second = 0; second < 12; second++) {
      village.advance(1_000);
      ann.hears(mallory.did, { type: 'pull-response', topic: HOURS, ...nothing });
    }
    expect(pullsTo(village, trudy.did)).toHaveLength(1);
  });

  it('cannot be held open for ever by frames that bring a little', () => {
    const { village, ann } = courted();
    const { nonce } = pullsTo(village, mallory.did)[0]!;
    for (const record of chain(mallory, 40)) {
      village.advance(1_000);
      const drop = { records: [asJson(record)], done: false, truncated: false, nonce };
      ann.hears(mallory.did, { type: 'pull-response', topic: HOURS, ...drop });
    }
    expect(pullsTo(village, trudy.did).length).toBeGreaterThan(0);
  });

  it('of one topic times out in its time, however busy another topic is', () => {
    const { village, ann, joins } = facing();
    joins(trudy.did);
    const euros = (nonce: string): Digest => ({
      ...digestOf({ [quinn.did]: 9 }, nonce),
      topic: 'ledger:euros',
    });
    ann.hears(mallory.did, digestOf({ [quinn.did]: 9 }, 'hours'));
    for (let round = 0; round < 4; round++) {
      village.advance(2_000);
      ann.hears(trudy.did, euros(`euros ${round}`));
      const pull = pullsTo(village, trudy.did).at(-1)!;
      const empty = { records: [], done: true, truncated: false, nonce: pull.nonce };
      ann.hears(trudy.did, { type: 'pull-response', topic: 'ledger:euros', ...empty });
    }
    expect(ann.logged.get('pull_timed_out')).toBe(1);
  });

  it('is answered in frames that can be encoded, whatever script the memos are written in', () => {
    const { village, ann } = facing();
    const wide = chain(trudy, 300, { memo: '漢'.repeat(1_365) });
    ann.carry(ann.gossip.import(0, HOURS, wide.map(asJson)));
    const ranges = [{ author: trudy.did, from: 1, to: 300 }];
    const nonce = nonceOf('wide');
    ann.hears(mallory.did, {
      type: 'pull-request',
      topic: HOURS,
      ranges,
      maxBytes: 1 << 30,
      nonce,
    });
    const frames = createFrames({ content });
    const answers = saidOf(village, 'pull-response');
    expect(answers.length).toBeGreaterThan(0);
    const sizes = answers.map((answer) => frames.encode(answer).length);
    // The asker is a stranger: 64 KiB and what one frame adds.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(66_000);
  });

  it('of many wide records by a partner comes in frames that can be encoded', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const wide = chain(trudy, 300, { memo: '漢'.repeat(1_365) });
    ann.carry(ann.gossip.import(0, HOURS, wide.map(asJson)));
    village.connect(ann, ben);
    village.settle();
    expect(orderOf(ben)).toEqual(orderOf(ann));
    const frames = createFrames({ content });
    for (const answer of saidOf(village, 'pull-response')) {
      expect(frames.encode(answer).length).toBeLessThan(700_000);
    }
  });

  it('is answered within the budget of the asker, and so is a request by id', () => {
    const { village, ann } = facing();
    const many = chain(trudy, 200, { memo: 'x'.repeat(4_000) });
    ann.carry(ann.gossip.import(0, HOURS, many.map(asJson)));
    const ids = many.map(idOf);
    ann.hears(mallory.did, { type: 'request', topic: HOURS, ids: [...ids, ids[0]!, ids[0]!] });
    const answers = saidOf(village, 'response');
    const sent = answers.flatMap(({ records }) => records);
    expect(sent.length).toBeGreaterThan(5);
    expect(JSON.stringify(sent).length).toBeLessThan(66_000);
    expect(answers.flatMap(({ missing }) => missing)).toEqual([]);
  });
});

describe('more authors than a digest can name', () => {
  /** Logs of many authors, the first records of each. */
  const logOf = (count: number) => {
    const log = createTopicLog(HOURS);
    for (let index = 0; index < count; index++) {
      const author = `did:key:z6Mk-${index}` as Did;
      const id = inventedId(`first of ${index}`);
      log.add({
        id,
        author,
        sequence: 1,
        previous: null,
        parents: [],
        timestamp: 0,
      } as unknown as SignedRecord);
    }
    return log;
  };

  it('are all named in turn, so that a hole anywhere is found', () => {
    const count = 2 * CLOCK_COMPONENTS_MAX + 100;
    const reconciliation = createReconciliation({ content });
    const log = logOf(count);
    const named = new Set<string>();
    for (let digest = 0; digest < 3; digest++) {
      const { clock } = reconciliation.summarise(log);
      expect(Object.keys(clock)).toHaveLength(CLOCK_COMPONENTS_MAX);
      for (const author of Object.keys(clock)) named.add(author);
    }
    expect(named.size).toBe(count);
  });

  it('are no reason to talk without end: two who hold the same find nothing to tell', () => {
    const [left, right] = [logOf(1_500), logOf(1_500)];
    const summary = createReconciliation({ content }).summarise(left);
    const { behind, ahead } = createReconciliation({ content }).compare(right, summary);
    expect({ behind, ahead }).toEqual({ behind: false, ahead: false });
  });
});

describe('forks', () => {
  it('of which each side knows one branch are found by the fingerprint: both end with both', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const first = write(mallory);
    const [left, right] = siblings(mallory, 2, { after: first }) as [SignedRecord, SignedRecord];
    ann.carry(ann.gossip.import(0, HOURS, [first, left].map(asJson)));
    ben.carry(ben.gossip.import(0, HOURS, [first, right].map(asJson)));
    village.connectAll();
    village.advance(60_000);
    expect(orderOf(ann)).toEqual(orderOf(ben));
    expect(orderOf(ann)).toHaveLength(3);
    for (const member of [ann, ben]) {
      expect(member.gossip.knowledge(HOURS)?.forked()).toEqual([mallory.did]);
      expect(member.logged.get('fork_detected')).toBe(1);
    }
    const before = village.said.length;
    village.advance(800_000);
    // Nothing differs: about ten digests each at the slowest cadence, twice for two topics.
    expect(village.said.length - before).toBeLessThan(60);
  });

  it('are found although the clocks never agree: the larger branch is the one that must go', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const longer = write(mallory, { after: c });
    ann.carry(ann.gossip.import(0, HOURS, [a, b].map(asJson)));
    ben.carry(ben.gossip.import(0, HOURS, [a, c, longer].map(asJson)));
    village.connectAll();
    village.advance(60_000);
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    expect(orderOf(ben)).toEqual([a.id, b.id]);
  });

  it('of more authors than fit into one offer are all found', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const pairs = Array.from({ length: 200 }, (_, index) =>
      siblings(signerOf(`forger ${index}`), 2),
    );
    const known = pairs.map((pair) => pair[0]!);
    ann.carry(ann.gossip.import(0, HOURS, pairs.flat().map(asJson)));
    ben.carry(ben.gossip.import(0, HOURS, known.map(asJson)));
    village.connectAll();
    village.advance(400_000);
    expect(orderOf(ben)).toEqual(orderOf(ann));
  });

  /**
   * Histories with forks in them: two forgers and two honest authors. Each move is an author, the place
   * of the record it follows among its own (a fork unless it is the last), and what it has seen.
   */
  const forkedMoves = fc.array(
    fc.record({ author: fc.nat(3), after: fc.option(fc.nat(9)), sees: fc.option(fc.nat(9)) }),
    { minLength: 6, maxLength: 14 },
  );

  const historyOf = (
    moves: readonly { author: number; after: number | null; sees: number | null }[],
  ): SignedRecord[] => {
    const authors = [mallory, trudy, quinn, signerOf('honest')];
    const written: SignedRecord[] = [];
    moves.forEach(({ author: index, after, sees }, move) => {
      const author = authors[index]!;
      const own = written.filter((record) => record.author === author.did);
      const others = written.filter((record) => record.author !== author.did);
      const honest = index >= 2;
      const previous =
        honest || after === null ? own.at(-1) : [...own, undefined][after % (own.length + 1)];
      const seen = sees === null || others.length === 0 ? [] : [others[sees % others.length]!];
      written.push(write(author, { after: previous, seeing: seen, memo: `${move}` }));
    });
    return written;
  };

  /** A record and all that it rests on. */
  const pastOf = (record: SignedRecord, all: readonly SignedRecord[]): SignedRecord[] => {
    const past = new Set([record]);
    for (const { previous, parents } of past) {
      for (const each of all) if (each.id === previous || parents.includes(each.id)) past.add(each);
    }
    return [...past];
  };

  /** Everything that the rule keeps, told plainly: take away surplus until nothing is left to take. */
  const keptOf = (all: readonly SignedRecord[]): ReadonlySet<RecordId> => {
    const kept = new Map(all.map((record) => [record.id, record]));
    const rests = (root: RecordId): SignedRecord[] => {
      const found = new Set([root]);
      for (const id of found) {
        for (const record of kept.values()) {
          if ([record.previous, ...record.parents].includes(id)) found.add(record.id);
        }
      }
      return [...found].map((id) => kept.get(id)!);
    };
    const surplus = (record: SignedRecord): boolean => {
      const smaller = [...kept.values()].filter(
        (other) =>
          other.author === record.author &&
          other.previous === record.previous &&
          other.id < record.id,
      );
      return (
        smaller.length >= 2 && rests(record.id).every(({ author }) => author === record.author)
      );
    };
    for (;;) {
      const found = [...kept.values()].find(surplus);
      if (!found) return new Set(kept.keys());
      for (const { id } of rests(found.id)) kept.delete(id);
    }
  };

  it('keep the two smallest children and those that others rest on, on every node, in any order', () => {
    fc.assert(
      fc.property(forkedMoves, fc.nat(1_000), (moves, seed) => {
        const history = historyOf(moves);
        const random = createRandom(`${seed}`);
        const village = createVillage({ names: ['ann', 'ben', 'cem'], seed: `${seed}` });
        const takes = (member: Member, given: readonly SignedRecord[]): void =>
          member.carry(member.gossip.import(village.now(), HOURS, given.map(asJson)));
        // Every record has a home: whoever signs on top of others holds them, and insists.
        const insist = (): void =>
          village.members.forEach((member, index) => {
            for (const record of random.shuffle(history.filter((_, at) => at % 3 === index))) {
              for (const _ of history) takes(member, random.shuffle(pastOf(record, history)));
            }
          });
        // And everybody has heard a share of the rest, in an order of its own.
        for (const member of village.members) {
          for (const record of random.shuffle(history)) {
            if (random.next() < 0.5) takes(member, [record]);
          }
        }
        insist();
        village.connectAll();
        village.advance(600_000);
        expect(new Set(village.members.map((member) => orderOf(member).join())).size).toBe(1);
        insist();
        village.advance(600_000);
        const expected = keptOf(history);
        for (const member of village.members) {
          expect([...orderOf(member)].sort()).toEqual([...expected].sort());
          expect([...member.stored.keys()].sort()).toEqual([...expected].sort());
          expect(member.gossip.waiting(HOURS).records).toBe(0);
        }
        expect(new Set(village.members.map((member) => orderOf(member).join())).size).toBe(1);
      }),
      { numRuns: 60 },
    );
  });

  it('keep nothing for the sake of a record that is itself given up, in any order', () => {
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const many = [write(trudy, { seeing: [c] }), ...siblings(trudy, 12)];
    const builder = many[0]!;
    const smaller = many.filter(({ id }) => id < builder.id).slice(0, 2);
    expect(smaller).toHaveLength(2);
    const wanted = [a, b, ...smaller].map(idOf).sort();
    for (const order of [
      [c, builder, a, b, ...smaller],
      [c, builder, ...smaller, a, b],
      [...smaller, a, b, builder, c],
      [a, c, builder, smaller[0]!, b, smaller[1]!],
    ]) {
      const { ann } = facing();
      for (const record of order) ann.carry(ann.gossip.import(0, HOURS, [asJson(record)]));
      expect([...orderOf(ann)].sort()).toEqual(wanted);
      expect([...ann.stored.keys()].sort()).toEqual(wanted);
    }
  });

  it('ask again at once for a child that was refused before somebody could build on it', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const late = write(quinn);
    const builder = write(trudy, { seeing: [c, late] });
    village.drops = () => true;
    ben.carry(ben.gossip.import(0, HOURS, [c, late, builder, a, b].map(asJson)));
    ann.hears(ben.did, announce(a, b, builder));
    ann.hears(ben.did, {
      type: 'response',
      topic: HOURS,
      records: [asJson(c)],
      missing: [],
    });
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    village.drops = ({ message }) => message.type === 'digest';
    ann.hears(ben.did, announce(late));
    village.advance(4_000);
    expect([...orderOf(ann)].sort()).toEqual([a, b, c, late, builder].map(idOf).sort());
  });

  it('ask again for a child that was given up while somebody who builds on it waited', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const late = write(quinn);
    const builder = write(trudy, { seeing: [c, late] });
    village.drops = () => true;
    ben.carry(ben.gossip.import(0, HOURS, [c, late, builder, a, b].map(asJson)));
    ann.hears(ben.did, announce(c, builder, a, b));
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    ann.hears(ben.did, announce(late));
    expect(ann.gossip.waiting(HOURS)).toEqual({ records: 1, missing: [c.id] });
    // Digests alone would not help: what is wanted is renewed with each.
    village.drops = ({ message }) => message.type === 'digest';
    village.advance(30_000);
    expect([...orderOf(ann)].sort()).toEqual([a, b, c, late, builder].map(idOf).sort());
  });

  it('of a million children cost the place of two', () => {
    const { ann } = facing();
    const children = siblings(mallory, 300);
    for (const record of children.toReversed()) ann.hears(mallory.did, announce(record));
    expect(orderOf(ann)).toEqual(children.slice(0, 2).map(idOf));
    expect([...ann.stored.keys()].sort()).toEqual(children.slice(0, 2).map(idOf));
    expect(ann.gossip.waiting(HOURS).records).toBe(0);
  });

  it('are not widened by a record that never becomes whole: what it rests on is not kept for it', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const [a, b, c] = siblings(mallory, 3) as [SignedRecord, SignedRecord, SignedRecord];
    const orphan = write(trudy, { seeing: [c, { id: inventedId('never') }] });
    const misfit = write(quinn, { seeing: [c], sequence: 2, previous: a.id });
    ann.hears(ben.did, announce(a, b, orphan, misfit));
    for (const id of [c.id]) {
      expect(saidOf(village, 'request', ann).flatMap(({ ids }) => ids)).toContain(id);
    }
    ann.hears(ben.did, { type: 'response', topic: HOURS, records: [asJson(c)], missing: [] });
    village.advance(100_000);
    expect(orderOf(ann)).toEqual([a.id, b.id]);
    expect(orderOf(ben)).toEqual(orderOf(ann));
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
      expect(ann.gossip.waiting(HOURS).records).toBeLessThanOrEqual(waitingMax / 4 + 1);
    }
    const { records: waiting, missing } = ann.gossip.waiting(HOURS);
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
    for (let index = 0; index < WANTS_MAX + 500; index++)
      wants.add(HOURS, inventedId(`${index}`), peer);
    expect(wants.size).toBe(WANTS_MAX);
    let now = 0;
    for (; wants.size > 0 && now < 600_000; now += 1_000) {
      const { asks } = wants.due(
        now,
        () => [peer],
        () => false,
      );
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

describe('the cadence of digests', () => {
  const delays = (member: Member): number[] =>
    member.scheduled
      .filter(({ timer }) => timer === `digest ${HOURS}`)
      .map(({ delayMs }) => delayMs);

  it('backs off from 10 s to 80 s while nothing changes, each shifted by at most 2 s', () => {
    const village = villageOf('ann');
    village.advance(600_000);
    const [ann] = village.members as [Member];
    const bases = [10_000, 20_000, 40_000, 80_000, 80_000, 80_000, 80_000];
    const seen = delays(ann).slice(0, bases.length);
    seen.forEach((delayMs, index) =>
      expect(Math.abs(delayMs - bases[index]!)).toBeLessThanOrEqual(2_000),
    );
    expect(new Set(seen.map((delayMs, index) => delayMs - bases[index]!)).size).toBeGreaterThan(3);
  });

  it('starts anew when something changes, and is never put off by changes', () => {
    const village = villageOf('ann ben');
    const [ann] = village.members as [Member, Member];
    village.advance(300_000);
    const before = saidOf(village, 'digest', ann).filter(({ topic }) => topic === HOURS).length;
    for (let change = 0; change < 100; change++) {
      ann.publish();
      village.advance(500);
    }
    const during = saidOf(village, 'digest', ann).filter(({ topic }) => topic === HOURS).length;
    // 50 s at about 10 s.
    expect(during - before).toBeGreaterThanOrEqual(4);
    expect(during - before).toBeLessThanOrEqual(7);
  });

  it('never ends: an hour of silence later a lost push is still repaired', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    village.advance(3_600_000);
    village.drops = () => true;
    const record = ann.publish();
    village.advance(60_000);
    village.drops = () => false;
    village.advance(82_000);
    expect(orderOf(ben)).toEqual([record.id]);
  });
});

describe('our own digests', () => {
  it('come no oftener than every peer may be sure of, however much there is to say', () => {
    const { village, ann } = facing();
    const orphans = Array.from({ length: 300 }, (_, index) =>
      write(mallory, { sequence: 2, previous: inventedId(`${index}`) }),
    );
    ann.hears(mallory.did, announce(...orphans.slice(0, 200)));
    for (const orphan of orphans.slice(200)) {
      ann.hears(mallory.did, announce(orphan));
      village.advance(500);
    }
    // 50 s: two at once, and one every five seconds after that.
    const digests = saidOf(village, 'digest').filter(({ topic }) => topic === HOURS).length;
    expect(digests).toBeGreaterThan(5);
    expect(digests).toBeLessThanOrEqual(2 + 10);
  });
});

describe('subscriptions', () => {
  it('are said until they are confirmed, and not after', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    village.drops = ({ message }) => message.type === 'subscribe-ack';
    village.connect(ann, ben);
    village.advance(9_000);
    expect(saidOf(village, 'subscribe', ann)).toHaveLength(5);
    village.drops = () => false;
    village.advance(60_000);
    expect(saidOf(village, 'subscribe', ann)).toHaveLength(6);
  });

  it('of unknown topics are refused by name', () => {
    const { village, ann } = facing();
    ann.hears(mallory.did, { type: 'subscribe', topics: ['ledger:beans', HOURS] });
    expect(saidOf(village, 'subscribe-ack').at(-1)?.topics).toEqual([
      { topic: 'ledger:beans', status: 'topic_unknown' },
      { topic: HOURS, status: 'subscribed' },
    ]);
    ann.hears(mallory.did, { ...digestOf({}, 'x'), topic: 'ledger:beans' });
    expect(ann.logged.get('topic_unknown')).toBe(1);
  });
});
