/**
 * Topics: streams of records, each with its rule of who may take part and for how long it remembers.
 *
 * Ledger topics are one kind: everybody may read them, nothing is ever given up. All others keep a
 * window of what was said lately: they live in memory and refill from peers after a restart.
 */
import type { Did, Topic } from './identifiers.ts';
import type { TrustClass } from './trust.ts';

/** Who may publish in a topic and read from it. What is not known to be allowed is refused. */
export type TopicAccess =
  | { readonly access: 'Public' }
  /** The named ones, and nobody else. */
  | { readonly access: 'Private'; readonly allowed: readonly Did[] }
  /** Whoever this node trusts at least so far. */
  | { readonly access: 'TrustGated'; readonly minTrust: TrustClass };

/** `network`: offered to peers. `local`: never leaves this node. */
export const TOPIC_SCOPES = ['network', 'local'] as const;
/** One of TOPIC_SCOPES. */
export type TopicScope = (typeof TOPIC_SCOPES)[number];

/** How much of a topic is remembered. */
export interface Retention {
  readonly recordsMax: number;
  readonly ageMsMax: number;
}

/** Everything a node decides about a topic. */
export interface TopicPolicy {
  readonly topic: Topic;
  readonly access: TopicAccess;
  readonly scope: TopicScope;
  /** Undefined: durable, and nothing is ever given up. */
  readonly retention?: Retention;
}

/** 10 000 records and 30 days: what a topic remembers unless told otherwise. */
export const RETENTION_DEFAULT: Retention = { recordsMax: 10_000, ageMsMax: 30 * 86_400_000 };

/** A prefix and a name: `garden:plans`. */
export const TOPIC_PATTERN = /^[a-z][a-z0-9-]{0,15}:[A-Za-z0-9_-]{1,64}$/;

/** Prefixes whose topics have rules of their own: nobody opens or closes one by hand. */
export const isReserved = (topic: Topic): boolean => /^(?:ledger|trust|stewards):/.test(topic);

/** Topics of one node at one time. */
export const TOPICS_OPEN_MAX = 1_024;
/** Topics opened within an hour. */
export const TOPICS_OPENED_PER_HOUR_MAX = 64;

/** Why a topic was not opened, in order of precedence. */
export const TOPIC_OPEN_STATUSES = [
  'topic_malformed',
  'topic_reserved',
  'topic_exists',
  'topics_full',
  'topics_too_often',
] as const;
/** One of TOPIC_OPEN_STATUSES. */
export type TopicOpenStatus = (typeof TOPIC_OPEN_STATUSES)[number];
