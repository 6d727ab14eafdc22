/** The laws of layer 6: one spelling per key, one name per record, one meaning of a signature. */
import { createPublicKey, verify as verifyOpenSsl } from 'node:crypto';
import { hash as sha512, Point, utils, verify as verifyNoble } from '@noble/ed25519';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Did, Json, NetworkId, RecordId } from '#contracts/identifiers.ts';
import {
  LINES_MAX,
  MEMO_BYTES_MAX,
  PARENTS_MAX,
  RECORD_BYTES_MAX,
  type Draft,
  type HelloFacts,
  type SignedRecord,
  type Signer,
} from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create } from '#reference/records/records.ts';
import { createSigner } from '#reference/records/signer.ts';

const content = createContent();
const network = 'b'.repeat(64) as NetworkId;
const records = create({ content, network });
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const alice = createSigner(seedOf(1));
const bob = createSigner(seedOf(2));
const publicKeyOf = (did: string): Uint8Array => {
  const key = records.publicKey(did);
  if (!key.ok) throw new Error(key.reason);
  return key.value;
};

/** RFC 8032, 7.1, tests 1 to 3. */
const RFC_8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
] as const;

describe('a DID', () => {
  test('is that of the did:key test vectors for the seeds 0 and 1', () => {
    expect(createSigner(seedOf(0)).did).toBe(
      'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    );
    const one = seedOf(0);
    one[31] = 1;
    expect(createSigner(one).did).toBe('did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG');
  });

  test('spells its key, whatever its bytes', () => {
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(keys, (key) => {
        const did = records.did(key);
        expect(did).toMatch(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/);
        expect(publicKeyOf(did)).toEqual(key);
      }),
    );
  });

  test('is no DID with any one character replaced, unless it is that of another key', () => {
    const change = fc.tuple(
      fc.nat(alice.did.length - 1),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(change, ([at, character]) => {
        const did = alice.did.slice(0, at) + character + alice.did.slice(at + 1);
        const key = records.publicKey(did);
        expect(key.ok ? records.did(key.value) : did).toBe(did);
      }),
      { numRuns: 500 },
    );
  });

  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  test.each<[string, string]>([
    ['nothing', ''],
    ['a did:web', 'did:web:example.org'],
    ['an X25519 key', 'did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F'],
    ['a secp256k1 key', 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'],
    ['a P-256 key', 'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv'],
    ['another multibase', alice.did.replace(':z', ':Z')],
    ['upper case', alice.did.toUpperCase()],
    ['0 in base58', alice.did.replace(/.$/, '0')],
    ['O in base58', alice.did.replace(/.$/, 'O')],
    ['I in base58', alice.did.replace(/.$/, 'I')],
    ['l in base58', alice.did.replace(/.$/, 'l')],
    ['a leading 1', alice.did.replace(':z', ':z1')],
    ['a leading 1 in place of a digit', alice.did.replace(':z6', ':z1')],
    ['a key of 31 bytes', alice.did.slice(0, -1)],
    ['a key of 33 bytes', `${alice.did}1`],
    ['a fragment', `${alice.did}#key`],
    ['a query', `${alice.did}?a=1`],
    ['a line end', `${alice.did}\n`],
    ['a Cyrillic letter', alice.did.replace('k', '\u043a')],
    ['a mark that turns the direction', `\u202e${alice.did}`],
    ['4 KiB', `did:key:z6Mk${'1'.repeat(4_096)}`],
    ['1 MiB', `did:key:z6Mk${'z'.repeat(1_048_576)}`],
    ['__proto__', '__proto__'],
  ])('with %s is refused', (_name, did) => {
    expect(records.publicKey(did)).toMatchObject({ ok: false, status: 'did_invalid' });
    expect(records.verify(did as Did, key, new Uint8Array(64))).toBe(false);
  });

  test('is read the same before and after 4200 others', () => {
    const fresh = create({ content, network });
    const before = fresh.publicKey(alice.did);
    for (let number = 0; number < 4_200; number++) {
      const other = new Uint8Array(32);
      new DataView(other.buffer).setUint32(0, number);
      fresh.publicKey(records.did(other));
    }
    expect(fresh.publicKey(alice.did)).toEqual(before);
  });

  test('gives a key of which the taker may do what it likes', () => {
    publicKeyOf(alice.did).fill(0);
    expect(records.did(publicKeyOf(alice.did))).toBe(alice.did);
  });

  test('is of 32 bytes, and so is a seed', () => {
    expect(() => records.did(new Uint8Array(33))).toThrow(RangeError);
    expect(() => createSigner(new Uint8Array(31))).toThrow(RangeError);
  });
});

/** y and -y of the eight points whose order divides 8, in every encoding, canonical or not. */
const SMALL_ORDER_ENCODINGS = ((): readonly Uint8Array[] => {
  const { p } = Point.CURVE();
  const order8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
  const ys = [0n, 1n, p - 1n, order8, p - order8, p, p + 1n];
  return ys.flatMap((y) =>
    [0n, 1n].map((sign) => {
      const bigEndian = (y | (sign << 255n)).toString(16).padStart(64, '0');
      return hex(bigEndian).reverse();
    }),
  );
})();

const noble = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  verifyNoble(signature, message, key, { zip215: false });
const ours = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  records.verify(records.did(key), message, signature);
const openSsl = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const x = Buffer.from(key).toString('base64url');
  const imported = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verifyOpenSsl(null, message, imported, signature);
};

describe('a signature', () => {
  test.each(RFC_8032)('is that of RFC 8032 for the message "$message"', (vector) => {
    const signer = createSigner(hex(vector.seed));
    expect(signer.did).toBe(records.did(hex(vector.publicKey)));
    expect(signer.sign(hex(vector.message))).toEqual(hex(vector.signature));
    expect(records.verify(signer.did, hex(vector.message), hex(vector.signature))).toBe(true);
    expect(records.verify(signer.did, hex(`${vector.message}00`), hex(vector.signature))).toBe(
      false,
    );
  });

  test('of any length but 64 is none', () => {
    const message = hex('00');
    const signature = alice.sign(message);
    expect(records.verify(alice.did, message, signature)).toBe(true);
    for (const bytes of [0, 32, 63]) {
      expect(records.verify(alice.did, message, signature.subarray(0, bytes))).toBe(false);
    }
    expect(records.verify(alice.did, message, Uint8Array.of(...signature, 0))).toBe(false);
  });

  test('is judged as noble without ZIP 215 judges it, honest or changed by a bit anywhere', () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const change = fc.constantFrom('none', 'key', 'message', 'signature');
    fc.assert(
      fc.property(bytes32, bytes32, change, fc.nat(511), (seed, text, changed, bit) => {
        const signer = createSigner(seed);
        const parts = { key: publicKeyOf(signer.did), message: text, signature: signer.sign(text) };
        if (changed !== 'none') {
          const part = parts[changed];
          const at = (bit >> 3) % part.length;
          part[at] = (part[at] ?? 0) ^ (1 << (bit & 7));
        }
        const verdict = ours(parts.key, parts.message, parts.signature);
        expect(verdict).toBe(noble(parts.key, parts.message, parts.signature));
        expect(verdict).toBe(changed === 'none');
      }),
      { numRuns: 80 },
    );
  });

  /** OpenSSL 3.0 of Node 20 does; 3.5 of Node 24 refuses such keys itself. The law here holds on both. */
  const OPENSSL_TAKES_SMALL_ORDER = process.versions.openssl.startsWith('3.0.');

  test('of small-order points is none, in each of 196 encodings; OpenSSL 3.0 alone would take some', () => {
    const message = new TextEncoder().encode('Zcash');
    let taken = 0;
    for (const key of SMALL_ORDER_ENCODINGS) {
      for (const point of SMALL_ORDER_ENCODINGS) {
        const signature = Uint8Array.of(...point, ...new Uint8Array(32));
        expect(ours(key, message, signature)).toBe(false);
        taken += openSsl(key, message, signature) ? 1 : 0;
      }
    }
    expect(taken > 0).toBe(OPENSSL_TAKES_SMALL_ORDER);
  });

  test('that fits every message, by a key of small order, is none; OpenSSL 3.0 alone would take it', () => {
    const honest = Point.BASE.multiply(5n).toBytes();
    const five = Uint8Array.of(5, ...new Uint8Array(31));
    const signature = Uint8Array.of(...honest, ...five); // 5*B = R + k*A wherever k*A is 0.
    let taken = 0;
    for (const key of SMALL_ORDER_ENCODINGS) {
      for (let round = 0; round < 8; round++) {
        expect(ours(key, Uint8Array.of(round), signature)).toBe(false);
        taken += openSsl(key, Uint8Array.of(round), signature) ? 1 : 0;
      }
    }
    expect(taken > 0).toBe(OPENSSL_TAKES_SMALL_ORDER);
  });

  test('with S beyond the order of the group is none', () => {
    const message = hex('01');
    const signature = alice.sign(message);
    const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`);
    const beyond = (s + Point.CURVE().n).toString(16).padStart(64, '0');
    signature.set(hex(beyond).reverse(), 32);
    expect(records.verify(alice.did, message, signature)).toBe(false);
  });

  test('with a small-order part in key or point is judged by noble, where OpenSSL differs', () => {
    const { n } = Point.CURVE();
    const torsion = Point.fromBytes(SMALL_ORDER_ENCODINGS[6] ?? new Uint8Array(32), true);
    const numberOf = (bytes: Uint8Array): bigint =>
      BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
    let differ = 0;
    for (let round = 0; round < 24; round++) {
      const message = Uint8Array.of(round);
      const { scalar, point } = utils.getExtendedPublicKey(seedOf(round));
      const nonce = BigInt(round + 7);
      const key = (round % 2 === 0 ? point.add(torsion) : point).toBytes();
      const honest = Point.BASE.multiply(nonce);
      const commitment = (round % 3 === 0 ? honest : honest.add(torsion)).toBytes();
      const challenge = numberOf(sha512(Uint8Array.of(...commitment, ...key, ...message))) % n;
      const s = ((nonce + challenge * scalar) % n).toString(16).padStart(64, '0');
      const signature = Uint8Array.of(...commitment, ...hex(s).reverse());
      expect(ours(key, message, signature)).toBe(noble(key, message, signature));
      expect(ours(key, message, signature)).toBe(true);
      differ += openSsl(key, message, signature) ? 0 : 1;
    }
    expect(differ).toBeGreaterThan(0);
  });
});

const entry = (change: Partial<Draft<'icn/entry/1'>> = {}): Draft<'icn/entry/1'> => ({
  kind: 'icn/entry/1',
  network,
  topic: 'ledger:hours',
  author: alice.did,
  sequence: 2,
  previous: '1'.repeat(64) as RecordId,
  parents: ['2'.repeat(64), '3'.repeat(64)] as RecordId[],
  timestamp: 1_700_000_000_000,
  body: {
    accounts: [
      { account: bob.did, debit: '1000' },
      { account: alice.did, credit: '1000' },
    ],
    memo: 'ten hours of gardening',
  },
  ...change,
});
const edge = (change: Partial<Draft<'icn/trust/1'>> = {}): Draft<'icn/trust/1'> => ({
  kind: 'icn/trust/1',
  network,
  topic: 'trust:attestations',
  author: alice.did,
  sequence: 1,
  previous: null,
  parents: [],
  timestamp: 0,
  body: { subject: bob.did, score: 0.5, expiresAt: 1_800_000_000_000 },
  ...change,
});
/** Signed as any author could sign it, whatever it says; then through JSON, as on the wire. */
const sealed = (draft: object, signer: Signer = alice): Json =>
  JSON.parse(JSON.stringify(records.sign(draft as Draft, signer))) as Json;
const statusOf = (value: Json): string => {
  const outcome = records.open(value);
  return outcome.ok ? 'accepted' : outcome.status;
};

/** A sealed record, its fields free to be changed. */
type Wire = { readonly [key: string]: Json } & Pick<SignedRecord, 'id' | 'signature'>;

describe('a record', () => {
  test.each([
    ['journal entry', entry()],
    ['trust edge', edge()],
    ['record with a floor', edge({ floor: 1 })],
    ['entry that names a certificate', { ...entry(), certificate: 'c'.repeat(64) as never }],
  ])('that is a %s opens as it was signed', (_name, draft) => {
    const record = records.sign(draft, alice);
    expect(records.open(sealed(draft))).toEqual({ ok: true, value: record });
    expect(record).toMatchObject(draft);
  });

  test('is named by the hash of what it says, and signed over its purpose and name', () => {
    const record = records.sign(entry(), alice);
    expect(record.id).toBe(content.hash(JSON.stringify(JSON.parse(canonical(entry())))));
    const message = new TextEncoder().encode(`icn/v1/record:${record.id}`);
    expect(record.signature).toBe(Buffer.from(alice.sign(message)).toString('base64url'));
    const bare = Buffer.from(alice.sign(new TextEncoder().encode(record.id)));
    expect(statusOf({ ...wire(entry()), signature: bare.toString('base64url') })).toBe(
      'signature_invalid',
    );
  });

  const canonical = (value: unknown): string => {
    const text = content.canonicalize(value);
    return text.ok ? text.value : text.status;
  };
  const wire = (draft: object): Wire => sealed(draft) as unknown as Wire;

  test('with anything changed after signing is refused', () => {
    const record = wire(entry());
    for (const name of Object.keys(record)) {
      const { [name]: _left, ...less } = record;
      expect([name, statusOf(less)]).toEqual([name, 'malformed']);
    }
    const changes: readonly [object, string][] = [
      [{ topic: 'ledger:euro' }, 'id_mismatch'],
      [{ author: bob.did }, 'id_mismatch'],
      [{ sequence: 3 }, 'id_mismatch'],
      [{ previous: '4'.repeat(64) }, 'id_mismatch'],
      [{ parents: [] }, 'id_mismatch'],
      [{ timestamp: 0 }, 'id_mismatch'],
      [{ floor: 1 }, 'id_mismatch'],
      [{ body: edge().body }, 'malformed'],
      [{ body: { accounts: [] } }, 'id_mismatch'],
      [{ id: '5'.repeat(64) }, 'id_mismatch'],
      [{ network: 'c'.repeat(64) }, 'network_mismatch'],
      [{ signature: wire(edge()).signature }, 'signature_invalid'],
      [{ author: bob.did, ...idOf(entry({ author: bob.did })) }, 'signature_invalid'],
    ];
    for (const [change, status] of changes) {
      expect([change, statusOf({ ...record, ...change })]).toEqual([change, status]);
    }
  });

  const idOf = (draft: Draft): { id: string } => ({ id: records.sign(draft, alice).id });

  test('with any bit of its signature changed is refused', () => {
    const record = wire(entry());
    const signature = Buffer.from(record.signature, 'base64url');
    fc.assert(
      fc.property(fc.nat(511), (bit) => {
        const changed = Buffer.from(signature);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const text = changed.toString('base64url');
        expect(statusOf({ ...record, signature: text })).toBe('signature_invalid');
      }),
      { numRuns: 40 },
    );
  });

  test('signed by another than its author is refused', () => {
    expect(statusOf(sealed(entry(), bob))).toBe('signature_invalid');
  });

  test('of several faults shows the first of the list', () => {
    const record = { ...wire(entry()), signature: 'A'.repeat(86) };
    expect(statusOf(record)).toBe('signature_invalid');
    expect(statusOf({ ...record, timestamp: 1 })).toBe('id_mismatch');
    expect(statusOf({ ...record, timestamp: 1, network: 'c'.repeat(64) })).toBe('network_mismatch');
    expect(statusOf({ ...record, timestamp: -1, network: 'c'.repeat(64) })).toBe('malformed');
  });

  const ids = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => String(index + 100).padStart(64, '0'));
  const line = { account: bob.did, debit: '1' };
  const lines = (count: number): object => ({
    accounts: Array.from({ length: count }, () => line),
  });
  const amount = (text: unknown): object => ({ accounts: [{ account: bob.did, debit: text }] });
  const proto = (value: object): object =>
    Object.fromEntries([...Object.entries(value), ['__proto__', 1]]);
  const { previous: own } = entry();

  test.each<[string, object, string]>([
    ['no line', entry({ body: { accounts: [] } }), 'accepted'],
    ['one line', { ...entry(), body: lines(1) }, 'accepted'],
    ['as many lines as allowed', { ...entry(), body: lines(LINES_MAX) }, 'accepted'],
    ['a line more', { ...entry(), body: lines(LINES_MAX + 1) }, 'malformed'],
    ['a negative amount', { ...entry(), body: amount('-5') }, 'accepted'],
    ['an amount of 0', { ...entry(), body: amount('0') }, 'accepted'],
    ['an amount of 30 digits', { ...entry(), body: amount('9'.repeat(30)) }, 'accepted'],
    ['an amount of 41 digits', { ...entry(), body: amount('9'.repeat(41)) }, 'malformed'],
    ['a fraction', { ...entry(), body: amount('1.5') }, 'malformed'],
    ['a leading zero', { ...entry(), body: amount('01') }, 'malformed'],
    ['a plus sign', { ...entry(), body: amount('+5') }, 'malformed'],
    ['no digits', { ...entry(), body: amount('') }, 'malformed'],
    ['a line end after the digits', { ...entry(), body: amount('5\n') }, 'malformed'],
    ['an exponent', { ...entry(), body: amount('1e3') }, 'malformed'],
    ['hexadecimal', { ...entry(), body: amount('0x5') }, 'malformed'],
    ['digits of another script', { ...entry(), body: amount('\u0665') }, 'malformed'],
    ['an amount that is a number', { ...entry(), body: amount(5) }, 'malformed'],
    ['an amount in a list', { ...entry(), body: amount(['5']) }, 'malformed'],
    ['an amount of null', { ...entry(), body: amount(null) }, 'malformed'],
    [
      'debit and credit',
      { ...entry(), body: { accounts: [{ ...line, credit: '1' }] } },
      'malformed',
    ],
    ['neither', { ...entry(), body: { accounts: [{ account: bob.did }] } }, 'malformed'],
    [
      'a line with a field more',
      { ...entry(), body: { accounts: [{ ...line, memo: '' }] } },
      'malformed',
    ],
    [
      'an account that spells no key',
      { ...entry(), body: { accounts: [{ ...line, account: `${bob.did}1` }] } },
      'malformed',
    ],
    [
      'an author that spells no key',
      { ...entry(), author: alice.did.replace(/.$/, '0') },
      'malformed',
    ],
    [
      'the longest memo',
      entry({ body: { accounts: [], memo: '\u00e9'.repeat(MEMO_BYTES_MAX / 2) } }),
      'accepted',
    ],
    [
      'a memo a byte longer',
      entry({ body: { accounts: [], memo: `${'\u00e9'.repeat(MEMO_BYTES_MAX / 2)}a` } }),
      'malformed',
    ],
    ['a contract', entry({ body: { accounts: [], contract: 'd'.repeat(64) } }), 'accepted'],
    [
      'a contract in upper case',
      entry({ body: { accounts: [], contract: 'D'.repeat(64) } }),
      'malformed',
    ],
    [
      'a field of another kind in its body',
      { ...entry(), body: { accounts: [], subject: bob.did } },
      'malformed',
    ],
    ['__proto__ in its body', { ...entry(), body: proto({ accounts: [] }) }, 'malformed'],
    ['__proto__', proto(entry()), 'malformed'],
    ['a field more', { ...entry(), clock: {} }, 'malformed'],
    ['another kind', { ...entry(), kind: 'icn/certificate/1' }, 'malformed'],
    ['a kind that every object has', { ...entry(), kind: 'constructor' }, 'malformed'],
    ['an entry among trust edges', entry({ topic: 'trust:attestations' }), 'malformed'],
    ['a trust edge among entries', edge({ topic: 'ledger:hours' }), 'malformed'],
    ['a trust edge elsewhere', edge({ topic: 'trust:others' }), 'malformed'],
    ['a currency of nothing', entry({ topic: 'ledger:' }), 'malformed'],
    ['a currency of 33 letters', entry({ topic: `ledger:${'a'.repeat(33)}` }), 'malformed'],
    ['sequence 0', entry({ sequence: 0 }), 'malformed'],
    ['sequence 1.5', entry({ sequence: 1.5 }), 'malformed'],
    ['sequence 2^53-1', entry({ sequence: 2 ** 53 - 1 }), 'accepted'],
    ['sequence 1e21', entry({ sequence: 1e21 }), 'malformed'],
    ['sequence 1 after another', entry({ sequence: 1 }), 'malformed'],
    ['sequence 2 after nothing', entry({ previous: null }), 'malformed'],
    ['sequence 1 after nothing', entry({ sequence: 1, previous: null }), 'accepted'],
    ['as many parents as allowed', { ...entry(), parents: ids(PARENTS_MAX) }, 'accepted'],
    ['a parent more', { ...entry(), parents: ids(PARENTS_MAX + 1) }, 'malformed'],
    ['100 000 parents', { ...entry(), parents: Array<number>(100_000).fill(1) }, 'malformed'],
    ['parents out of order', { ...entry(), parents: ids(3).toReversed() }, 'malformed'],
    ['a parent twice', { ...entry(), parents: [...ids(1), ...ids(1)] }, 'malformed'],
    ['a parent that is its previous', { ...entry(), parents: [own] }, 'malformed'],
    ['a parent in upper case', { ...entry(), parents: ['A'.repeat(64)] }, 'malformed'],
    ['a timestamp before 1970', entry({ timestamp: -1 }), 'malformed'],
    ['a timestamp of fractions', entry({ timestamp: 0.5 }), 'malformed'],
    ['a floor of 0', edge({ floor: 0 }), 'malformed'],
    ['a certificate named by no entry', { ...edge(), certificate: 'c'.repeat(64) }, 'malformed'],
    ['a certificate that is no id', { ...entry(), certificate: null }, 'malformed'],
    [
      'a certificate that is a link',
      { ...entry(), parents: ['c'.repeat(64)], certificate: 'c'.repeat(64) },
      'malformed',
    ],
    ['no trust', edge({ body: { ...edge().body, score: 0 } }), 'accepted'],
    ['all trust', edge({ body: { ...edge().body, score: 1 } }), 'accepted'],
    ['more trust than that', edge({ body: { ...edge().body, score: 1.01 } }), 'malformed'],
    ['distrust', edge({ body: { ...edge().body, score: -0.1 } }), 'malformed'],
    [
      'a subject that spells no key',
      edge({ body: { ...edge().body, subject: 'bob' as Did } }),
      'malformed',
    ],
    ['a network that is no hash', { ...entry(), network: 'home' }, 'malformed'],
    ['another network', entry({ network: 'c'.repeat(64) as NetworkId }), 'network_mismatch'],
  ])('with %s, duly signed, has its own verdict', (_name, draft, status) => {
    expect(statusOf(sealed(draft))).toBe(status);
  });

  test('that names itself as a parent is refused before its name is computed', () => {
    const record = wire(entry());
    expect(statusOf({ ...record, parents: [record.id] })).toBe('malformed');
  });

  test.each<[string, Json]>([
    ['null', null],
    ['a text', 'record'],
    ['a list', [1]],
    ['an empty object', {}],
    ['what has an id in upper case', { ...wire(entry()), id: wire(entry()).id.toUpperCase() }],
    ['what has a signature in base64', { ...wire(entry()), signature: '+/'.repeat(43) }],
    ['what has padding on its signature', { ...wire(entry()), signature: `${'A'.repeat(86)}==` }],
    [
      'what has a signature with spare bits set',
      { ...wire(entry()), signature: `${'A'.repeat(85)}B` },
    ],
    [
      'what says half a pair of surrogates',
      { ...wire(entry()), body: { accounts: [], memo: '\ud800' } },
    ],
    ['what only inherits its fields', Object.create(wire(entry())) as Json],
  ])('is not %s', (_name, claim) => {
    expect(statusOf(claim)).toBe('malformed');
  });

  test(`is at most ${RECORD_BYTES_MAX} bytes long, by the bounds of its parts`, () => {
    const widest = { account: bob.did, credit: `-${'9'.repeat(40)}` };
    const record = sealed({
      ...entry(),
      topic: `ledger:${'a'.repeat(32)}`,
      sequence: Number.MAX_SAFE_INTEGER,
      parents: ids(PARENTS_MAX),
      timestamp: Number.MAX_SAFE_INTEGER,
      floor: Number.MAX_SAFE_INTEGER,
      certificate: 'c'.repeat(64) as never,
      body: {
        accounts: Array.from({ length: LINES_MAX }, () => widest),
        memo: '\u0001'.repeat(MEMO_BYTES_MAX), // One byte of memo, and six of JSON.
        contract: 'd'.repeat(64),
        refunds: 'e'.repeat(64) as never,
      },
    });
    expect(statusOf(record)).toBe('accepted');
    expect(Buffer.byteLength(canonical(record))).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  });

  test('that disputes names one entry and gives one reason, in a ledger topic', () => {
    const body = { entry: 'e'.repeat(64), reason: 'why' };
    const filed = { ...entry(), kind: 'icn/dispute/1', body } as never as Draft<'icn/dispute/1'>;
    expect(statusOf(sealed(filed))).toBe('accepted');
    const { reason: _reason, ...silent } = body;
    const wrong: readonly object[] = [
      silent,
      { ...body, entry: 'E'.repeat(64) },
      { ...body, entry: null },
      { ...body, more: 1 },
      { ...body, reason: 'x'.repeat(MEMO_BYTES_MAX + 1) },
      { accounts: [] },
    ];
    for (const each of wrong) {
      expect(statusOf(sealed({ ...filed, body: each }))).toBe('malformed');
    }
    expect(statusOf(sealed({ ...filed, topic: 'garden:plans' }))).toBe('malformed');
    const refund = { ...entry(), body: { accounts: [], refunds: 'x' } } as never;
    expect(statusOf(sealed(refund))).toBe('malformed');
  });

  test('of a draft without canonical form is a bug of the caller', () => {
    const draft = { ...entry(), floor: undefined } as never;
    expect(() => records.sign(draft, alice)).toThrow(/no canonical form.*floor/);
  });

  test('is verified by the function that was given, where one was', () => {
    const seen: string[] = [];
    const trusting = create({
      content,
      network,
      verify: (did) => {
        seen.push(did);
        return true;
      },
    });
    expect(trusting.open({ ...wire(entry()), signature: 'A'.repeat(86) })).toMatchObject({
      ok: true,
    });
    expect(trusting.verify(bob.did, new Uint8Array(0), new Uint8Array(0))).toBe(true);
    expect(seen).toEqual([alice.did, bob.did]);
  });

  test('from anywhere in JSON opens or is refused, and raises no exception', () => {
    const names = fc.constantFrom(...Object.keys(wire(entry())), 'floor', '__proto__');
    fc.assert(
      fc.property(names, fc.jsonValue({ maxDepth: 3 }), (name, value) => {
        const fields = [...Object.entries(wire(entry())), [name, value] as const];
        const claim = Object.fromEntries(fields) as Json;
        const isSame = JSON.stringify(claim) === JSON.stringify(wire(entry()));
        expect(statusOf(claim) === 'accepted').toBe(isSame);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a Hello', () => {
  const facts = (signer: Signer, nonce: string): HelloFacts => ({
    did: signer.did,
    network,
    protocol: 'icn/gossip/1',
    nonce,
  });
  const mine = facts(alice, 'A'.repeat(22));
  const theirs = facts(bob, `${'B'.repeat(21)}A`);
  const binding = 'sha-256:of-this-link';
  /** Bob's answer, and how Alice sees the meeting. */
  const proof = records.proveHello({ mine: theirs, theirs: mine, binding }, bob);
  const meeting = { mine, theirs, binding };

  test('answered by the other side of this link is believed, by both', () => {
    expect(records.checkHello(meeting, proof)).toBe(true);
    const answer = records.proveHello(meeting, alice);
    expect(records.checkHello({ mine: theirs, theirs: mine, binding }, answer)).toBe(true);
  });

  test('recorded on one meeting fits no other', () => {
    const nonce = `${'C'.repeat(21)}A`;
    const carol = createSigner(seedOf(3));
    const others = [
      { ...meeting, binding: 'sha-256:of-another-link' },
      { ...meeting, mine: { ...mine, nonce } },
      { ...meeting, theirs: { ...theirs, nonce } },
      { ...meeting, mine: { ...mine, did: carol.did } },
      { ...meeting, theirs: { ...theirs, did: carol.did } },
      { ...meeting, mine: { ...mine, network: 'other' }, theirs: { ...theirs, network: 'other' } },
      { ...meeting, mine: { ...mine, protocol: 'x' }, theirs: { ...theirs, protocol: 'x' } },
    ];
    for (const other of others) expect(records.checkHello(other, proof)).toBe(false);
  });

  test('sent back to its signer proves nothing', () => {
    const answer = records.proveHello(meeting, alice);
    expect(records.checkHello(meeting, answer)).toBe(false);
    const mirror = { mine, theirs: { ...theirs, did: alice.did }, binding };
    expect(records.checkHello(mirror, answer)).toBe(false);
  });

  test.each([
    ['with our own nonce', { ...theirs, nonce: mine.nonce }],
    ['from our own DID', { ...theirs, did: alice.did }],
    ['of another network', { ...theirs, network: 'c'.repeat(64) }],
    ['of another protocol', { ...theirs, protocol: 'icn/gossip/2' }],
  ])('%s is neither answered nor believed', (_name, stranger) => {
    const odd = { mine, theirs: stranger, binding };
    expect(() => records.proveHello(odd, alice)).toThrow(/no Hello to prove/);
    // Signed all the same, by somebody who does not ask.
    const text = content.canonicalize({
      purpose: 'icn/v1/hello',
      signer: stranger.did,
      peer: mine.did,
      network: stranger.network,
      protocol: stranger.protocol,
      signerNonce: stranger.nonce,
      peerNonce: mine.nonce,
      binding,
    });
    const signer = stranger.did === bob.did ? bob : alice;
    const signature = signer.sign(new TextEncoder().encode(text.ok ? text.value : ''));
    const answer = Buffer.from(signature).toString('base64url');
    expect(records.checkHello(odd, answer)).toBe(false);
  });

  test('is signed by the one who says it', () => {
    expect(() => records.proveHello(meeting, bob)).toThrow(/signer/);
  });

  test.each(['', 'A', 'A'.repeat(85), 'A'.repeat(86), `${'A'.repeat(86)}==`, proof.toLowerCase()])(
    'with the signature "%s" is not believed',
    (signature) => {
      expect(records.checkHello(meeting, signature)).toBe(false);
    },
  );
});
