/** The peers of this moment: what each subscribed to, last claimed, and may still say. */
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { GossipSettings } from '#contracts/gossip.ts';
import type { Summary } from '#contracts/reconciliation.ts';
import { createBucket, type Bucket } from './pacing.ts';

/** What is remembered of one peer and topic. */
export interface Conversation {
  /** Its last digest: a claim, and a reason to ask. */
  claim: Summary | undefined;
  /** How many digests we may still send. */
  readonly sending: Bucket;
  /** How many it may still send: one more than we would, for clocks that run a little apart. */
  readonly receiving: Bucket;
}

export interface Peer {
  readonly did: Did;
  /** Topics it wants. */
  readonly subscriptions: Set<Topic>;
  /** Topics it has not confirmed to us yet. */
  readonly unconfirmed: Set<Topic>;
  conversation(topic: Topic): Conversation;
  /** Its claim led nowhere: it is asked again after its next digest. */
  forgetClaim(topic: Topic): void;
}

const DIGEST_BURST = 2;

export const createPeer = (
  did: Did,
  topics: readonly Topic[],
  { digestSpacingMs }: GossipSettings,
): Peer => {
  const conversations = new Map<Topic, Conversation>();
  const peer: Peer = {
    did,
    subscriptions: new Set(),
    unconfirmed: new Set(topics),
    forgetClaim: (topic) => void (peer.conversation(topic).claim = undefined),
    conversation(topic) {
      let conversation = conversations.get(topic);
      if (!conversation) {
        conversation = {
          claim: undefined,
          sending: createBucket(digestSpacingMs, DIGEST_BURST),
          receiving: createBucket(digestSpacingMs, DIGEST_BURST + 1),
        };
        conversations.set(topic, conversation);
      }
      return conversation;
    },
  };
  return peer;
};
