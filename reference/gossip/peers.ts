/**
 * The peers of this moment: who wants to hear of the topic, what each last claimed, and what it may
 * still say. Remembered from the first word on, so a peer that never joined is here too.
 */
import type { Did } from '#contracts/identifiers.ts';
import type { GossipSettings } from '#contracts/gossip.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import { createBucket, type Bucket } from './pacing.ts';

interface Peer {
  /** It wants to hear of the topic. */
  joined: boolean;
  /** Its last digest: a claim, and a reason to ask. */
  claim: Summary | undefined;
  /** How many digests we may still send. */
  readonly sending: Bucket;
  /** How many it may still send: one more than we would, for clocks that run a little apart. */
  readonly receiving: Bucket;
}

const DIGEST_BURST = 2;

export const createPeers = ({ digestSpacingMs }: GossipSettings) => {
  const peers = new Map<Did, Peer>();
  return {
    of(did: Did): Peer {
      const known = peers.get(did);
      if (known) return known;
      const peer = {
        joined: false,
        claim: undefined,
        sending: createBucket(digestSpacingMs, DIGEST_BURST),
        receiving: createBucket(digestSpacingMs, DIGEST_BURST + 1),
      };
      peers.set(did, peer);
      return peer;
    },
    remove: (did: Did): void => void peers.delete(did),
    all: (): readonly Did[] => [...peers.keys()],
    joined: (): readonly Did[] => [...peers].filter(([, { joined }]) => joined).map(([did]) => did),
  };
};
