/**
 * The gate: how much of what a peer says is heard at all.
 *
 * Words about records cost tokens of the class that the peer is served as (trust layer), a batch one
 * token. What has a bound of its own is exempt: a digest has one per topic, an answer to a pull comes
 * because we asked, and who wants to hear of what has a small bucket here. A peer whose conduct is beyond
 * bearing is not listened to, until that has worn off.
 */
import type { Host } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { NodeCount } from '#contracts/node.ts';
import type { TrustLayer } from '#contracts/trust.ts';
import { createBucket, type Bucket } from '#reference/gossip/pacing.ts';

/** Subscribe, Unsubscribe and SubscribeAck of one session: so many at once, then one in so much time. */
export const SUBSCRIPTION_WORDS_MAX = 64;
export const SUBSCRIPTION_WORD_SPACING_MS = 500;

export interface GateOptions {
  readonly trust: Pick<TrustLayer, 'spend' | 'conduct'>;
  readonly monotonic: Host['monotonic'];
  readonly count: (event: NodeCount, fields: { readonly [name: string]: unknown }) => void;
}

export interface Gate {
  /** Whether this word of a peer is heard; counted if it is not. */
  hears(peer: Did, message: GossipMessage): boolean;
  /** Its session ended. */
  disconnected(peer: Did): void;
}

export const createGate = ({ trust, monotonic, count }: GateOptions): Gate => {
  /** What each session may still say about subscriptions. */
  const wishes = new Map<Did, Bucket>();

  const mayWish = (now: number, peer: Did): boolean => {
    const bucket =
      wishes.get(peer) ?? createBucket(SUBSCRIPTION_WORD_SPACING_MS, SUBSCRIPTION_WORDS_MAX);
    wishes.set(peer, bucket);
    return bucket.take(now);
  };

  const withinRate = (now: number, peer: Did, message: GossipMessage): boolean => {
    switch (message.type) {
      case 'subscribe':
      case 'unsubscribe':
      case 'subscribe-ack':
        return mayWish(now, peer);
      case 'digest':
      case 'pull-response':
        return true;
      case 'announce':
      case 'request':
      case 'response':
      case 'pull-request':
        return trust.spend(now, peer);
    }
  };

  return {
    hears(peer, message) {
      const now = monotonic();
      if (trust.conduct(now, peer).level === 'ignored') {
        count('peer_ignored', { peer, detail: message.type });
        return false;
      }
      if (withinRate(now, peer, message)) return true;
      count('rate_exceeded', { peer, detail: message.type });
      return false;
    },
    disconnected: (peer) => void wishes.delete(peer),
  };
};
