import { describe, expect, it } from 'vitest';
import { create as createFrames } from '#reference/frames/frames.ts';
import { courted, digestOf, facing, mallory, pullsTo, trudy } from '#test/support/facing.ts';
import {
  HOURS,
  asJson,
  chain,
  content,
  createVillage,
  idOf,
  nonceOf,
  orderOf,
  saidOf,
  type Member,
} from '#test/support/village.ts';

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
      expect(ann.gossip.knowledge.clock()).toEqual(new Map([[ann.did, 1]]));
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
    ann.carry(ann.gossip.import(0, chain(mallory, 1_000).map(asJson)));
    village.connect(ann, ben);
    village.settle();
    expect(orderOf(ben)).toEqual(orderOf(ann));
    expect(ben.delivered).toHaveLength(1_000);
    // 1 000 records need four lots of 256; the rest is digests and one request.
    expect(village.said.length).toBeLessThan(10);
  });

  it('goes on after a truncated answer, and ends', () => {
    const village = createVillage({ names: ['ann', 'ben'], settings: { pullBytesMax: 2_000 } });
    const [ann, ben] = village.members as [Member, Member];
    ann.carry(ann.gossip.import(0, chain(mallory, 60).map(asJson)));
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
    ann.carry(ann.gossip.left(village.now(), mallory.did));
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

  it('is answered within the bytes that it asks for, and says that there is more', () => {
    const { village, ann } = facing();
    const wide = chain(trudy, 300, { memo: '漢'.repeat(1_365) });
    ann.carry(ann.gossip.import(0, wide.map(asJson)));
    const ranges = [{ author: trudy.did, from: 1, to: 300 }];
    const nonce = nonceOf('wide');
    const bounds = { ranges, maxBytes: 65_536, nonce };
    ann.hears(mallory.did, { type: 'pull-request', topic: HOURS, ...bounds });
    const [answer, ...more] = saidOf(village, 'pull-response');
    expect(more).toEqual([]);
    expect(answer).toMatchObject({ done: true, truncated: true, nonce });
    const bytes = Buffer.byteLength(JSON.stringify(answer!.records));
    expect(bytes).toBeGreaterThan(55_000);
    expect(bytes).toBeLessThan(66_000);
  });

  it('of many wide records comes whole, in frames that can be encoded', () => {
    const village = createVillage({ names: ['ann', 'ben'] });
    const [ann, ben] = village.members as [Member, Member];
    const wide = chain(trudy, 300, { memo: '漢'.repeat(1_365) });
    ann.carry(ann.gossip.import(0, wide.map(asJson)));
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
    ann.carry(ann.gossip.import(0, many.map(asJson)));
    const ids = many.map(idOf);
    ann.hears(mallory.did, { type: 'request', topic: HOURS, ids: [...ids, ids[0]!, ids[0]!] });
    const answers = saidOf(village, 'response');
    const sent = answers.flatMap(({ records }) => records);
    expect(sent.length).toBeGreaterThan(5);
    expect(JSON.stringify(sent).length).toBeLessThan(66_000);
    expect(answers.flatMap(({ missing }) => missing)).toEqual([]);
  });
});
