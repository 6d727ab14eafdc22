/** How many bytes a message takes: the engine hands objects over, and counts what a wire would carry. */
import type { SwarmDigest, SwarmMessage } from '#contracts/swarm.ts';
import { HASH_BYTES } from '../blake3.ts';
import { SIGNATURE_BYTES } from '../certificate.ts';

/** Type, length, epoch. */
const FRAME_BYTES = 4;
const VERSION_BYTES = 4;
/** Epoch, version, two hashes, writer, signature: what a certificate begins with. */
const STATE_BYTES = 2 * 8 + 2 * HASH_BYTES + 4 + SIGNATURE_BYTES;
/** Voter and signature; which state it is for is said once. */
const VOTE_BYTES = 4 + SIGNATURE_BYTES;

/** Bytes on a wire. A digest of nothing under vote takes 40. */
export const messageBytes = (message: SwarmMessage): number => {
  switch (message.type) {
    case 'ack':
      return FRAME_BYTES + VERSION_BYTES;
    case 'pull':
    case 'push_pull':
      return FRAME_BYTES + digestBytes(message.digest);
    case 'push': {
      const proposals = message.proposals.reduce(
        (sum, { value }) => sum + STATE_BYTES + value.length,
        0,
      );
      return FRAME_BYTES + proposals + message.votes.length * VOTE_BYTES;
    }
  }
};

const digestBytes = ({ candidates }: SwarmDigest): number =>
  candidates.reduce(
    (sum, { voters }) => sum + HASH_BYTES + voters.length,
    VERSION_BYTES + HASH_BYTES,
  );
