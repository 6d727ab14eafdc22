/**
 * A signer from a seed: the 32 secret bytes of an Ed25519 key (RFC 8032, 5.1.5), in OpenSSL's hands.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Signer } from '#contracts/records.ts';
import { encodeDid } from './did.ts';

const SEED_BYTES = 32;
/** What PKCS #8 puts in front of the seed of an Ed25519 key (RFC 8410, 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The signer whose secret is `seed`; a seed of another length is a bug of the caller. */
export const createSigner = (seed: Uint8Array): Signer => {
  if (seed.length !== SEED_BYTES) {
    throw new RangeError(`expected a seed of ${SEED_BYTES} bytes, came ${seed.length}`);
  }
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return {
    did: encodeDid(Buffer.from(x, 'base64url')),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
};
