/**
 * Topics: each has a gossip of its own, and what peers say is led to the right one.
 *
 * What is the same for every topic is settled here, before gossip hears of it: whether there is such a
 * topic, who wants to hear of it (`subscriptions.ts`), who may ask for its records, and how many bytes
 * an answer may cost (`peers/allowances.ts`).
 */
import type { Effect } from '#contracts/effects.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Host } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type {
  Digest,
  GossipMessage,
  PullRequest,
  PullResponse,
  Request,
  SubscriptionMessage,
  TopicMessage,
} from '#contracts/messages.ts';
import type { NodeCount } from '#contracts/node.ts';
import type { Trust } from '#contracts/trust.ts';
import type { Allowances } from '../peers/allowances.ts';
import type { CountedFields } from '../operator/metering.ts';
import { createSubscriptions } from './subscriptions.ts';

/** The gossip of each topic that is open. */
export type Gossips = ReadonlyMap<Topic, Gossip>;

/** The gossip of one topic; to ask for one that is not open is a bug of the caller. */
export const gossipOf = (gossips: Gossips, topic: Topic): Gossip => {
  const gossip = gossips.get(topic);
  if (!gossip) throw new Error(`topic ${topic} is not open`);
  return gossip;
};

/** Messages that bring something; the others are answered with what is held, and only readers may say them. */
const isBringing = (
  message: TopicMessage,
): message is Exclude<TopicMessage, Digest | PullRequest | Request> =>
  !['digest', 'request', 'pull-request'].includes(message.type);
/** Nothing now: the answer to a pull of somebody who has had its share. */
const deferred = ({ topic, nonce }: PullRequest, waitMs: number): PullResponse => ({
  type: 'pull-response',
  topic,
  records: [],
  done: true,
  truncated: true,
  waitMs,
  nonce,
});

export interface TopicsOptions {
  readonly gossips: Gossips;
  readonly trust: Trust;
  readonly host: Pick<Host, 'after' | 'monotonic'>;
  readonly say: (peer: Did, message: SubscriptionMessage | PullResponse) => void;
  /** What each peer may still draw. */
  readonly allowances: Allowances;
  /** Performs what a topic's gossip decided. */
  readonly perform: (topic: Topic, effects: readonly Effect[]) => void;
  readonly count: (event: NodeCount, fields: CountedFields) => void;
  /** Whether a word of a peer is heard at all: rates and conduct (`peers/rates.ts`). */
  readonly hears: (peer: Did, message: GossipMessage) => boolean;
  /** What a message of a peer led to, once that is performed. */
  readonly brought: (peer: Did, effects: readonly Effect[]) => void;
  /** A peer that may speak of a topic says what it holds. */
  readonly claimed: (peer: Did, digest: Digest) => void;
  /** See SubscriptionsOptions. */
  readonly remembered?: { readonly [topic: Topic]: readonly Did[] };
}

export interface Topics {
  /** First effects of every gossip: timers. */
  start(): void;
  connected(peer: Did): void;
  disconnected(peer: Did): void;
  /** Of a peer that is not connected nothing is heard. */
  received(peer: Did, message: GossipMessage): void;
  /** A topic more, whose gossip is there already. */
  opened(topic: Topic): void;
  /** A topic less, whose gossip is gone already. */
  closed(topic: Topic): void;
  subscribers(topic: Topic): readonly Did[];
  /** See Subscriptions. */
  review(): void;
}

export const createTopics = (options: TopicsOptions): Topics => {
  const { gossips, trust, host, say, allowances, perform, count } = options;
  const peers = new Set<Did>();

  /** Hands a topic's gossip an input and performs what follows from it. */
  const run = (topic: Topic, input: (gossip: Gossip, now: number) => readonly Effect[]): void =>
    perform(topic, input(gossipOf(gossips, topic), host.monotonic()));

  const subscriptions = createSubscriptions({
    topics: () => [...gossips.keys()],
    trust,
    after: host.after,
    say,
    ...(options.remembered && { remembered: options.remembered }),
    joined: (topic, peer) => run(topic, (gossip, now) => gossip.joined(now, peer)),
    left: (topic, peer) => run(topic, (gossip, now) => gossip.left(now, peer)),
  });

  /** A message as gossip may hear it; undefined if it may not. */
  const permitted = (peer: Did, message: TopicMessage): TopicMessage | undefined => {
    const { topic } = message;
    if (!gossips.has(topic)) {
      count('topic_unknown', { peer, detail: topic });
      // It remembers a wish of ours that is no more.
      say(peer, { type: 'unsubscribe', topics: [topic] });
      return undefined;
    }
    // A digest asks too: what its sender lacks is told to it.
    if (isBringing(message)) return message;
    if (!trust.mayRead(topic, peer)) {
      count('request_not_permitted', { peer, detail: topic });
      return undefined;
    }
    if (message.type === 'request') {
      if (allowances.mayRequest(host.monotonic(), peer)) return message;
      count('request_deferred', { peer, detail: topic });
      return undefined;
    }
    if (message.type === 'digest') return message;
    const pull = allowances.pull(host.monotonic(), peer);
    if (pull.answer !== 'served') {
      count('pull_deferred', { peer, detail: topic });
      if (pull.answer === 'wait') say(peer, deferred(message, pull.waitMs));
      return undefined;
    }
    const { pullBytesMax } = trust.budget(peer);
    return { ...message, maxBytes: Math.min(message.maxBytes, pullBytesMax) };
  };

  const hear = (peer: Did, message: TopicMessage): void => {
    const gossip = gossipOf(gossips, message.topic);
    const effects = gossip.receive(host.monotonic(), peer, message);
    perform(message.topic, effects);
    options.brought(peer, effects);
  };

  return {
    start() {
      for (const topic of gossips.keys()) run(topic, (gossip, now) => gossip.start(now));
    },
    connected(peer) {
      peers.add(peer);
      subscriptions.connected(peer);
    },
    disconnected(peer) {
      peers.delete(peer);
      subscriptions.disconnected(peer);
      for (const topic of gossips.keys()) run(topic, (gossip, now) => gossip.left(now, peer));
    },
    received(peer, message) {
      // A link that gave way to another, or is being cut, may still have something to say.
      if (!peers.has(peer) || !options.hears(peer, message)) return;
      switch (message.type) {
        case 'subscribe':
        case 'unsubscribe':
        case 'subscribe-ack':
          subscriptions.receive(peer, message);
          break;
        default: {
          const heard = permitted(peer, message);
          if (heard?.type === 'digest') options.claimed(peer, heard);
          if (heard) hear(peer, heard);
        }
      }
    },
    opened(topic) {
      run(topic, (gossip, now) => gossip.start(now));
      subscriptions.opened(topic);
    },
    closed: (topic) => subscriptions.closed(topic),
    subscribers: (topic) => subscriptions.subscribers(topic),
    review: () => subscriptions.review(),
  };
};
