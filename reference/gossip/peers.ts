/**
 * The peers of this moment: who wants to hear of the topic, what each last claimed, and what it may
 * still say. Remembered from the first word on, so a peer that never joined is here too.
 */
import type { Did } from '#contracts/identifiers.ts';
import type { GossipSettings } from '#contracts/gossip.ts';
import type { Pull as Question, Summary } from '#contracts/reconciliation.ts';
import { createBucket, type Bucket } from './pacing.ts';

interface Peer {
  /** It wants to hear of the topic. */
  joined: boolean;
  /** Its last digest: a claim, and a reason to ask. */
  claim: Summary | undefined;
  /** It asked us to come again no earlier. */
  restsUntil: number;
  /** What we were asking when it did, if a clock would not lead to it again. */
  paused: Question | undefined;
  /** Nonces of its last digests, oldest first: one that was heard is not heard again. */
  readonly nonces: string[];
  /** How many digests we may still send. */
  readonly sending: Bucket;
  /** How many it may still send: one more than we would, for clocks that run a little apart. */
  readonly receiving: Bucket;
}

const DIGEST_BURST = 2;
/** Digests of one peer whose nonces are remembered. */
const NONCES_MAX = 64;

export const createPeers = ({ digestSpacingMs }: GossipSettings) => {
  const peers = new Map<Did, Peer>();
  return {
    of(did: Did): Peer {
      const known = peers.get(did);
      if (known) return known;
      const peer = {
        joined: false,
        claim: undefined,
        restsUntil: -Infinity,
        paused: undefined,
        nonces: [],
        sending: createBucket(digestSpacingMs, DIGEST_BURST),
        receiving: createBucket(digestSpacingMs, DIGEST_BURST + 1),
      };
      peers.set(did, peer);
      return peer;
    },
    /** Notes the nonce of a digest; false if it was heard before. */
    isNew(did: Did, nonce: string): boolean {
      const { nonces } = this.of(did);
      if (nonces.includes(nonce)) return false;
      nonces.push(nonce);
      if (nonces.length > NONCES_MAX) nonces.shift();
      return true;
    },
    remove: (did: Did): void => void peers.delete(did),
    all: (): readonly Did[] => [...peers.keys()],
    joined: (): readonly Did[] => [...peers].filter(([, { joined }]) => joined).map(([did]) => did),
  };
};
