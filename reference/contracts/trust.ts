/**
 * Layer 4, trust: how much work a stranger may cause.
 *
 * Trust decides relay, service and rates. It never decides whether a ledger entry is valid: that
 * must come out alike on every node.
 */
import type { Genesis } from './genesis.ts';
import type { Did, Topic } from './identifiers.ts';
import type { TopicAccess } from './topics.ts';

/** Scores in [0, 0.1), [0.1, 0.4), [0.4, 0.7), [0.7, 1]. */
export const TRUST_CLASSES = ['Isolated', 'Known', 'Partner', 'Federated'] as const;
export type TrustClass = (typeof TRUST_CLASSES)[number];

/** What a class may cost us. */
export interface Budget {
  /** Bytes of records in one answer. */
  readonly pullBytesMax: number;
  /** Pulls of one peer that are open at a time. */
  readonly pullsMax: number;
  /** Who took more than its share is asked to wait so long, at first and at most. */
  readonly backOffMsMin: number;
  readonly backOffMsMax: number;
  readonly subscriptionsMax: number;
}

export interface Trust {
  /** 0 to 1: direct, or at most 0.39 over one voucher. */
  score(peer: Did): number;
  classOf(peer: Did): TrustClass;
  budget(peer: Did): Budget;
  /** Whether an author's records are kept and relayed in a topic. */
  mayPublish(topic: Topic, author: Did): boolean;
  /** Whether a peer may subscribe to, pull and request from a topic. */
  mayRead(topic: Topic, peer: Did): boolean;
}

export interface TrustOptions {
  readonly self: Did;
  readonly genesis: Genesis;
  /** The rule of a topic; undefined for one that this node does not have. */
  readonly accessOf: (topic: Topic) => TopicAccess | undefined;
  /** Milliseconds since 1970: attestations expire. */
  readonly now: () => number;
}

export type CreateTrust = (options: TrustOptions) => Trust;
