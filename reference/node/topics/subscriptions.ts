/**
 * Subscriptions: who wants to hear of what.
 *
 * Each side of a session says which topics it wants, again and again until the other has acknowledged
 * them, because a link may lose frames. A peer is let in where the topic is one of ours, it may read
 * it, and its class may want so many; what became of each topic is said by name. Of a topic that a peer
 * may not read we do not tell it. A peer that had no such topic and asks for it later has it by then:
 * we say again what we want.
 *
 * What a peer wanted is remembered when its session ends, and by a snapshot when we end: whoever comes
 * back is told at once. If it does not want to hear of a topic any more, it says so.
 */
import type { Cancel, Host } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import {
  TOPICS_MAX,
  type SubscribeAck,
  type SubscriptionMessage,
  type SubscriptionStatus,
} from '#contracts/messages.ts';
import type { Trust } from '#contracts/trust.ts';

/** Time until an unacknowledged Subscribe is said again. */
const RETRY_MS = 2_000;
/** Peers whose wishes are remembered while they are away, the longest away forgotten first. */
const AWAY_MAX = 1_024;

export interface SubscriptionsOptions {
  /** What we want and what others may have of us, at this moment. */
  readonly topics: () => readonly Topic[];
  readonly trust: Pick<Trust, 'mayRead' | 'budget'>;
  readonly after: Host['after'];
  readonly say: (peer: Did, message: SubscriptionMessage) => void;
  /** A peer wants to hear of a topic, and may. Once, until it has left. */
  readonly joined: (topic: Topic, peer: Did) => void;
  /** What was wanted when a snapshot was made. */
  readonly remembered?: { readonly [topic: Topic]: readonly Did[] };
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
  /** There is one topic more: everybody who may read it hears that we want it. */
  opened(topic: Topic): void;
  /** There is one less, for us and for all that wanted it. */
  closed(topic: Topic): void;
  /**
   * Trust has changed: who may not read a topic any more leaves it, and joins again when it may. Nothing
   * is sent to it meanwhile, whether this was called or not.
   */
  review(): void;
  /** Who wants to hear of a topic, those who are away for now among them. */
  subscribers(topic: Topic): readonly Did[];
}

interface Sides {
  /** What the peer has not acknowledged to us yet. */
  readonly unacknowledged: Set<Topic>;
  /** What it did not give us when we asked. */
  readonly denied: Set<Topic>;
  /** What it wants. */
  readonly wanted: Set<Topic>;
  /** What it wants and may not read today. */
  readonly barred: Set<Topic>;
  /** What it was told that we want. */
  readonly told: Set<Topic>;
  retry: Cancel | undefined;
}

export const createSubscriptions = (options: SubscriptionsOptions): Subscriptions => {
  const { topics, trust, after, say, joined, left } = options;
  const peers = new Map<Did, Sides>();
  /** What those want who are not connected. */
  const away = new Map<Did, Set<Topic>>();

  const remember = (peer: Did, wanted: Iterable<Topic>): void => {
    const all = new Set([...(away.get(peer) ?? []), ...wanted]);
    away.delete(peer);
    if (all.size > 0) away.set(peer, all);
    for (const longest of away.size > AWAY_MAX ? away.keys() : []) {
      away.delete(longest);
      break;
    }
  };
  for (const [topic, dids] of Object.entries(options.remembered ?? {})) {
    for (const did of dids) remember(did, [topic]);
  }

  /** Whoever comes back is let in where it was. */
  const welcome = (peer: Did, { wanted }: Sides): void => {
    const before = away.get(peer) ?? [];
    away.delete(peer);
    for (const topic of before) {
      if (statusFor(topic, peer, wanted) !== 'subscribed') continue;
      wanted.add(topic);
      joined(topic, peer);
    }
  };

  const subscribe = (peer: Did, sides: Sides): void => {
    sides.retry?.();
    sides.retry = undefined;
    if (sides.unacknowledged.size === 0) return;
    const asked = [...sides.unacknowledged];
    for (let start = 0; start < asked.length; start += TOPICS_MAX) {
      say(peer, { type: 'subscribe', topics: asked.slice(start, start + TOPICS_MAX) });
    }
    sides.retry = after(RETRY_MS, () => subscribe(peer, sides));
  };

  /** Says that we want these, if the peer may know of them. */
  const want = (peer: Did, sides: Sides, wanted: readonly Topic[]): void => {
    const readable = wanted.filter((topic) => trust.mayRead(topic, peer));
    if (readable.length === 0) return;
    for (const topic of readable) {
      sides.unacknowledged.add(topic);
      sides.told.add(topic);
    }
    subscribe(peer, sides);
  };

  const statusFor = (topic: Topic, peer: Did, wanted: ReadonlySet<Topic>): SubscriptionStatus => {
    if (!topics().includes(topic)) return 'topic_unknown';
    if (!trust.mayRead(topic, peer)) return 'not_permitted';
    const isFull = wanted.size >= trust.budget(peer).subscriptionsMax;
    return isFull && !wanted.has(topic) ? 'full' : 'subscribed';
  };

  /** Acknowledges every topic by its status, and lets the peer in where it was not. */
  const admit = (peer: Did, sides: Sides, asked: readonly Topic[]): void => {
    const { wanted, denied, barred } = sides;
    const fresh: Topic[] = [];
    const acknowledged = asked.map((topic): SubscribeAck['topics'][number] => {
      const status = statusFor(topic, peer, wanted);
      if (status === 'subscribed' && !wanted.has(topic)) {
        wanted.add(topic);
        fresh.push(topic);
      }
      // Bounded: there is such a topic.
      if (status === 'not_permitted') barred.add(topic);
      return { topic, status };
    });
    say(peer, { type: 'subscribe-ack', topics: acknowledged });
    for (const topic of fresh) joined(topic, peer);
    const offered = fresh.filter((topic) => denied.delete(topic));
    want(peer, sides, offered);
  };

  const heed = ({ unacknowledged, denied }: Sides, { topics: answers }: SubscribeAck): void => {
    for (const { topic, status } of answers) {
      if (unacknowledged.delete(topic) && status !== 'subscribed') denied.add(topic);
      if (status === 'subscribed') denied.delete(topic);
    }
  };

  return {
    connected(peer) {
      const sides: Sides = {
        unacknowledged: new Set(),
        denied: new Set(),
        wanted: new Set(),
        barred: new Set(),
        told: new Set(),
        retry: undefined,
      };
      peers.set(peer, sides);
      want(peer, sides, topics());
      welcome(peer, sides);
    },
    disconnected(peer) {
      const sides = peers.get(peer);
      if (!sides) return;
      sides.retry?.();
      peers.delete(peer);
      remember(peer, sides.wanted);
    },
    receive(peer, message) {
      const sides = peers.get(peer);
      if (!sides) return;
      switch (message.type) {
        case 'subscribe':
          admit(peer, sides, message.topics);
          break;
        case 'unsubscribe':
          for (const topic of message.topics) {
            sides.barred.delete(topic);
            if (sides.wanted.delete(topic)) left(topic, peer);
          }
          break;
        case 'subscribe-ack':
          heed(sides, message);
          break;
      }
    },
    opened(topic) {
      for (const [peer, sides] of peers) want(peer, sides, [topic]);
    },
    closed(topic) {
      for (const wanted of away.values()) wanted.delete(topic);
      for (const [peer, { unacknowledged, denied, wanted, barred, told }] of peers) {
        const isTold = told.has(topic);
        for (const set of [unacknowledged, denied, wanted, barred, told]) set.delete(topic);
        if (isTold) say(peer, { type: 'unsubscribe', topics: [topic] });
      }
    },
    review() {
      const isHere = new Set(topics());
      for (const [peer, sides] of peers) {
        const { wanted, barred, told } = sides;
        for (const topic of wanted) {
          if (trust.mayRead(topic, peer)) continue;
          wanted.delete(topic);
          barred.add(topic);
          left(topic, peer);
        }
        const again = [...barred].filter((topic) => trust.mayRead(topic, peer));
        for (const topic of again) barred.delete(topic);
        for (let start = 0; start < again.length; start += TOPICS_MAX) {
          admit(peer, sides, again.slice(start, start + TOPICS_MAX));
        }
        want(
          peer,
          sides,
          [...isHere].filter((topic) => !told.has(topic)),
        );
      }
    },
    subscribers(topic) {
      const here = [...peers].map(([peer, { wanted }]) => [peer, wanted] as const);
      return [...here, ...away].filter(([, wanted]) => wanted.has(topic)).map(([peer]) => peer);
    },
  };
};
