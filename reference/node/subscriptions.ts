/**
 * Subscriptions: who wants to hear of what.
 *
 * Each side of a session says which topics it wants, again and again until the other has acknowledged
 * them, because a link may lose frames. A peer is let in where the topic is one of ours, it may read
 * it, and its class may want so many; what became of each topic is said by name.
 */
import type { Cancel, Host } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { SubscribeAck, SubscriptionMessage, SubscriptionStatus } from '#contracts/messages.ts';
import type { Trust } from '#contracts/trust.ts';

/** Time until an unacknowledged Subscribe is said again. */
const RETRY_MS = 2_000;

export interface SubscriptionsOptions {
  /** What we want and what others may have of us. */
  readonly topics: readonly Topic[];
  readonly trust: Pick<Trust, 'mayRead' | 'budget'>;
  readonly after: Host['after'];
  readonly say: (peer: Did, message: SubscriptionMessage) => void;
  /** A peer wants to hear of a topic, and may. Once, until it has left. */
  readonly joined: (topic: Topic, peer: Did) => void;
  /** It does not want to hear of it any more. Not called for the end of a session. */
  readonly left: (topic: Topic, peer: Did) => void;
}

export interface Subscriptions {
  /** A session begins: says what we want. */
  connected(peer: Did): void;
  /** It ended: all that was said is forgotten. */
  disconnected(peer: Did): void;
  /** Of a peer that is not connected nothing is heard. */
  receive(peer: Did, message: SubscriptionMessage): void;
}

interface Sides {
  /** What the peer has not acknowledged to us yet. */
  readonly unacknowledged: Set<Topic>;
  /** What it wants. */
  readonly wanted: Set<Topic>;
  retry: Cancel | undefined;
}

export const createSubscriptions = (options: SubscriptionsOptions): Subscriptions => {
  const { topics, trust, after, say, joined, left } = options;
  const peers = new Map<Did, Sides>();

  const subscribe = (peer: Did, sides: Sides): void => {
    if (sides.unacknowledged.size === 0) return;
    say(peer, { type: 'subscribe', topics: [...sides.unacknowledged] });
    sides.retry = after(RETRY_MS, () => subscribe(peer, sides));
  };

  const statusFor = (topic: Topic, peer: Did, wanted: ReadonlySet<Topic>): SubscriptionStatus => {
    if (!topics.includes(topic)) return 'topic_unknown';
    if (!trust.mayRead(topic, peer)) return 'not_permitted';
    const isFull = wanted.size >= trust.budget(peer).subscriptionsMax;
    return isFull && !wanted.has(topic) ? 'full' : 'subscribed';
  };

  /** Acknowledges every topic by its status, and lets the peer in where it was not. */
  const admit = (peer: Did, { wanted }: Sides, asked: readonly Topic[]): void => {
    const fresh: Topic[] = [];
    const acknowledged = asked.map((topic): SubscribeAck['topics'][number] => {
      const status = statusFor(topic, peer, wanted);
      if (status === 'subscribed' && !wanted.has(topic)) {
        wanted.add(topic);
        fresh.push(topic);
      }
      return { topic, status };
    });
    say(peer, { type: 'subscribe-ack', topics: acknowledged });
    for (const topic of fresh) joined(topic, peer);
  };

  return {
    connected(peer) {
      const sides = { unacknowledged: new Set(topics), wanted: new Set<Topic>(), retry: undefined };
      peers.set(peer, sides);
      subscribe(peer, sides);
    },
    disconnected(peer) {
      peers.get(peer)?.retry?.();
      peers.delete(peer);
    },
    receive(peer, message) {
      const sides = peers.get(peer);
      if (!sides) return;
      switch (message.type) {
        case 'subscribe':
          admit(peer, sides, message.topics);
          break;
        case 'unsubscribe':
          for (const topic of message.topics) if (sides.wanted.delete(topic)) left(topic, peer);
          break;
        case 'subscribe-ack':
          for (const { topic } of message.topics) sides.unacknowledged.delete(topic);
          break;
      }
    },
  };
};
