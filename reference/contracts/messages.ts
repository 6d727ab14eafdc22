/**
 * What nodes say to each other. Every message is one frame; every field is listed here and nothing
 * else is accepted. Records travel as claims (`Json`): each is opened on its own, so that one bad
 * record does not spoil the other 255 of its batch.
 */
import type { Did, Json, RecordId, Topic } from './identifiers.ts';
import type { HelloFacts } from './records.ts';

/** What both Hellos must say, alike. */
export const PROTOCOL = 'icn/gossip/1';
/** Records in one Announce, Response or PullResponse; ids in one Request. */
export const BATCH_MAX = 256;
/** Authors in one clock on the wire. */
export const CLOCK_COMPONENTS_MAX = 1_024;
/** Topics in one Subscribe, Unsubscribe or SubscribeAck. */
export const TOPICS_MAX = 256;

/** First on every link, from both sides. */
export interface Hello extends HelloFacts {
  readonly type: 'hello';
  /** Its decoder inflates: long frames may be packed. Not signed: a wish, and no fact. */
  readonly inflates?: true;
}

/** Second on every link, from both sides: the signature over both Hellos and the link. */
export interface HelloProof {
  readonly type: 'hello-proof';
  /** The nonce of the Hello that this answers. */
  readonly nonce: string;
  readonly signature: string;
}

/** Are you there? */
export interface Ping {
  readonly type: 'ping';
  readonly nonce: string;
}

/** I am, with the nonce of the Ping. */
export interface Pong {
  readonly type: 'pong';
  readonly nonce: string;
}

/** I want to hear of these topics. */
export interface Subscribe {
  readonly type: 'subscribe';
  readonly topics: readonly Topic[];
}

/** I do not want to hear of these any more. */
export interface Unsubscribe {
  readonly type: 'unsubscribe';
  readonly topics: readonly Topic[];
}

/** What became of a subscription, in order of precedence. */
export const SUBSCRIPTION_STATUSES = [
  'topic_unknown',
  'not_permitted',
  'full',
  'subscribed',
] as const;
/** One of SUBSCRIPTION_STATUSES. */
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** The answer to a Subscribe, topic by topic. */
export interface SubscribeAck {
  readonly type: 'subscribe-ack';
  readonly topics: readonly { readonly topic: Topic; readonly status: SubscriptionStatus }[];
}

/** The push: new records, whole when small, by id when large. */
export interface Announce {
  readonly type: 'announce';
  readonly topic: Topic;
  readonly records: readonly Json[];
  readonly ids: readonly RecordId[];
}

/** Records by id: an announced one, or a missing ancestor. */
export interface Request {
  readonly type: 'request';
  readonly topic: Topic;
  readonly ids: readonly RecordId[];
}

/** The answer to a Request; `missing` are ids that the answerer does not hold. */
export interface Response {
  readonly type: 'response';
  readonly topic: Topic;
  readonly records: readonly Json[];
  readonly missing: readonly RecordId[];
}

/** Bits of the largest filter: 8 KiB. */
export const FILTER_BITS_MAX = 65_536;
/** Hash functions of one filter. */
export const FILTER_HASHES_MAX = 16;
/** Prefixes of ids in one comparison, or one list of differences. */
export const PREFIXES_MAX = 4_096;

/**
 * A Bloom filter over ids: "these I hold, and by mistake a few more". The mistakes hang on the salt,
 * which its sender draws anew each time, so none is made for ever.
 */
export interface Filter {
  /** 8 random bytes, base64url. */
  readonly salt: string;
  /** A power of two from 64 to FILTER_BITS_MAX. */
  readonly bits: number;
  /** 1 to FILTER_HASHES_MAX. */
  readonly hashes: number;
  /** Ids in it, as its sender says. */
  readonly count: number;
  /** base64url; bit i is in byte i >> 3, from the lowest up. */
  readonly data: string;
}

/**
 * What its sender holds of some ranges of ids. A range is a prefix: hex digits with which ids begin.
 * A branch has sixteen hashes of four bytes, one for each next digit (0: nothing there); a leaf has
 * three bytes of each id. All are salted, so what is alike by mistake differs the next time. Base64url.
 */
export interface RangeClaims {
  readonly salt: string;
  readonly branches: { readonly [prefix: string]: string };
  readonly leaves: { readonly [prefix: string]: string };
}

/** A claim of what its sender holds: a reason to ask, never a reason to skip. */
export interface Digest {
  readonly type: 'digest';
  readonly topic: Topic;
  /** Per author the contiguous high-water mark: n says that 1..n are all held. */
  readonly clock: { readonly [author: Did]: number };
  readonly count: number;
  /** SHA-256 of the sorted list of (author, sequence, tip id); 64 hex digits. */
  readonly fingerprint: string;
  /** Where clocks do not say what differs: for the receiver to see what its sender lacks. */
  readonly filter?: Filter;
  readonly nonce: string;
}

/** A run of one author's sequences, both ends included. */
export interface SequenceRange {
  readonly author: Did;
  readonly from: number;
  readonly to: number;
}

/**
 * The pull: send me at most so many bytes of what I lack. What that is, is said in one of three ways: these
 * runs; all that is not in my filter; all that my leaves do not name, or with branches, in which ranges
 * we differ. Who understands only the first way answers the others with nothing.
 */
export interface PullRequest {
  readonly type: 'pull-request';
  readonly topic: Topic;
  readonly ranges: readonly SequenceRange[];
  readonly filter?: Filter;
  readonly claims?: RangeClaims;
  readonly maxBytes: number;
  readonly nonce: string;
  /** Where the last answer stopped: nothing up to there is sent again. */
  readonly cursor?: string;
}

/** The answer, in causal order; over as many frames as needed, the last one with `done`. */
export interface PullResponse {
  readonly type: 'pull-response';
  readonly topic: Topic;
  readonly records: readonly Json[];
  /** No more frames of this answer follow. */
  readonly done: boolean;
  /** The budget ended before the records did: ask again. */
  readonly truncated: boolean;
  /** The place of the last record in the order of the answer. */
  readonly cursor?: string;
  /** Asked for and held, and not to be read at this moment. */
  readonly skipped?: readonly RecordId[];
  /** Prefixes under which both hold something else: the answer to branches. */
  readonly differing?: readonly string[];
  /** Nothing now: the asker has had its share. Ask again after so many milliseconds. */
  readonly waitMs?: number;
  readonly nonce: string;
}

/** Spoken on a link before gossip may begin, and while it lives. */
export type SessionMessage = Hello | HelloProof | Ping | Pong;

/** Who wants to hear of what. */
export type SubscriptionMessage = Subscribe | Unsubscribe | SubscribeAck;

/** About the records of one topic: what gossip says and hears. */
export type TopicMessage = Announce | Request | Response | Digest | PullRequest | PullResponse;

/** Spoken between two sessions that know each other. */
export type GossipMessage = SubscriptionMessage | TopicMessage;

/** Everything that one frame may hold. */
export type Message = SessionMessage | GossipMessage;
