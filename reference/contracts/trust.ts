/**
 * Layer 4, trust: how much work a stranger may cause.
 *
 * Trust decides relay, service and rates. It never decides whether a ledger entry is valid: that
 * must come out alike on every node.
 *
 * Two things are kept apart. *Trust* is what members say of each other, signed and for a while; it
 * gives a peer its class. *Conduct* is what a peer did on its links to this node; bad conduct lowers
 * the class it is served as, and wears off. (Standing is a word of the ledger, and of records.)
 */
import type { Genesis } from './genesis.ts';
import type { Did, Topic } from './identifiers.ts';
import type { SignedRecord } from './records.ts';
import type { TopicAccess } from './topics.ts';

/** Scores in [0, 0.1), [0.1, 0.4), [0.4, 0.7), [0.7, 1]. */
export const TRUST_CLASSES = ['Isolated', 'Known', 'Partner', 'Federated'] as const;
/** One of TRUST_CLASSES. */
export type TrustClass = (typeof TRUST_CLASSES)[number];

/** The most that hearsay can give: still Known. */
export const VOUCHED_SCORE_MAX = 0.39;
/** One author's statements that count at a time, beside those of the genesis; the newest stay. */
export const STATEMENTS_PER_AUTHOR_MAX = 1_024;
/** Authors whom this node does not trust and whose statements it notes all the same; the newest stay. */
export const STRANGERS_MAX = 256;
/** Peers whose conduct is remembered; spotless ones need no memory. */
export const CONDUCTS_MAX = 4_096;
/** Peers whose unspent messages are remembered. */
export const BUCKETS_MAX = 4_096;

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
  /** Messages heard in the long run, and at once. A batch of records is one message. */
  readonly messagesPerSecondMax: number;
  readonly messagesBurstMax: number;
}

/** What each class may cost. */
export const BUDGETS: { readonly [Name in TrustClass]: Budget } = {
  Isolated: {
    pullBytesMax: 65_536,
    pullsMax: 1,
    backOffMsMin: 1_500,
    backOffMsMax: 5_000,
    subscriptionsMax: 10,
    messagesPerSecondMax: 10,
    messagesBurstMax: 2,
  },
  Known: {
    pullBytesMax: 262_144,
    pullsMax: 2,
    backOffMsMin: 800,
    backOffMsMax: 2_500,
    subscriptionsMax: 100,
    messagesPerSecondMax: 50,
    messagesBurstMax: 10,
  },
  Partner: {
    pullBytesMax: 1_048_576,
    pullsMax: 3,
    backOffMsMin: 300,
    backOffMsMax: 1_200,
    subscriptionsMax: 500,
    messagesPerSecondMax: 100,
    messagesBurstMax: 20,
  },
  Federated: {
    pullBytesMax: 1_048_576,
    pullsMax: 3,
    backOffMsMin: 300,
    backOffMsMax: 1_200,
    subscriptionsMax: 1_000,
    messagesPerSecondMax: 200,
    messagesBurstMax: 50,
  },
};

/** What other layers ask. */
export interface Trust {
  /** 0 to 1: direct, or at most 0.39 over one voucher. */
  score(peer: Did): number;
  /** By trust alone: what authors may do does not depend on their links to us. */
  classOf(peer: Did): TrustClass;
  /** Of the class it is served as: its own, or a lower one while its conduct is bad. */
  budget(peer: Did): Budget;
  /** Whether an author's records are kept and relayed in a topic. */
  mayPublish(topic: Topic, author: Did): boolean;
  /** Whether a peer may subscribe to, pull and request from a topic. */
  mayRead(topic: Topic, peer: Did): boolean;
}

/** What became of an attestation, in order of precedence. */
export const ATTESTATION_STATUSES = [
  'not_an_attestation',
  'about_itself',
  'superseded',
  'crowded_out',
  'noted',
] as const;
/** One of ATTESTATION_STATUSES. */
export type AttestationStatus = (typeof ATTESTATION_STATUSES)[number];

/**
 * What a peer did itself, on its link to us. `served`: it brought a record that was new and good.
 * `forged`: an id or a signature that does not fit, which nobody passes on by mistake. `malformed`:
 * what is no record here, or does not follow its chain. `unsolicited`: an answer to no question.
 * `spammed`: digests beyond measure. `overdrew`: it brought an entry of its own that the ledger refuses.
 */
export const DEEDS = [
  'served',
  'forged',
  'malformed',
  'unsolicited',
  'spammed',
  'overdrew',
] as const;
/** One of DEEDS. */
export type Deed = (typeof DEEDS)[number];

/** `poor`: served as the class below its own. `ignored`: served as Isolated, and not listened to. */
export const CONDUCT_LEVELS = ['good', 'poor', 'ignored'] as const;
/** One of CONDUCT_LEVELS. */
export type ConductLevel = (typeof CONDUCT_LEVELS)[number];

/** How somebody behaved on its links to us, by now. */
export interface Conduct {
  /** 1: spotless. 0: as bad as can be. */
  readonly value: number;
  readonly level: ConductLevel;
}

/** How far somebody trusts somebody, as last said. */
export interface Statement {
  readonly author: Did;
  readonly score: number;
  /** Milliseconds since 1970; undefined for a statement of the genesis, which does not expire. */
  readonly expiresAt: number | undefined;
}

/** How a score comes about. Nothing in here has expired. */
export interface Grounds {
  /** What this node says itself. */
  readonly direct: Statement | undefined;
  /** Who else vouches, the best first, at most a handful; `product` is what it is worth here. */
  readonly vouchers: readonly (Statement & { readonly product: number })[];
}

/** The layer whole, as the node drives it. Times called `now` are monotonic milliseconds. */
export interface TrustLayer extends Trust {
  /**
   * Takes an opened record of TRUST_TOPIC. Of one author about one subject the highest sequence counts,
   * of a forked author the smaller id: the same whatever the order in which records come. What has
   * expired counts as nothing said, not as what was said before.
   */
  attested(record: SignedRecord): AttestationStatus;
  /** How a score comes about: for people. */
  grounds(peer: Did): Grounds;
  /** Everybody with a score above 0, the highest first. */
  trusted(): readonly Did[];

  /**
   * One message of a peer: false if it is beyond the rate of the class that it is served as. What it
   * has not spent is kept over disconnects, and a change of class never adds to it.
   */
  spend(now: number, peer: Did): boolean;
  /** A peer did something. */
  noted(now: number, peer: Did, deed: Deed): void;
  conduct(now: number, peer: Did): Conduct;
}

/** What layer 4 stands on. */
export interface TrustOptions {
  readonly self: Did;
  readonly genesis: Genesis;
  /** The rule of a topic; undefined for one that this node does not have. */
  readonly accessOf: (topic: Topic) => TopicAccess | undefined;
  /** Milliseconds since 1970: attestations expire. */
  readonly now: () => number;
}

/** Makes layer 4, which knows the trust of the genesis alone. */
export type CreateTrust = (options: TrustOptions) => TrustLayer;
