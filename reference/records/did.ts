/**
 * did:key for Ed25519: `did:key:z`, and base58btc of two bytes that say Ed25519 and the key's 32.
 *
 * A DID is an account, a key of maps and a part of what is hashed, so one key must have one spelling:
 * what is read is spelled again, and must be the same text.
 */
import type { Did } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

const PREFIX = 'did:key:z';
/** The multicodec of an Ed25519 public key, 0xed as a varint. */
const MULTICODEC = [0xed, 0x01] as const;
const KEY_BYTES = 32;
/** 34 bytes that begin with 0xed01 are always 47 digits of base58, and the first three are `6Mk`. */
const DID_CHARACTERS = PREFIX.length + 47;
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The DID of a public key; a key of another length is a bug of the caller. */
export const encodeDid = (publicKey: Uint8Array): Did => {
  if (publicKey.length !== KEY_BYTES) {
    throw new RangeError(`expected a key of ${KEY_BYTES} bytes, came ${publicKey.length}`);
  }
  return `${PREFIX}${encodeBase58([...MULTICODEC, ...publicKey])}` as Did;
};

/** The public key of a DID. Its length is judged first, for decoding is quadratic in it. */
export const decodeDid = (did: string): Outcome<Uint8Array, 'did_invalid'> => {
  const refuse = (expected: string) =>
    refused('did_invalid', `expected ${expected}, came ${JSON.stringify(did.slice(0, 80))}`);
  if (did.length !== DID_CHARACTERS) return refuse(`${DID_CHARACTERS} characters`);
  const bytes = decodeBase58(did.slice(PREFIX.length));
  const key = Uint8Array.from(bytes?.slice(MULTICODEC.length) ?? []);
  // One comparison for the prefix, the kind of key and the spelling.
  if (key.length !== KEY_BYTES || encodeDid(key) !== did) {
    return refuse(`${PREFIX} and an Ed25519 key in its one spelling`);
  }
  return accepted(key);
};

const encodeBase58 = (bytes: readonly number[]): string => {
  const digits = convert({ numerals: bytes, from: 256, to: 58 });
  return digits.map((digit) => ALPHABET.charAt(digit)).join('');
};

const decodeBase58 = (text: string): number[] | undefined => {
  const digits = Array.from(text, (character) => ALPHABET.indexOf(character));
  return digits.includes(-1) ? undefined : convert({ numerals: digits, from: 58, to: 256 });
};

interface Conversion {
  /** Most significant first. */
  readonly numerals: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** A number from one base to another, schoolbook; each leading zero stays a leading zero. */
const convert = ({ numerals, from, to }: Conversion): number[] => {
  const result: number[] = []; // Least significant first.
  for (const numeral of numerals) {
    let carry = numeral;
    for (let place = 0; place < result.length; place++) {
      carry += (result[place] ?? 0) * from;
      result[place] = carry % to;
      carry = Math.floor(carry / to);
    }
    for (; carry > 0; carry = Math.floor(carry / to)) result.push(carry % to);
  }
  const significant = numerals.findIndex((numeral) => numeral !== 0);
  const zeros = significant === -1 ? numerals.length : significant;
  return [...Array<number>(zeros).fill(0), ...result.reverse()];
};
