/**
 * The one meaning of a valid signature, and the only place that decides it.
 *
 * RFC 8032 leaves room: verifiers disagree on keys of small order, on points written in two ways and
 * on points with a small-order part, and two verifiers are two ledgers. Here @noble/ed25519 without
 * ZIP 215 is the judge. It is also slow (0.8 k/s, where OpenSSL does 10 k/s), so OpenSSL may say yes
 * in its place for keys and points about which nobody disagrees: OpenSSL checks S*B = R + k*A by the
 * bytes of R, and the judge checks 8*S*B = 8*R + 8*k*A, which follows. A no of OpenSSL does not
 * decide: it is stricter than the judge for points with a small-order part.
 */
import { createHash, createPublicKey, verify as verifyFast, type KeyObject } from 'node:crypto';
import { hashes, verify as verifyStrict } from '@noble/ed25519';

hashes.sha512 = (message) => createHash('sha512').update(message).digest();

/** A public key made ready once for many signatures. */
export interface VerifyingKey {
  readonly publicKey: Uint8Array;
  /** Whether nobody disagrees about this key. */
  readonly isOrdinary: boolean;
  /** OpenSSL's form of the key, made at first use: it costs 90 us, as much as a verification. */
  prepared(): KeyObject;
}

/** Makes a key ready; whether any signature fits it is not asked yet. */
export const createVerifyingKey = (publicKey: Uint8Array): VerifyingKey => {
  let keyObject: KeyObject | undefined;
  return {
    publicKey,
    isOrdinary: isOrdinaryPoint(publicKey),
    prepared: () => (keyObject ??= importKey(publicKey)),
  };
};

/** Whether `signature` is one of `message` by `key`. Anything of another length is no signature. */
export const isSignature = (
  key: VerifyingKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const agreed =
    key.isOrdinary &&
    isOrdinaryPoint(signature.subarray(0, POINT_BYTES)) &&
    littleEndian(signature.subarray(POINT_BYTES)) < GROUP_ORDER;
  if (agreed && verifyFast(null, message, key.prepared(), signature)) return true;
  return verifyStrict(signature, message, key.publicKey, { zip215: false });
};

/** A signature as text: base64url without padding. */
export const encodeSignature = (signature: Uint8Array): string =>
  Buffer.from(signature).toString('base64url');

/** 64 bytes are 86 characters; the last has two bits to spell, so no two texts mean one signature. */
export const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{85}[AQgw]$/;

/** The bytes of a signature's text. */
export const decodeSignature = (text: string): Uint8Array | undefined =>
  SIGNATURE_PATTERN.test(text) ? Buffer.from(text, 'base64url') : undefined;

const SIGNATURE_BYTES = 64;
const POINT_BYTES = 32;
/** Of the field and of the group of Ed25519 (RFC 8032, 5.1). */
const FIELD_PRIME = 2n ** 255n - 19n;
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The y of a point of order 8. */
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** The y of all eight points whose order divides 8; the sign of x tells the two of one y apart. */
const SMALL_ORDER = new Set([0n, 1n, FIELD_PRIME - 1n, ORDER_8, FIELD_PRIME - ORDER_8]);

/** A point in its one encoding and not of small order; that it lies on the curve is not asked. */
const isOrdinaryPoint = (encoded: Uint8Array): boolean => {
  const y = BigInt.asUintN(255, littleEndian(encoded)); // The 256th bit is the sign of x.
  return y < FIELD_PRIME && !SMALL_ORDER.has(y);
};

const littleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

const importKey = (publicKey: Uint8Array): KeyObject => {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
};
