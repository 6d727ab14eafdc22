/**
 * Identity and signed records: a name that is a hash, a signature over the name, and nothing
 * believed that can be computed.
 *
 * A claim is judged from cheap to dear: its shape, its network, its id, and only then the
 * signature, which costs eight times all of that together (110 us, and 1 ms where it is refused).
 */
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import { accepted, refused } from '#contracts/outcome.ts';
import type { CreateRecords, Records } from '#contracts/records.ts';
import { encodeDid } from './did.ts';
import { helloMessage } from './hello.ts';
import { createKeyring } from './keyring.ts';
import { createReadShape } from './shape.ts';
import { decodeSignature, encodeSignature, isSignature } from './signature.ts';

/** In front of every id that is signed: a signature of a record is a signature of nothing else. */
const RECORD_PURPOSE = 'icn/v1/record:';

/** The reference filling of layer 6. */
export const create: CreateRecords = ({ content, network, verify: given }) => {
  const keyring = createKeyring();
  const readShape = createReadShape((text) => keyring(text).ok);

  const verify: Records['verify'] =
    given ??
    ((did, message, signature) => {
      const key = keyring(did);
      return key.ok && isSignature(key.value, message, signature);
    });

  const verifyText = (did: Did, message: Uint8Array, text: string): boolean => {
    const signature = decodeSignature(text);
    return signature !== undefined && verify(did, message, signature);
  };

  return {
    did: encodeDid,

    publicKey(did) {
      const key = keyring(did);
      return key.ok ? accepted(key.value.publicKey.slice()) : key; // A copy: the keyring's stays whole.
    },

    sign(draft, signer) {
      const name = content.id({ ...draft });
      if (!name.ok) throw new Error(`a draft has no canonical form: ${name.reason}`);
      const id = name.value as RecordId;
      return { ...draft, id, signature: encodeSignature(signer.sign(recordMessage(id))) };
    },

    open(value) {
      const shape = readShape(value);
      if (!shape.ok) return shape;
      const record = shape.value;
      const name = content.id(value as { readonly [key: string]: Json });
      if (!name.ok) return refused('malformed', `${name.status}, ${name.reason}`);
      if (record.network !== network) {
        return refused('network_mismatch', `expected ${network}, came ${record.network}`);
      }
      if (name.value !== record.id) {
        return refused('id_mismatch', `expected ${name.value}, came ${record.id}`);
      }
      if (!verifyText(record.author, recordMessage(record.id), record.signature)) {
        return refused(
          'signature_invalid',
          `expected a signature of ${record.author} over ${record.id}`,
        );
      }
      return accepted(record);
    },

    verify,

    proveHello({ mine, theirs, binding }, signer) {
      if (signer.did !== mine.did) {
        throw new Error(`expected the signer of ${mine.did}, came that of ${signer.did}`);
      }
      const message = helloMessage(content, { signer: mine, peer: theirs }, binding);
      if (!message.ok) throw new Error(`no Hello to prove: ${message.reason}`);
      return encodeSignature(signer.sign(message.value));
    },

    checkHello({ mine, theirs, binding }, signature) {
      const message = helloMessage(content, { signer: theirs, peer: mine }, binding);
      return message.ok && verifyText(theirs.did, message.value, signature);
    },
  };
};

const recordMessage = (id: RecordId): Uint8Array =>
  new TextEncoder().encode(`${RECORD_PURPOSE}${id}`);
