/** Layer 10: what was said comes back, damage never does. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import {
  SNAPSHOT_BYTES_MAX,
  SNAPSHOT_MEMBERS_MAX,
  SNAPSHOT_VERSION,
  type CoordinationState,
} from '#contracts/snapshot.ts';
import { TOPIC_SCOPES, type TopicAccess } from '#contracts/topics.ts';
import { TRUST_CLASSES } from '#contracts/trust.ts';
import { createFormat } from '#reference/snapshot/snapshot.ts';
import { content, didOf, OWNER, snapshot, stateOf } from '#test/support/snapshots.ts';

/** A file with a checksum that fits, whatever is in it: whoever can write the file can do that too. */
const sealed = (text: string, version: number = SNAPSHOT_VERSION): Buffer => {
  const opening = `{"magic":"murmuration/snapshot","version":${version},"length":${Buffer.byteLength(text)}`;
  const sha256 = createHash('sha256').update(`${opening}}\n${text}`).digest('hex');
  return Buffer.from(`${opening},"sha256":"${sha256}"}\n${text}`);
};

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const bodyOf = (bytes: Uint8Array): string => textOf(bytes).split('\n')[1] ?? '';
const damaged = (words = '') => ({
  ok: false,
  status: 'damaged',
  reason: expect.stringContaining(words) as string,
});
const EMPTY: CoordinationState = {
  owner: OWNER,
  topics: [],
  subscriptions: {},
  clocks: {},
  ownTips: {},
};

const did = fc.integer({ min: 0, max: 255 }).map(didOf);
const topic: fc.Arbitrary<Topic> = fc.stringMatching(/^[a-z][a-z0-9-]{0,15}:[A-Za-z0-9_-]{1,20}$/);
const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const dids = fc.uniqueArray(did, { maxLength: 6 }).map((each) => each.toSorted());
const access: fc.Arbitrary<TopicAccess> = fc.oneof(
  fc.constant({ access: 'Public' } as const),
  dids.map((allowed) => ({ access: 'Private', allowed }) as const),
  fc
    .constantFrom(...TRUST_CLASSES)
    .map((minTrust) => ({ access: 'TrustGated', minTrust }) as const),
);
const policy = fc.record(
  {
    topic,
    access,
    scope: fc.constantFrom(...TOPIC_SCOPES),
    retention: fc.record({ recordsMax: positive, ageMsMax: positive }),
  },
  { requiredKeys: ['topic', 'access', 'scope'] },
);
const byTopic = <Value>(value: fc.Arbitrary<Value>) =>
  fc.dictionary(topic, value, { maxKeys: 5, noNullPrototype: true });
const state: fc.Arbitrary<CoordinationState> = fc.record({
  owner: did,
  topics: fc
    .uniqueArray(policy, { selector: (each) => each.topic, maxLength: 6 })
    .map((each) => each.sort((left, right) => (left.topic < right.topic ? -1 : 1))),
  subscriptions: byTopic(dids),
  clocks: byTopic(
    fc
      .uniqueArray(fc.tuple(did, positive), { selector: ([author]) => author })
      .map(Object.fromEntries),
  ),
  ownTips: byTopic(
    fc.record({
      sequence: positive,
      id: fc.stringMatching(/^[0-9a-f]{64}$/) as fc.Arbitrary<RecordId>,
      timestamp: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    }),
  ),
});

describe('a snapshot', () => {
  it('comes back as it was, and equal states have equal bytes', () => {
    fc.assert(
      fc.property(state, (each) => {
        const bytes = snapshot.encode(each);
        const decoded = snapshot.decode(bytes);
        expect(decoded).toEqual({ ok: true, value: each });
        if (decoded.ok) expect(textOf(snapshot.encode(decoded.value))).toBe(textOf(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('does not depend on the order in which something was learnt', () => {
    const shuffled: CoordinationState = {
      ownTips: stateOf(3).ownTips,
      clocks: Object.fromEntries(Object.entries(stateOf(3).clocks).toReversed()),
      topics: stateOf(3).topics.toReversed(),
      subscriptions: Object.fromEntries(
        Object.entries(stateOf(3).subscriptions)
          .toReversed()
          .map(([name, subscribers]) => [name, subscribers.toReversed()]),
      ),
      owner: OWNER,
    };
    expect(textOf(snapshot.encode(shuffled))).toBe(textOf(snapshot.encode(stateOf(3))));
  });

  it('is these bytes: they change with the version alone', () => {
    expect(textOf(snapshot.encode(stateOf(1)))).toMatchInlineSnapshot(`
      "{"magic":"murmuration/snapshot","version":1,"length":1085,"sha256":"267e399687aace0513039237130289c2264419bf3d50f1338552efd1fbeb278a"}
      {"owner":"did:key:z6MkeXBLjYiSvqnhFb6D7sHm8yKm4jV45wwBFRaatf1cfZ76","topics":[{"topic":"garden:plans","access":{"access":"Public"},"scope":"network"},{"topic":"house:keys","access":{"access":"Private","allowed":["did:key:z6MkeXBLjYiSvqnhFb6D7sHm8yKm4jV45wwBFRaatf1cfZ76","did:key:z6Mkeb6dsrBTX95vPgLiZAcgRr6XJthFm1czoqFEx34DQtRo"]},"scope":"local","retention":{"recordsMax":100,"ageMsMax":86400000}},{"topic":"tools:loans","access":{"access":"TrustGated","minTrust":"Partner"},"scope":"network","retention":{"recordsMax":10000,"ageMsMax":2592000000}}],"subscriptions":{"garden:plans":["did:key:z6MkeXBLjYiSvqnhFb6D7sHm8yKm4jV45wwBFRaatf1cfZ76","did:key:z6Mkeb6dsrBTX95vPgLiZAcgRr6XJthFm1czoqFEx34DQtRo"],"house:keys":["did:key:z6MkeXBLjYiSvqnhFb6D7sHm8yKm4jV45wwBFRaatf1cfZ76"]},"clocks":{"garden:plans":{"did:key:z6MkeXBLjYiSvqnhFb6D7sHm8yKm4jV45wwBFRaatf1cfZ76":1},"tools:loans":{"did:key:z6Mkeb6dsrBTX95vPgLiZAcgRr6XJthFm1czoqFEx34DQtRo":7}},"ownTips":{"garden:plans":{"sequence":1,"id":"abababababababababababababababababababababababababababababababab","timestamp":1767225600000}}}"
    `);
  });

  it('has a checksum that a shell can compute', () => {
    const text = textOf(snapshot.encode(stateOf(1)));
    const [, sha256 = ''] = /,"sha256":"([0-9a-f]{64})"/.exec(text) ?? [];
    const rest = text.replace(`,"sha256":"${sha256}"`, '');
    expect(createHash('sha256').update(rest).digest('hex')).toBe(sha256);
  });

  it('is not written where it could not be read again', () => {
    const named = (name: string): CoordinationState => ({
      ...EMPTY,
      subscriptions: { [name]: [] },
    });
    expect(() => snapshot.encode(named('no topic'))).toThrow(/subscriptions/);
    expect(() => snapshot.encode({ ...EMPTY, owner: 'did:key:zX' as Did })).toThrow(/owner/);
    const policy = stateOf(1).topics[0]!;
    expect(() => snapshot.encode({ ...EMPTY, topics: [policy, policy] })).toThrow(/topics/);
    const crowd = Array.from({ length: SNAPSHOT_MEMBERS_MAX + 1 }, (_, index) => [
      `a:${index}`,
      [],
    ]);
    expect(() => snapshot.encode({ ...EMPTY, subscriptions: Object.fromEntries(crowd) })).toThrow(
      /at most 16384/,
    );
  });
});

describe('bit rot (F4)', () => {
  it('is noticed at every byte, and at every bit of the first 4 KiB', () => {
    // Many subscribers: longer than 4 KiB.
    const subscribers = Array.from({ length: 100 }, (_, index) => didOf(index)).toSorted();
    const bytes = snapshot.encode({
      ...stateOf(5),
      subscriptions: { 'garden:plans': subscribers },
    });
    expect(bytes.length).toBeGreaterThan(4_096);
    const survivors: string[] = [];
    const tryWith = (index: number, mask: number): void => {
      const rotten = bytes.slice();
      rotten[index] = rotten[index]! ^ mask;
      const decoded = snapshot.decode(rotten);
      if (decoded.ok || decoded.status !== 'damaged') survivors.push(`byte ${index}, mask ${mask}`);
    };
    for (let index = 0; index < bytes.length; index++) {
      const masks = index < 4_096 ? [1, 2, 4, 8, 16, 32, 64, 128, 255] : [1 << (index % 8), 255];
      for (const mask of masks) tryWith(index, mask);
    }
    expect(survivors).toEqual([]);
  });

  it('is noticed wherever the end is missing, and where something follows it', () => {
    const bytes = snapshot.encode(stateOf(5));
    const survivors = Array.from({ length: bytes.length }, (_, length) => length).filter(
      (length) => snapshot.decode(bytes.subarray(0, length)).ok,
    );
    expect(survivors).toEqual([]);
    for (const more of ['\n', ' ', '\0', '{}', textOf(bytes)]) {
      expect(snapshot.decode(Buffer.concat([bytes, Buffer.from(more)]))).toEqual(damaged('bytes'));
    }
  });

  it('is noticed where bytes of two snapshots are mixed', () => {
    const [left, right] = [
      textOf(snapshot.encode(stateOf(5))),
      textOf(snapshot.encode(stateOf(6))),
    ];
    const mixed = `${left.split('\n')[0]}\n${right.split('\n')[1]}`;
    expect(snapshot.decode(Buffer.from(mixed))).toEqual(damaged('checksum'));
  });
});

describe('a hostile snapshot', () => {
  const header = textOf(snapshot.encode(EMPTY)).split('\n')[0]!;
  const cases: { readonly [name: string]: string | Uint8Array } = {
    'nothing at all': '',
    'a newline': '\n',
    'a header alone': `${header}\n`,
    'a header without an end': header,
    'an empty object': '{}\n{}',
    'a byte order mark': `\ufeff${textOf(snapshot.encode(EMPTY))}`,
    'Windows line ends': textOf(snapshot.encode(EMPTY)).replace('\n', '\r\n'),
    'another magic': textOf(snapshot.encode(EMPTY)).replace('murmuration', 'murmurations'),
    'version 0': sealed(bodyOf(snapshot.encode(EMPTY)), 0),
    'a version with a zero before it': textOf(snapshot.encode(EMPTY)).replace('n":1', 'n":01'),
    'bytes that are no UTF-8': sealed('{"a":"').subarray(0, -1),
    'a PNG': Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    '100 000 brackets': sealed('['.repeat(100_000) + ']'.repeat(100_000)),
    'no JSON': sealed('state'),
    'a list': sealed('[]'),
    null: sealed('null'),
    'a million wrong topics': sealed(`{"topics":[${'0,'.repeat(1_000_000)}0]}`),
    'more than fits': new Uint8Array(SNAPSHOT_BYTES_MAX + 1),
  };
  it.each(Object.entries(cases))('is damaged: %s', (_, claim) => {
    const bytes = typeof claim === 'string' ? Buffer.from(claim) : claim;
    expect(snapshot.decode(bytes)).toEqual(damaged());
  });

  const body = JSON.parse(bodyOf(snapshot.encode(stateOf(1)))) as { [key: string]: Json };
  const policies = stateOf(1).topics as unknown as { readonly [key: string]: Json }[];
  const withPolicy = (change: { readonly [key: string]: Json }): Json => ({
    ...body,
    topics: [{ ...policies[0]!, ...change }],
  });
  const without = (name: string): Json =>
    Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
  const shapes: { readonly [name: string]: Json } = {
    'a field too many': { ...body, extra: 1 },
    'no owner': without('owner'),
    'no topics': without('topics'),
    'no clocks': without('clocks'),
    'no tips': without('ownTips'),
    'an owner that is no DID': { ...body, owner: 'alice' },
    'an owner of another kind of key': { ...body, owner: `did:key:z6LS${'1'.repeat(44)}` },
    'an unknown word of access': withPolicy({ access: { access: 'Open' } }),
    'access in other letters': withPolicy({ access: { access: 'public' } }),
    'access as a text': withPolicy({ access: 'Public' }),
    'access of nobody': withPolicy({ access: {} }),
    'no access': withPolicy({ access: null }),
    'public, with a list': withPolicy({ access: { access: 'Public', allowed: [] } }),
    'private without a list': withPolicy({ access: { access: 'Private' } }),
    'private for a name': withPolicy({ access: { access: 'Private', allowed: ['bob'] } }),
    'private for all': withPolicy({ access: { access: 'Private', allowed: '*' } }),
    'private for somebody twice': withPolicy({
      access: { access: 'Private', allowed: [OWNER, OWNER] },
    }),
    'an unknown class of trust': withPolicy({ access: { access: 'TrustGated', minTrust: 'Any' } }),
    'a number for a class of trust': withPolicy({ access: { access: 'TrustGated', minTrust: 0 } }),
    'an unknown scope': withPolicy({ scope: 'world' }),
    'a topic without a prefix': withPolicy({ topic: 'plans' }),
    'a topic called __proto__': withPolicy({ topic: '__proto__' }),
    'a topic with a newline': withPolicy({ topic: 'garden:plans\n' }),
    'retention of nothing': withPolicy({ retention: { recordsMax: 0, ageMsMax: 1 } }),
    'retention without an end': withPolicy({ retention: { recordsMax: 1e300, ageMsMax: 1 } }),
    'half a retention': withPolicy({ retention: { recordsMax: 5 } }),
    'topics out of order': { ...body, topics: policies.toReversed() },
    'a topic twice': { ...body, topics: [policies[0]!, policies[0]!] },
    'topics as an object': { ...body, topics: {} },
    'a subscriber that is no DID': { ...body, subscriptions: { 'garden:plans': ['bob'] } },
    'subscribers as a text': { ...body, subscriptions: { 'garden:plans': OWNER } },
    'subscriptions as a list': { ...body, subscriptions: [] },
    'a count of zero': { ...body, clocks: { 'garden:plans': { [OWNER]: 0 } } },
    'a negative count': { ...body, clocks: { 'garden:plans': { [OWNER]: -1 } } },
    'half a record': { ...body, clocks: { 'garden:plans': { [OWNER]: 1.5 } } },
    'a count as a text': { ...body, clocks: { 'garden:plans': { [OWNER]: '1' } } },
    'a count beyond 2^53 - 1': { ...body, clocks: { 'garden:plans': { [OWNER]: 2 ** 53 } } },
    'a clock by names': { ...body, clocks: { 'garden:plans': { constructor: 1 } } },
    'a tip without an id': { ...body, ownTips: { 'garden:plans': { sequence: 1, timestamp: 1 } } },
    'a tip before the first': {
      ...body,
      ownTips: { 'garden:plans': { sequence: 0, id: 'ab'.repeat(32), timestamp: 1 } },
    },
    'an id in capitals': {
      ...body,
      ownTips: { 'garden:plans': { sequence: 1, id: 'AB'.repeat(32), timestamp: 1 } },
    },
  };
  it.each(Object.entries(shapes))('is damaged, though its checksum fits: %s', (_, claim) => {
    expect(snapshot.decode(sealed(JSON.stringify(claim)))).toEqual(damaged());
  });

  const text = bodyOf(snapshot.encode(stateOf(1)));
  const spellings: { readonly [name: string]: string } = {
    'a key twice': text.replace('"topics":', '"topics":[],"topics":'),
    'white space': text.replace(':', ': '),
    'an escape that nobody needs': text.replace('garden', '\\u0067arden'),
    'a rounded number': text.replace('"sequence":1', '"sequence":9007199254740993'),
    'an exponent': text.replace('"sequence":1', '"sequence":1e0'),
    'a __proto__ in the state': text.replace('{', '{"__proto__":{"polluted":true},'),
    'a __proto__ in a policy': text.replace('{"topic"', '{"__proto__":{"polluted":1},"topic"'),
    'a __proto__ among clocks': text.replace('"clocks":{', '"clocks":{"__proto__":{"polluted":1},'),
    'a __proto__ in a clock': text.replace(/("clocks":\{[^{]*\{)/, '$1"__proto__":1,'),
    'a __proto__ for a clock': text.replace(/"clocks":\{"[^"]*"/, '"clocks":{"__proto__"'),
    'a __proto__ among tips': text.replace('"ownTips":{', '"ownTips":{"__proto__":{"polluted":1},'),
    'a __proto__ in a tip': text.replace('{"sequence"', '{"__proto__":{"polluted":1},"sequence"'),
    'a __proto__ in an access': text.replace('{"access":"P', '{"__proto__":{},"access":"P'),
    'a constructor with a prototype': text.replace(
      '{',
      '{"constructor":{"prototype":{"polluted":1}},',
    ),
  };
  it.each(Object.entries(spellings))('is damaged, though its checksum fits: %s', (_, claim) => {
    expect(claim, 'something was changed').not.toBe(text);
    const before = Object.getOwnPropertyNames(Object.prototype);
    expect(snapshot.decode(sealed(claim))).toEqual(damaged());
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as { readonly polluted?: unknown }).polluted).toBeUndefined();
  });

  it('never throws, whatever stands under a checksum that fits', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (json) => {
        expect(snapshot.decode(sealed(JSON.stringify(JSON.parse(json))))).toMatchObject({
          ok: false,
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('versions', () => {
  it('a newer one is refused by name, and only where it is whole', () => {
    const newer = sealed('{"what":"nobody knows yet"}', 2);
    expect(snapshot.decode(newer)).toEqual({
      ok: false,
      status: 'newer_version',
      reason: 'it has version 2, and this program reads up to 1',
    });
    const flipped = textOf(snapshot.encode(stateOf(1))).replace('"version":1', '"version":3');
    expect(snapshot.decode(Buffer.from(flipped)), 'a flipped digit is damage').toEqual(
      damaged('checksum'),
    );
    expect(snapshot.decode(newer.subarray(0, -1))).toEqual(damaged());
  });

  it('older ones walk the table of migrations, step by step, and are checked at its end', () => {
    // Once upon a time: version 1 had a list of names, version 2 learnt about access, 3 is what we know.
    interface First {
      readonly me: Did;
      readonly names: readonly Topic[];
    }
    const third = createFormat(content, 3, {
      1: (json) => {
        const { me, names } = json as unknown as First;
        return { owner: me, topics: names.map((name) => ({ topic: name, access: 'Public' })) };
      },
      2: (json) => {
        const { owner, topics } = json as unknown as {
          readonly owner: Did;
          readonly topics: readonly { readonly topic: Topic; readonly access: string }[];
        };
        const policies = topics.map(({ topic, access }) => ({
          topic,
          access: { access },
          scope: 'network',
        }));
        return { owner, topics: policies, subscriptions: {}, clocks: {}, ownTips: {} };
      },
    });
    const expected: CoordinationState = {
      ...EMPTY,
      topics: [{ topic: 'garden:plans', access: { access: 'Public' }, scope: 'network' }],
    };
    const first = `{"me":"${OWNER}","names":["garden:plans"]}`;
    const second = `{"owner":"${OWNER}","topics":[{"topic":"garden:plans","access":"Public"}]}`;
    expect(third.decode(sealed(first, 1))).toEqual({ ok: true, value: expected });
    expect(third.decode(sealed(second, 2))).toEqual({ ok: true, value: expected });
    expect(third.decode(third.encode(expected))).toEqual({ ok: true, value: expected });
    expect(textOf(third.encode(expected))).toContain('"version":3');

    const unknown = second.replace('Public', 'Everybody');
    expect(third.decode(sealed(unknown, 2)), 'no migration opens a topic').toEqual(damaged());
    expect(third.decode(sealed('{"names":7}', 1)), 'nor throws').toEqual(damaged('version 1'));
    expect(third.decode(sealed('{}', 4))).toMatchObject({ status: 'newer_version' });
    const gap = createFormat(content, 3, {});
    expect(gap.decode(sealed(first, 1))).toEqual(damaged('never was a version 1'));
  });
});
