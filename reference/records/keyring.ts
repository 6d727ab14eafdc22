/**
 * Public keys by DID, remembered: an author's next record should not pay for the last one's decoding.
 *
 * The memory is of a pure function, so forgetting costs time and never an answer: it is bounded, and
 * the oldest key goes first. Only DIDs that spell a key are kept.
 */
import { accepted, type Outcome } from '#contracts/outcome.ts';
import { decodeDid } from './did.ts';
import { createVerifyingKey, type VerifyingKey } from './signature.ts';

/** About 400 bytes each. */
const KEYS_MAX = 4_096;

/** The key that a DID spells. */
export type Keyring = (did: string) => Outcome<VerifyingKey, 'did_invalid'>;

/** A keyring that remembers nothing yet. */
export const createKeyring = (): Keyring => {
  const keys = new Map<string, VerifyingKey>();
  return (did) => {
    const known = keys.get(did);
    if (known !== undefined) return accepted(known);
    const publicKey = decodeDid(did);
    if (!publicKey.ok) return publicKey;
    const key = createVerifyingKey(publicKey.value);
    for (const oldest of keys.keys()) {
      if (keys.size < KEYS_MAX) break;
      keys.delete(oldest);
    }
    keys.set(did, key);
    return accepted(key);
  };
};
