/** Searches over gossip: what clocks hide, who is answered, and how long anybody waits. */
import { describe, expect, it } from 'vitest';
import type { PullRequest, PullResponse, TopicMessage } from '#contracts/messages.ts';
import type { Reconciliation } from '#contracts/reconciliation.ts';
import { fill } from '#reference/reconciliation/filter.ts';
import { create as createPlain } from '#reference/reconciliation/plain.ts';
import { create as createFull } from '#reference/reconciliation/reconciliation.ts';
import { courted, digestOf, facing, mallory, pullsTo, trudy } from '#test/support/facing.ts';
import { saltOf } from '#test/support/holdings.ts';
import {
  HOURS,
  asJson,
  chain,
  content,
  createVillage,
  inventedId,
  nonceOf,
  orderOf,
  saidOf,
  type Member,
  type Village,
} from '#test/support/village.ts';

const plain = () => createPlain({ content });
const full = () => createFull({ content });
const bothOf = (village: Village) => village.members as [Member, Member];

/** Two members with the same chains of Trudy, and each with a branch of Mallory that the other lacks. */
const torn = (length: number, options: Partial<Parameters<typeof createVillage>[0]> = {}) => {
  const village = createVillage({ names: ['ann', 'ben'], ...options });
  const [ann, ben] = bothOf(village);
  const common = chain(trudy, 50).map(asJson);
  for (const member of [ann, ben]) member.carry(member.gossip.import(0, common));
  ann.carry(ann.gossip.import(0, chain(mallory, length, { memo: 'one' }).map(asJson)));
  ben.carry(ben.gossip.import(0, chain(mallory, length, { memo: 'two' }).map(asJson)));
  return { village, ann, ben };
};

describe('branches that clocks hide', () => {
  it('are pulled with a filter, causes first, without anybody asking by id', () => {
    const { village, ann, ben } = torn(120);
    // Offers would find them too.
    village.drops = ({ message }) => message.type === 'announce';
    village.connect(ann, ben);
    village.settle();
    village.advance(30_000);
    expect(orderOf(ann)).toEqual(orderOf(ben));
    expect(orderOf(ann)).toHaveLength(50 + 240);
    const pulls = saidOf(village, 'pull-request');
    expect(pulls.every(({ filter, ranges }) => filter !== undefined && ranges.length === 0)).toBe(
      true,
    );
    expect(saidOf(village, 'request').flatMap(({ ids }) => ids).length).toBeLessThan(5);
  });

  for (const [what, reconciliationOf] of [
    ['a plain and a full', (index: number) => (index === 0 ? plain() : full())],
    ['a full and a plain', (index: number) => (index === 0 ? full() : plain())],
    ['two plain', plain],
  ] as const) {
    it(`are found between ${what} reconciliation too`, () => {
      const { village, ann, ben } = torn(20, { reconciliationOf });
      village.connect(ann, ben);
      village.advance(300_000);
      expect(orderOf(ann)).toEqual(orderOf(ben));
      expect(orderOf(ann)).toHaveLength(50 + 40);
    });
  }

  /** Ann writes all the time and Ben never catches up, so that their clocks agree at no moment. */
  const restless = (reconciliationOf: () => Reconciliation) => {
    const { village, ann, ben } = torn(3, { reconciliationOf });
    village.drops = ({ message }) =>
      (message.type === 'announce' && message.records.length > 0) ||
      (message.type === 'pull-request' && message.ranges.length > 0);
    ann.publish();
    village.connect(ann, ben);
    for (let second = 0; second < 300; second++) {
      ann.publish();
      village.advance(1_000);
    }
    return [ann, ben].map(({ gossip }) => gossip.knowledge.run(mallory.did, 1, 3).length);
  };

  it('are found in a topic that is never at rest', () => {
    expect(restless(full)).toEqual([6, 6]);
  });

  it('are what the plain version does not find there: it waits for a quiet moment', () => {
    expect(restless(plain)).toEqual([3, 3]);
  });

  it('come over many answers, and over a peer that asks for patience', () => {
    const { village, ann, ben } = torn(150, { settings: { pullBytesMax: 10_000 } });
    let deferred = 0;
    village.drops = ({ message }) => message.type === 'announce';
    village.connect(ann, ben);
    // Every fifth pull is answered as by a node whose allowance for us is spent.
    const hears = ben.hears.bind(ben);
    ben.hears = (from, message) => {
      if (message.type !== 'pull-request' || ++deferred % 5 > 0) return hears(from, message);
      const { topic, nonce } = message;
      const answer = { type: 'pull-response', topic, records: [], done: true } as const;
      ann.hears(ben.did, { ...answer, truncated: true, waitMs: 700, nonce });
      return [];
    };
    village.settle();
    village.advance(60_000);
    expect(deferred).toBeGreaterThan(5);
    for (const id of orderOf(ben)) expect(ann.gossip.knowledge.has(id)).toBe(true);
    expect(ann.logged.get('pull_timed_out')).toBeUndefined();
  });
});

describe('somebody who asks for patience', () => {
  const later = (pull: PullRequest, waitMs: number): PullResponse => {
    const { topic, nonce } = pull;
    return {
      type: 'pull-response',
      topic,
      records: [],
      done: true,
      truncated: true,
      waitMs,
      nonce,
    };
  };

  it('is asked again then and not before, and others meanwhile', () => {
    const { village, ann } = courted();
    ann.hears(mallory.did, later(pullsTo(village, mallory.did)[0]!, 2_000));
    expect(pullsTo(village, trudy.did)).toHaveLength(1);
    ann.hears(trudy.did, later(pullsTo(village, trudy.did)[0]!, 8_000));
    village.advance(1_900);
    expect(pullsTo(village, mallory.did)).toHaveLength(1);
    village.advance(200);
    expect(pullsTo(village, mallory.did)).toHaveLength(2);
  });

  it('is not waited for longer than a minute', () => {
    const { village, ann } = facing();
    ann.hears(mallory.did, digestOf({ [mallory.did]: 1 }, 'a'));
    ann.hears(mallory.did, later(pullsTo(village, mallory.did)[0]!, 1e9));
    village.advance(60_100);
    expect(pullsTo(village, mallory.did)).toHaveLength(2);
  });
});

describe('a replay (F12)', () => {
  it('of a whole conversation, three times over, changes nothing and costs a bounded answer', () => {
    const { village, ann, ben } = torn(30);
    village.connect(ann, ben);
    village.advance(20_000);
    const before = [orderOf(ann), orderOf(ben)];
    const recorded = village.said.slice();
    const said = village.said.length;
    for (let time = 0; time < 3; time++) {
      for (const { from, to, message } of recorded) {
        (to === ann.did ? ann : ben).hears(from, message);
      }
      village.settle();
    }
    expect([orderOf(ann), orderOf(ben)]).toEqual(before);
    const digests = recorded.filter(({ message }) => message.type === 'digest').length;
    const repeated = [ann, ben].map(({ logged }) => logged.get('digest_repeated') ?? 0);
    expect(repeated[0]! + repeated[1]!).toBe(3 * digests);
    // Each recorded question is answered again, and nothing follows from the answer.
    const questions = recorded.filter(({ message }) => message.type.endsWith('request')).length;
    expect(village.said.length - said).toBeLessThanOrEqual(3 * questions);
  });

  it('of a digest is refused for as long as 64 others have not been heard', () => {
    const { village, ann } = facing();
    const first = digestOf({}, 'first');
    ann.hears(mallory.did, first);
    for (let index = 0; index < 63; index++) {
      village.advance(5_000);
      ann.hears(mallory.did, digestOf({}, `later ${index}`));
      ann.hears(mallory.did, first);
    }
    expect(ann.logged.get('digest_repeated')).toBe(63);
    expect(ann.logged.get('digest_too_often')).toBeUndefined();
  });
});

describe('nonces (F13)', () => {
  it('that one peer says twice are one digest, whatever the second says', () => {
    const { village, ann } = facing();
    ann.hears(mallory.did, digestOf({ [trudy.did]: 1 }, 'same'));
    const asked = pullsTo(village, mallory.did).length;
    ann.hears(mallory.did, digestOf({ [trudy.did]: 9 }, 'same'));
    expect(ann.logged.get('digest_repeated')).toBe(1);
    expect(pullsTo(village, mallory.did)).toHaveLength(asked);
  });

  it('that two peers choose alike are two: each digest is heard', () => {
    const { ann, joins } = facing();
    joins(trudy.did);
    ann.hears(mallory.did, digestOf({}, 'same'));
    ann.hears(trudy.did, digestOf({}, 'same'));
    expect(ann.logged.get('digest_repeated')).toBeUndefined();
  });

  it('of an open pull count for the peer that was asked, once', () => {
    const { village, ann } = courted();
    const { nonce } = pullsTo(village, mallory.did)[0]!;
    const [first, second] = chain(mallory, 2);
    const answer = (record: typeof first) =>
      ({
        type: 'pull-response',
        topic: HOURS,
        records: [asJson(record!)],
        done: true,
        truncated: false,
        nonce,
      }) as const;
    ann.hears(trudy.did, answer(first));
    expect(orderOf(ann)).toEqual([]);
    ann.hears(mallory.did, answer(first));
    ann.hears(mallory.did, answer(second));
    expect(orderOf(ann)).toEqual([first!.id]);
    expect(ann.logged.get('response_unsolicited')).toBe(2);
  });
});

describe('a hostile question', () => {
  const bounds = { type: 'pull-request', topic: HOURS, maxBytes: 28_000, ranges: [] } as const;
  const salt = saltOf('hostile');
  const honest = fill([], salt);
  const branch = 'A'.repeat(86);
  const held = chain(trudy, 160).map(asJson);
  const questions: { readonly [what: string]: Partial<PullRequest> } = {
    'with a filter that claims everything': {
      filter: { ...honest, data: Buffer.alloc(8, 255).toString('base64url') },
    },
    'with a filter that claims a million': { filter: { ...honest, count: 1_000_000 } },
    'with ranges within ranges': {
      claims: { salt, branches: {}, leaves: { '': '', a: '', ab: '' } },
    },
    'with half a branch': { claims: { salt, branches: { a: 'AAAA' }, leaves: {} } },
    'with half a name': { claims: { salt, branches: {}, leaves: { a: 'AA' } } },
    'with a salt that is none': { claims: { salt: 'x', branches: { '': branch }, leaves: {} } },
  };
  const asked = (question: Partial<PullRequest>) => {
    const { village, ann } = facing();
    ann.carry(ann.gossip.import(0, held));
    ann.hears(mallory.did, { ...bounds, ...question, nonce: nonceOf('hostile') });
    const [answer] = saidOf(village, 'pull-response');
    return { ann, answer: answer! };
  };
  for (const [what, question] of Object.entries(questions)) {
    it(`${what} is counted and answered with nothing`, () => {
      const { ann, answer } = asked(question);
      expect(answer).toMatchObject({ records: [], done: true, truncated: false });
      expect(ann.logged.get('filter_refused')).toBe(1);
    });
  }

  it('that claims to lack everything is answered within its bytes', () => {
    const { answer } = asked({ claims: { salt, branches: {}, leaves: { '': '' } } });
    expect(JSON.stringify(answer.records).length).toBeLessThan(30_000);
    expect(answer.truncated).toBe(true);
  });

  it('with a cursor that means nothing begins at the beginning; behind the end there is nothing', () => {
    const everything = { claims: { salt, branches: {}, leaves: { '': '' } } };
    const first = asked(everything).answer.records[0];
    for (const cursor of ['', 'x', '-1 z', `1e9 ${inventedId('a')}`, ' '.repeat(128)]) {
      expect(asked({ ...everything, cursor }).answer.records[0]).toEqual(first);
    }
    const end = `999999999999999 ${inventedId('a')}`;
    expect(asked({ ...everything, cursor: end }).answer).toMatchObject({
      records: [],
      truncated: false,
    });
  });

  it('that never ends: a peer whose answers bring nothing is given up', () => {
    const { village, ann } = facing();
    ann.carry(ann.gossip.import(0, chain(trudy, 20).map(asJson)));
    ann.hears(mallory.did, digestOf({ [trudy.did]: 20 }, 'lie'));
    let step = 0;
    for (let pull = pullsTo(village, mallory.did).at(-1); pull && step < 1_000; step++) {
      const cursor = `${step} ${inventedId('a')}`;
      const answer: TopicMessage = {
        type: 'pull-response',
        topic: HOURS,
        records: [],
        done: true,
        truncated: true,
        cursor,
        nonce: pull.nonce,
      };
      ann.hears(mallory.did, answer);
      const next = pullsTo(village, mallory.did).at(-1)!;
      pull = next === pull ? undefined : next;
    }
    expect(step).toBeGreaterThan(10);
    expect(step).toBeLessThan(30);
  });

  it('of a lying filter in a digest is counted, and the rest of the digest is heard', () => {
    const { village, ann } = facing();
    ann.publish();
    const filter = { ...honest, count: 1_000_000 };
    ann.hears(mallory.did, { ...digestOf({ [trudy.did]: 3 }, 'lie'), filter });
    expect(ann.logged.get('filter_refused')).toBe(1);
    expect(pullsTo(village, mallory.did)).toHaveLength(1);
  });
});
