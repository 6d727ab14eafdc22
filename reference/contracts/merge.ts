/**
 * The merge report: what became of a batch of entries, for people.
 *
 * A batch is whatever one step brought. However a delivery is split into batches, the decisions differ
 * and the state they lead to does not: the ledger is a function of the set it holds.
 */
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { QuarantineItem } from './quarantine.ts';

/** Why a claim was neither taken nor worth keeping. */
export const DISCARD_STATUSES = [
  /** Held already, or a second copy in the same batch. */
  'duplicate',
  /** Not even the shape of a record. */
  'malformed',
  /** Of another cooperative. */
  'network_mismatch',
  /** Of another topic than it was offered to. */
  'topic_unknown',
  /** It waited for ancestors and had to leave: it may come again. */
  'given_up',
] as const;
/** One of DISCARD_STATUSES. */
export type DiscardStatus = (typeof DISCARD_STATUSES)[number];

/** A claim that was not kept, and why. */
export interface Discard {
  /** The id that it claims; null where it claims none. */
  readonly id: RecordId | null;
  readonly status: DiscardStatus;
}

/** How one of two children of a record came to stand, or neither. */
export const RESOLUTIONS = [
  /** A certificate settled it: that one stands, and its author goes on. */
  'settled',
  /** The smaller id stands, and its author stops there. */
  'smaller_id',
  /** Neither stands: their author had stopped at an earlier fork. */
  'below_fork',
] as const;
/** One of RESOLUTIONS. */
export type Resolution = (typeof RESOLUTIONS)[number];

/** Two signed children of one `previous` (null: two first records): together the proof of a fork. */
export interface ConflictPair {
  readonly topic: Topic;
  readonly author: Did;
  readonly previous: RecordId | null;
  readonly winner: RecordId;
  readonly loser: RecordId;
  readonly resolution: Resolution;
}

/** The ends of one author's chain: one, or several where it is forked. */
export interface AuthorTips {
  readonly topic: Topic;
  readonly author: Did;
  readonly ids: readonly RecordId[];
}

/** A decision as it is kept and sent. */
export interface MergeFacts {
  /** Of the authors whose entries the batch brought. */
  readonly tips: readonly AuthorTips[];
  /** Within every rule, and standing when the batch was through. */
  readonly accepted: readonly RecordId[];
  readonly discarded: readonly Discard[];
  readonly quarantined: readonly QuarantineItem[];
  /** They wait for ancestors. */
  readonly pending: readonly RecordId[];
  /** Forks of which the batch brought a child. */
  readonly conflicts: readonly ConflictPair[];
  /** Entries that were there before and whose standing the batch changed, sorted. */
  readonly displaced: readonly RecordId[];
  /** Milliseconds since 1970, by this node's clock. */
  readonly timestamp: number;
}

/**
 * Every entry given is in exactly one of `accepted`, `discarded`, `quarantined` and `pending`. So are
 * those that an earlier batch left pending and this one decided.
 */
export interface MergeDecision extends MergeFacts {
  /** Something for an operator to look at: quarantined, in conflict or displaced. */
  hasIssues(): boolean;
  /** The lengths of those four lists together. */
  totalProcessed(): number;
}
