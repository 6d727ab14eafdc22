import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOfMultiaddr, formatAddress, parseAddress } from '#reference/transport/address.ts';
import { privateKeyProto, provenKey, publicKeyOf } from '#reference/transport/quic/identity.ts';
import { loadNative } from '#reference/transport/quic/native.ts';
import { CHUNK_BYTES, createOutbox } from '#reference/transport/outbox.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { didOf } from './quic-pair.ts';

/** RFC 8032 section 7.1, test 1. */
const SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const KEY = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');

describe('the native layer', () => {
  const missing = (): never => {
    throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
  };
  const broken = (): never => {
    throw new Error("version `GLIBC_2.34' not found");
  };

  it.each([
    [{ os: 'linux', cpu: 'x64', libc: 'gnu' }, 'linux-x64-gnu'],
    [{ os: 'linux', cpu: 'arm64', libc: 'musl' }, 'linux-arm64-musl'],
    [{ os: 'darwin', cpu: 'arm64', libc: undefined }, 'darwin-arm64'],
    [{ os: 'win32', cpu: 'x64', libc: undefined }, 'win32-x64-msvc'],
  ] as const)('is looked for by platform: %j', (platform, build) => {
    const asked: string[] = [];
    loadNative(platform, (name) => asked.push(name));
    expect(asked).toEqual([`@chainsafe/libp2p-quic-${build}`]);
  });

  it('is named with its one-line fix where it is missing', () => {
    expect(() => loadNative({ os: 'darwin', cpu: 'arm64', libc: undefined }, missing)).toThrow(
      expect.objectContaining({
        code: 'transport_unavailable',
        message: expect.stringContaining(
          'npm install --include=optional @chainsafe/libp2p-quic-darwin-arm64@2.1.1',
        ),
      }),
    );
  });

  it('says what stands in the way where it does not load', () => {
    expect(() => loadNative({ os: 'linux', cpu: 'x64', libc: 'gnu' }, broken)).toThrow(
      expect.objectContaining({
        code: 'transport_unavailable',
        message: expect.stringMatching(/GLIBC_2\.34.*glibc 2\.34 or later/),
      }),
    );
  });

  it('says where it exists at all on a platform without one', () => {
    expect(() => loadNative({ os: 'freebsd', cpu: 'x64', libc: undefined }, missing)).toThrow(
      expect.objectContaining({
        code: 'transport_unavailable',
        message: expect.stringContaining('freebsd-x64'),
      }),
    );
  });
});

describe('identity', () => {
  it('knows the public key of a seed', () => {
    expect(Buffer.from(publicKeyOf(SEED))).toEqual(KEY);
    expect(Buffer.from(privateKeyProto(SEED))).toEqual(
      Buffer.concat([Buffer.from('08011240', 'hex'), SEED, KEY]),
    );
  });

  it('refuses a seed of another length', () => {
    expect(() => createQuicTransport({ seed: randomBytes(31), didOf })).toThrow(
      expect.objectContaining({ code: 'settings_invalid' }),
    );
  });

  it('reads the key out of a peer id', () => {
    const peerId = '12D3KooWQK1vnTCYUZfLZ2zfEyTYqFsRbFcLhFXSNaC1KwUGqgbJ';
    expect(provenKey(`/ip4/127.0.0.1/udp/1/quic-v1/p2p/${peerId}`)).toHaveLength(32);
  });

  it.each([
    '',
    '/ip4/127.0.0.1/udp/1/quic-v1',
    '/p2p/',
    '/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
    '/p2p/0OIl',
    '/p2p/111111',
    `/p2p/${'z'.repeat(52)}`,
    `/p2p/1${'z'.repeat(100_000)}`,
  ])('reads no key out of %j', (multiaddr) => {
    expect(provenKey(multiaddr)).toBeUndefined();
  });
});

describe('addresses', () => {
  it.each([
    `127.0.0.1:7001/${'h'.repeat(43)}`,
    '127.0.0.1:7001',
    '[::1]:7001',
    'localhost:0',
    'a.example:65535',
  ])('%s is itself after reading and writing', (text) => {
    const parsed = parseAddress(text);
    expect(parsed && formatAddress(parsed)).toBe(text);
  });

  it.each(['', ':1', 'a', 'a:', 'a:65536', 'a:1:2', '::1:2', '[x]:1', 'a b:1', 'a:-1', 'a:1\n'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  it('come out of multiaddrs', () => {
    expect(addressOfMultiaddr('/ip4/10.0.0.1/udp/7/quic-v1/p2p/x')).toBe('10.0.0.1:7');
    expect(addressOfMultiaddr('/ip6/::1/udp/7/quic-v1')).toBe('[::1]:7');
  });
});

describe('the outbox', () => {
  it('gives back what was pushed, in order, in chunks, and counts every byte', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 3 * CHUNK_BYTES }), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 300_000 }), (lengths, unsentBytesMax) => {
        const outbox = createOutbox(unsentBytesMax);
        const pushed: Uint8Array[] = [];
        const taken: Uint8Array[] = [];
        const takeOne = (): boolean => {
          const bytes = outbox.take();
          if (bytes === undefined) return false;
          // A copy: the outbox uses the chunk again.
          taken.push(new Uint8Array(bytes));
          outbox.written();
          return true;
        };
        let unsent = 0;
        for (const [index, length] of lengths.entries()) {
          const frame = new Uint8Array(length).fill(index + 1);
          const fits = unsent === 0 || unsent + length <= unsentBytesMax;
          expect(outbox.push(frame)).toBe(fits);
          if (fits) pushed.push(frame);
          if (index % 2 === 0) takeOne();
          unsent = Buffer.concat(pushed).length - Buffer.concat(taken).length;
          expect(outbox.unsentBytes).toBe(unsent);
        }
        while (takeOne());
        expect(Buffer.concat(taken).equals(Buffer.concat(pushed))).toBe(true);
        expect(Math.max(0, ...taken.map(({ length }) => length))).toBeLessThanOrEqual(CHUNK_BYTES);
        expect(outbox.unsentBytes).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('never writes into bytes that are under way', () => {
    const outbox = createOutbox(1_000);
    outbox.push(new Uint8Array(10).fill(1));
    const underWay = outbox.take();
    outbox.push(new Uint8Array(10).fill(2));
    expect(underWay).toEqual(Buffer.alloc(10, 1));
    outbox.written();
    expect(outbox.take()).toEqual(Buffer.alloc(10, 2));
  });
});
