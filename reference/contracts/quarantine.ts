/**
 * Layer 9, quarantine: what the ledger made of each batch, and the operator's inbox of what was refused
 * or displaced.
 *
 * The inbox is for people. Its eviction, expiry and drop never change the ledger: a void record stays
 * where it is whether or not anybody looks at it here. What was never a record, a forged claim, is in
 * the inbox and nowhere else. It is named by its content, so that a claim which says it is record X
 * lies beside the true X and never over it.
 *
 * The core does no I/O: time comes in, and changes go out as writes under `quarantine/` and `merge/`,
 * for the commit of the step that caused them.
 */
import type { Content } from './content.ts';
import type { GossipEvent } from './effects.ts';
import type { Write } from './host.ts';
import type { Did, Json, RecordId, Topic } from './identifiers.ts';
import type { Ledger, LedgerChange, LedgerStatus } from './ledger.ts';
import type { MergeDecision } from './merge.ts';
import type { Records, RecordStatus, SignedRecord } from './records.ts';

/** Why something is in the inbox, in the words of the seed. */
export const QUARANTINE_REASONS = [
  'InvariantViolation',
  'ConflictingTimestamp',
  'InvalidSignature',
  'ExceedsCreditLimit',
  'ForkConflict',
  'Unauthorised',
] as const;
/** One of QUARANTINE_REASONS. */
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/**
 * The reason for each status that a record can have; null where it is no reason to keep it here. `fork`
 * is a standing beside them: an entry within every rule may still not stand.
 */
export const REASON_OF = {
  malformed: null,
  network_mismatch: null,
  id_mismatch: 'InvalidSignature',
  signature_invalid: 'InvalidSignature',
  duplicate: null,
  empty: 'InvariantViolation',
  amount_not_positive: 'InvariantViolation',
  overflow: 'InvariantViolation',
  unbalanced: 'InvariantViolation',
  unauthorised: 'Unauthorised',
  pending: null,
  sequence_conflict: 'InvariantViolation',
  timestamp_conflict: 'ConflictingTimestamp',
  over_limit: 'ExceedsCreditLimit',
  accepted: null,
  fork: 'ForkConflict',
} as const satisfies {
  readonly [Status in RecordStatus | LedgerStatus | 'fork']: QuarantineReason | null;
};

type Table = typeof REASON_OF;
/** Why an item is here: a status that has a reason. */
export type QuarantineStatus = {
  [Status in keyof Table]: Table[Status] extends null ? never : Status;
}[keyof Table];

/** The same table read the other way, in order of precedence. */
export const statusesOf = (reason: QuarantineReason): readonly QuarantineStatus[] =>
  (Object.keys(REASON_OF) as (keyof Table)[]).filter(
    (status): status is QuarantineStatus => REASON_OF[status] === reason,
  );

/** Items at one time; the oldest leaves first. */
export const QUARANTINE_ITEMS_MAX = 1_000;
/** Bytes of all items as they are stored. */
export const QUARANTINE_BYTES_MAX = 8_388_608;
/** One author, and one peer, may fill a quarter: a spammer pushes out only its own. */
export const QUARANTINE_SHARES = 4;
/** Seven days. */
export const QUARANTINE_TTL_MS = 604_800_000;

/** One thing that was refused or displaced, without the claim itself. */
export interface QuarantineItem {
  /** SHA-256 of the claim's canonical bytes and the reason: its name in the inbox. */
  readonly key: string;
  /** The id that the claim gives itself. */
  readonly id: RecordId;
  readonly topic: Topic;
  /** Who signed it; only what the claim says where `proven` is false. */
  readonly author: Did;
  /** Id and signature are right: the author did write this. */
  readonly proven: boolean;
  /** Who brought it; null where nobody did, because a fork displaced what was here. */
  readonly peer: Did | null;
  readonly reason: QuarantineReason;
  readonly status: QuarantineStatus;
  /** For people: the numbers behind it. */
  readonly detail: string;
  /** Milliseconds since 1970, by this node's clock. */
  readonly observedAt: number;
}

/** An item with what it is about. */
export interface QuarantineRecord extends QuarantineItem {
  readonly claim: Json;
  /** Milliseconds since 1970; from then on it is not here any more. */
  readonly expiresAt: number;
}

/** What a claim in the inbox is worth today. */
export type Review =
  | { readonly worth: 'unknown' }
  /** A record of the ledger that counts: nothing keeps it here. */
  | { readonly worth: 'stands'; readonly record: SignedRecord }
  /** The same again, or another reason. */
  | {
      readonly worth: 'refused';
      readonly reason: QuarantineReason;
      readonly detail: string;
    }
  /** A genuine record that the ledger does not hold: admission has to say. */
  | { readonly worth: 'admissible'; readonly record: SignedRecord };

/** What a batch led to. */
export interface Merged {
  readonly decision: MergeDecision;
  /** For the commit that keeps the batch; none where it brought nothing new. */
  readonly writes: readonly Write[];
}

/** A batch whose entries come one by one. */
export interface MergeBatch {
  /** Adds a record to the ledger, `peer` having brought it. */
  add(record: SignedRecord, peer?: Did): LedgerChange;
  /** A certificate changed the standing of these. */
  moved(ids: readonly RecordId[]): void;
  /** A claim that never came so far, by what gossip counted it as. */
  note(event: GossipEvent, claim: Json, peer: Did | undefined, detail: string): void;
  /** Decides, keeps what is to be kept, and ends the batch. */
  close(now: number): Merged;
}

/** Layer 9: merges batches, and keeps the inbox. Times called `now` are milliseconds since 1970. */
export interface Quarantine {
  /** Adds entries to the ledger and says what became of each. */
  mergeBatch(now: number, entries: readonly SignedRecord[]): Merged;
  begin(): MergeBatch;
  /** The last decision that brought anything new. */
  lastDecision(): MergeDecision | undefined;

  /** Newest first, by when they came in. */
  list(now: number): readonly QuarantineRecord[];
  get(now: number, key: string): QuarantineRecord | undefined;
  /** The length of `list`. */
  count(now: number): number;
  /** Judges a claim again from its first byte; changes nothing. */
  review(now: number, key: string): Review;
  /** Takes one out, undefined if it is not here: exactly one of two callers gets the writes. */
  drop(now: number, key: string): readonly Write[] | undefined;
  purgeExpired(now: number): { readonly purged: number; readonly writes: readonly Write[] };
  /** Items that had to leave before their time, since the start. */
  readonly evicted: number;

  /**
   * At start, from the store: entries under `quarantine/` and the one at `merge/last`. What cannot be
   * read is dropped and counted: an inbox is no reason not to start.
   */
  restore(entries: Iterable<readonly [key: string, value: string]>): {
    readonly damaged: number;
    readonly writes: readonly Write[];
  };
}

/** Bounds of the inbox; the constants above unless told. */
export interface QuarantineLimits {
  readonly itemsMax: number;
  readonly bytesMax: number;
  readonly ttlMs: number;
}

/** What layer 9 stands on. */
export interface QuarantineOptions {
  readonly ledger: Ledger;
  readonly records: Pick<Records, 'open'>;
  readonly content: Content;
  /** A record that the ledger holds. */
  readonly read: (id: RecordId) => SignedRecord | undefined;
  readonly limits?: QuarantineLimits;
}

/** Makes layer 9 with an empty inbox. */
export type CreateQuarantine = (options: QuarantineOptions) => Quarantine;
