import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANDIDATES_MAX } from '#contracts/discovery.ts';
import type { Sighting } from '#contracts/discovery.ts';
import type { Did } from '#contracts/identifiers.ts';
import { create } from '#reference/discovery/discovery.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const didOfNumber = (number: number): Did => {
  const tail = [number % 58, Math.floor(number / 58) % 58].map((digit) => ALPHABET[digit]).join('');
  return `did:key:z6Mk${'a'.repeat(42)}${tail}` as Did;
};
const SELF = didOfNumber(0);
const PEER = didOfNumber(1);
const sighting = (fields: Partial<Sighting> = {}): Sighting => ({
  did: PEER,
  version: '1',
  address: '127.0.0.1:7001',
  ttlSeconds: 10,
  ...fields,
});

describe('discovery', () => {
  it('finds a peer once, however often it is seen', () => {
    const discovery = create({ self: SELF });
    expect(discovery.sighted(0, sighting())).toEqual([
      { event: 'found', did: PEER, address: '127.0.0.1:7001' },
    ]);
    expect(discovery.sighted(1, sighting())).toEqual([]);
    expect(discovery.candidates()).toEqual([{ did: PEER, address: '127.0.0.1:7001' }]);
  });

  it('finds a peer again at another address, and keeps one entry per DID', () => {
    const discovery = create({ self: SELF });
    discovery.sighted(0, sighting());
    expect(discovery.sighted(1, sighting({ address: '10.0.0.9:7002' }))).toEqual([
      { event: 'found', did: PEER, address: '10.0.0.9:7002' },
    ]);
    expect(discovery.candidates()).toEqual([{ did: PEER, address: '10.0.0.9:7002' }]);
  });

  it('ignores its own announcement', () => {
    const discovery = create({ self: SELF });
    expect(discovery.sighted(0, sighting({ did: SELF }))).toEqual([]);
    expect(discovery.candidates()).toEqual([]);
  });

  it('forgets a peer exactly when its time is over, and once', () => {
    const discovery = create({ self: SELF });
    discovery.sighted(1_000, sighting({ ttlSeconds: 10 }));
    expect(discovery.tick(10_999)).toEqual([]);
    expect(discovery.tick(11_000)).toEqual([{ event: 'lost', did: PEER }]);
    expect(discovery.tick(11_001)).toEqual([]);
  });

  it('believes a peer longer when it is seen again', () => {
    const discovery = create({ self: SELF });
    discovery.sighted(0, sighting({ ttlSeconds: 10 }));
    discovery.sighted(9_999, sighting({ ttlSeconds: 10 }));
    expect(discovery.tick(19_998)).toEqual([]);
    expect(discovery.tick(19_999)).toEqual([{ event: 'lost', did: PEER }]);
  });

  it('loses and finds a peer that comes back after its time was over', () => {
    const discovery = create({ self: SELF });
    discovery.sighted(0, sighting({ ttlSeconds: 1 }));
    expect(discovery.sighted(1_000, sighting()).map(({ event }) => event)).toEqual([
      'lost',
      'found',
    ]);
  });

  it('loses a peer at its goodbye, and says nothing at the goodbye of a stranger', () => {
    const discovery = create({ self: SELF });
    expect(discovery.sighted(0, sighting({ ttlSeconds: 0 }))).toEqual([]);
    discovery.sighted(1, sighting());
    expect(discovery.sighted(2, sighting({ ttlSeconds: 0, address: ':0' }))).toEqual([
      { event: 'lost', did: PEER },
    ]);
    expect(discovery.candidates()).toEqual([]);
  });

  it('remembers at most CANDIDATES_MAX, and takes new ones when old ones expire', () => {
    const discovery = create({ self: SELF });
    for (let number = 1; number <= CANDIDATES_MAX; number++)
      discovery.sighted(number, sighting({ did: didOfNumber(number) }));
    const extra = sighting({ did: didOfNumber(CANDIDATES_MAX + 1) });
    expect(discovery.sighted(500, extra)).toEqual([]);
    expect(discovery.candidates()).toHaveLength(CANDIDATES_MAX);
    expect(discovery.sighted(500, sighting({ address: '10.0.0.1:1' }))).toHaveLength(1);
    expect(discovery.sighted(10_002, extra)).toEqual([
      { event: 'lost', did: didOfNumber(2) },
      { event: 'found', did: extra.did, address: extra.address },
    ]);
  });

  it('ten thousand that are not there take the free places and no more', () => {
    const discovery = create({ self: SELF });
    discovery.sighted(0, sighting({ did: PEER, ttlSeconds: 120 }));
    let found = 0;
    for (let number = 0; number < 10_000; number++) {
      const tail = String(number).replaceAll('0', 'z').padStart(8, 'y');
      const did = `did:key:z6Mk${'b'.repeat(36)}${tail}` as Did;
      found += discovery.sighted(1, sighting({ did, ttlSeconds: 4_294_967_295 })).length;
    }
    expect(found).toBe(CANDIDATES_MAX - 1);
    expect(discovery.candidates()).toHaveLength(CANDIDATES_MAX);
    expect(discovery.candidates().map(({ did }) => did)).toContain(PEER);
  });

  it('lists candidates sorted by DID', () => {
    const discovery = create({ self: SELF });
    for (const number of [300, 7, 99, 12])
      discovery.sighted(0, sighting({ did: didOfNumber(number) }));
    const dids = discovery.candidates().map(({ did }) => did);
    expect(dids).toEqual(dids.toSorted());
    expect(dids).toHaveLength(4);
  });

  it.each([
    '127.0.0.1:1',
    '127.255.0.1:65535',
    '10.1.2.3:7001',
    '169.254.9.9:7001',
    '[::1]:7001',
    '[0:0:0:0:0:0:0:1]:7001',
    '[fe80::1]:7001',
    '[2001:db8::5]:7001',
    `10.1.2.3:7001/${'h'.repeat(43)}`,
  ])('takes %s as an address', (address) => {
    expect(create({ self: SELF }).sighted(0, sighting({ address }))).toHaveLength(1);
  });

  it.each([
    '',
    ':',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:07001',
    '127.0.0.1:-1',
    '127.0.0.1:1e3',
    '127.0.0.1:7001 ',
    '127.0.0.1:7001\n',
    '127.1:7001',
    '0177.0.0.1:7001',
    '0.0.0.0:7001',
    '0.1.2.3:7001',
    '224.0.0.251:5353',
    '239.1.1.1:7001',
    '255.255.255.255:7001',
    '256.1.1.1:7001',
    '[::]:7001',
    '[0:0:0:0:0:0:0:0]:7001',
    '[ff02::fb]:7001',
    '[::ffff:224.0.0.1]:7001',
    '[::ffff:0.0.0.0]:7001',
    '[::ffff:e000:1]:7001',
    '[::224.0.0.1]:7001',
    '[::2]:7001',
    '[:::]:7001',
    '[1::2::3]:7001',
    '[1:2:3:4:5:6:7]:7001',
    '[1:2:3:4:5:6:7:8:9]:7001',
    '[1:2:3:4:5:6:7::8]:7001x',
    '[12345::1]:7001',
    '[fe80::1%eth0]:7001',
    'victim.example:7001',
    'localhost:7001',
    `127.0.0.1:7001/${'h'.repeat(42)}`,
    `127.0.0.1:7001/${'h'.repeat(44)}`,
    `127.0.0.1:7001/${'h'.repeat(42)}/`,
    '127.0.0.1:7001/',
    'http://127.0.0.1:7001',
    '<img src=x onerror=alert(1)>:7001',
    `${'1'.repeat(100_000)}:7001`,
  ])('ignores %j as an address', (address) => {
    const discovery = create({ self: SELF });
    expect(discovery.sighted(0, sighting({ address }))).toEqual([]);
    expect(discovery.candidates()).toEqual([]);
  });

  it.each([
    '',
    'did:key:z6Mk',
    `${PEER}x`,
    `${PEER}#fragment`,
    PEER.replace('z6Mk', 'z6LS'),
    PEER.replace('aaa', '0OI'),
    PEER.replace('aaa', '\u202eab'),
    'did:web:example.org',
    '__proto__',
    'x'.repeat(100_000),
  ])('ignores %j as a DID', (did) => {
    expect(create({ self: SELF }).sighted(0, sighting({ did: did as Did }))).toEqual([]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('ignores a TTL of %d', (ttlSeconds) => {
    expect(create({ self: SELF }).sighted(0, sighting({ ttlSeconds }))).toEqual([]);
  });

  it.each(['', ' ', 'a b', '1\n', 'x'.repeat(33)])('ignores %j as a version', (version) => {
    expect(create({ self: SELF }).sighted(0, sighting({ version }))).toEqual([]);
  });

  it('believes nobody longer than a day', () => {
    const discovery = create({ self: SELF });
    discovery.sighted(0, sighting({ ttlSeconds: 4_294_967_295 }));
    expect(discovery.tick(86_400_000)).toEqual([{ event: 'lost', did: PEER }]);
  });

  it('tells by its events exactly what its list holds, whatever is seen', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 3_000 }),
      who: fc.integer({ min: 0, max: 5 }),
      port: fc.integer({ min: 0, max: 3 }),
      ttlSeconds: fc.integer({ min: 0, max: 4 }),
      isTick: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const discovery = create({ self: SELF });
        const told = new Map<Did, string>();
        let now = 0;
        for (const { wait, who, port, ttlSeconds, isTick } of steps) {
          now += wait;
          const did = didOfNumber(who);
          const seen = sighting({ did, address: `127.0.0.1:${port}`, ttlSeconds });
          const events = isTick ? discovery.tick(now) : discovery.sighted(now, seen);
          for (const event of events) {
            const before = told.get(event.did);
            const after = event.event === 'found' ? event.address : undefined;
            expect(after, 'an event that changes nothing').not.toBe(before);
            if (after === undefined) told.delete(event.did);
            else told.set(event.did, after);
          }
          const listed = discovery.candidates().map((one) => `${one.did} ${one.address}`);
          const expected = Array.from(told, (pair) => pair.join(' '));
          expect(listed).toEqual(expected.toSorted());
          expect(told.has(SELF)).toBe(false);
        }
      }),
    );
  });
});
