/**
 * Keys as libp2p spells them, because the native layer's certificate is libp2p's.
 *
 * A private key goes in as the protobuf `PrivateKey{Type: Ed25519, Data: seed || public}`. A peer id
 * comes out as base58btc of an identity multihash of the protobuf `PublicKey{Type: Ed25519, Data}`:
 * the key itself, not a hash of it, so it can be read back (libp2p specs, peer-ids.md).
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';

/** DER of a PKCS #8 Ed25519 key up to the seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Field 1 = type 1 (Ed25519), field 2 = 64 bytes. */
const PRIVATE_KEY_PREFIX = Buffer.from('08011240', 'hex');
/** Identity multihash of 36 bytes; field 1 = type 1 (Ed25519), field 2 = 32 bytes. */
const PEER_ID_PREFIX = '002408011220';
const PEER_ID_BYTES = 38;
/** 38 bytes take at most 52 base58 digits; nothing longer is worth decoding. */
const PEER_ID_DIGITS_MAX = 52;
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The 32-byte public key of a 32-byte Ed25519 seed. */
export const publicKeyOf = (seed: Uint8Array): Uint8Array => {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(-32));
};

/** The seed and its public key in libp2p's protobuf. */
export const privateKeyProto = (seed: Uint8Array): Uint8Array =>
  Buffer.concat([PRIVATE_KEY_PREFIX, seed, publicKeyOf(seed)]);

const decodeBase58 = (text: string): Buffer | undefined => {
  let value = 0n;
  for (const digit of text) {
    const at = BASE58.indexOf(digit);
    if (at < 0) return undefined;
    value = value * 58n + BigInt(at);
  }
  const hex = value.toString(16).padStart(PEER_ID_BYTES * 2, '0');
  return hex.length === PEER_ID_BYTES * 2 ? Buffer.from(hex, 'hex') : undefined;
};

/** The Ed25519 key at the end of a multiaddr; undefined where it names none of that kind. */
export const provenKey = (multiaddr: string): Uint8Array | undefined => {
  const peerId = /\/p2p\/([^/]+)$/.exec(multiaddr)?.[1];
  if (peerId === undefined || peerId.length > PEER_ID_DIGITS_MAX) return undefined;
  const bytes = decodeBase58(peerId);
  if (bytes?.subarray(0, 6).toString('hex') !== PEER_ID_PREFIX) return undefined;
  return new Uint8Array(bytes.subarray(6));
};
