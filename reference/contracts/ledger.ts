/**
 * Layer 5, the ledger: a fold over signed records.
 *
 * Debit: the account provided a service, its balance rises, it is owed. Credit: it received one, its
 * balance falls, it owes. The receiver signs, so nobody can be made to owe; each author numbers its
 * own records, so no vote is needed (Guerraoui et al., PODC 2019). One function F folds a set of
 * records that contains its ancestors into standing, balances, tips and conflicts:
 *
 *   verdict of e      = check(e, F(everything e had seen))   final, alike on every node
 *   state of a node   = F(everything it holds)               a function of the set, never of arrival
 *
 * The past of e is all that is reachable by `previous` and `parents`, and the certificates up to the newest
 * one that a record there or e itself names: they form one chain, so that one says which ones those are.
 *
 * Of certificates a verdict takes grants alone, and only those in that past; a grant adds and never takes
 * away. What was settled decides forks, and what was ruled is in the balances: that enters the second F
 * alone. No verdict ever changes.
 */
import type { Certified } from './certificates.ts';
import type { Genesis } from './genesis.ts';
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { Outcome } from './outcome.ts';
import type { SignedRecord } from './records.ts';

/** In order of precedence; a record gets the first that applies. */
export const LEDGER_STATUSES = [
  /** Already added. */
  'duplicate',
  /** Fewer than two lines. */
  'empty',
  /** An amount of zero or below. */
  'amount_not_positive',
  /** An amount beyond the signed 64-bit range. */
  'overflow',
  /** Debits and credits differ. */
  'unbalanced',
  /** Somebody other than the author would fall. */
  'unauthorised',
  /** An ancestor is missing, or the certificate that it names: counts in nothing until it comes. */
  'pending',
  /** `previous` is not the author's record of the sequence before, or its own link is wrong. */
  'sequence_conflict',
  /** Dated before its own `previous`. */
  'timestamp_conflict',
  /** The author would owe more than its limit. */
  'over_limit',
  'accepted',
] as const;
/** One of LEDGER_STATUSES. */
export type LedgerStatus = (typeof LEDGER_STATUSES)[number];

/** Largest amount of one line: the signed 64-bit range. */
export const AMOUNT_MAX = 9_223_372_036_854_775_807n;
/** Records that wait for ancestors, per ledger; the oldest is given up first. */
export const PENDING_MAX = 10_000;

/** What the ledger says of one record, for good unless it is `pending`. */
export interface Verdict {
  readonly status: LedgerStatus;
  /** For people: the numbers behind the status. */
  readonly reason: string;
}

/**
 * Where a record stands in F of all that is held:
 * `stands` counts if it was accepted; `fork` does not count, because its author signed two children
 * of one record and this one is not on the branch that stands; `unlinked` never belonged to a chain.
 */
export type Standing = 'stands' | 'fork' | 'unlinked';

/** Two or more signed children of one `previous` (null: two first records): the proof of equivocation. */
export interface Conflict {
  readonly topic: Topic;
  readonly author: Did;
  readonly previous: RecordId | null;
  /** Sorted; at least two. */
  readonly children: readonly RecordId[];
}

/**
 * Where a dispute stands in F of all that is held:
 * `open`; `settled`, the others have given back what was due; `moot`, the entry does not stand any
 * more, so there is nothing to give back; `ruled`, the stewards have decided it, whatever else is so.
 */
export const DISPUTE_STATES = ['open', 'settled', 'moot', 'ruled'] as const;
/** One of DISPUTE_STATES. */
export type DisputeState = (typeof DISPUTE_STATES)[number];

/**
 * A record of kind `icn/dispute/1` that was accepted and stands. It moves nothing, and is accepted if
 * the entry that it names was accepted, stands in its past, and has its author as a party (the author
 * of the entry, or an account that it names); else it is `unauthorised`.
 *
 * It is settled when the entries that name the disputed one in `refunds`, by other parties of it,
 * accepted and standing, have together given the filer what the disputed entry took: `returned >= due`.
 * Nothing in that depends on which came first, so every node that holds the same says the same.
 */
export interface Dispute {
  readonly id: RecordId;
  readonly topic: Topic;
  readonly entry: RecordId;
  readonly filer: Did;
  readonly state: DisputeState;
  /** Minor units that the entry took from the filer; 1 where it took nothing. */
  readonly due: bigint;
  /** Minor units that the refunds below gave the filer. */
  readonly returned: bigint;
  /** Sorted. */
  readonly refunds: readonly RecordId[];
}

/** What one `add` changed. */
export interface LedgerChange {
  /** The added record first; then every record that had waited for it, in the order decided. */
  readonly verdicts: readonly { readonly id: RecordId; readonly verdict: Verdict }[];
  /** Records that were there before and whose standing this changed, sorted. */
  readonly displaced: readonly RecordId[];
  /** Balances that changed, with their new values in minor units. */
  readonly balances: readonly {
    readonly topic: Topic;
    readonly account: Did;
    readonly balance: bigint;
  }[];
}

/** All chains up to where a checkpoint says, and what they come to. */
export interface Cut {
  /** Sorted. */
  readonly ids: readonly RecordId[];
  /** Sorted by topic, then account; rulings that were certified are in them. */
  readonly balances: readonly {
    readonly topic: Topic;
    readonly account: Did;
    readonly balance: bigint;
  }[];
}

/** Why heads make no cut, in order of precedence. */
export const CUT_STATUSES = [
  'head_unknown',
  /** Void in its chain, or not beyond what is settled of it. */
  'head_not_ahead',
  'head_twice',
] as const;
/** One of CUT_STATUSES. */
export type CutStatus = (typeof CUT_STATUSES)[number];

/** An account's credit, as its next record would find it with everything held and learned in its past. */
export interface Credit {
  readonly balance: bigint;
  /** It may not fall below minus this. */
  readonly limit: bigint;
}

/**
 * Layer 5: takes records, answers with verdicts, balances and forks. Pure: what it says follows from the set
 * it was given.
 */
export interface Ledger {
  /**
   * Adds a record whose bytes are already trusted (id and signature checked by the records layer).
   * Idempotent. Ancestors may come later: the record is `pending` until then.
   */
  add(record: SignedRecord): LedgerChange;

  /** The verdict that `add` would give, without adding; for authors, before they sign. */
  judge(record: SignedRecord): Verdict;

  /** Takes back a surplus child of a fork that nothing else rests on (see gossip). No effect on any verdict. */
  forget(id: RecordId): void;

  /**
   * A certificate of any kind has its votes: records may name it from now on, and those that waited for
   * it are judged. In the order of the numbers, each once; long before it is accepted, perhaps, because
   * an entry that a checkpoint names may rest on a grant that came after.
   */
  learn(certificate: Certified): LedgerChange;
  /**
   * What the next record of an author has to name, so that all that is granted to it counts; undefined
   * where nothing is, or where these links know of it.
   */
  certificateFor(topic: Topic, author: Did, links: readonly RecordId[]): RecordId | undefined;

  /**
   * The stewards have decided, and this node's own fold agrees. Each certificate once, a checkpoint's heads beyond those of the ones
   * before it; in any order among the records: heads that are not held yet settle when they come. A
   * settled record stands for ever, and a child beside it changes nothing.
   */
  certify(certificate: Certified): LedgerChange;
  /** On the way to what a checkpoint named. */
  isSettled(id: RecordId): boolean;
  /** What a checkpoint with these heads would settle, all chains of all topics together. */
  cut(heads: readonly RecordId[]): Outcome<Cut, CutStatus>;

  verdict(id: RecordId): Verdict | undefined;
  standing(id: RecordId): Standing | undefined;

  /** In minor units; 0 for an account never named. */
  balance(topic: Topic, account: Did): bigint;
  /** Every account ever named by a record that counts, sorted by DID. */
  balances(topic: Topic): ReadonlyMap<Did, bigint>;
  credit(topic: Topic, account: Did): Credit;

  /**
   * The ends of every chain, or of the chains of these authors: per author the linked records without
   * a linked child by the same author, sorted.
   */
  tips(topic: Topic, authors?: ReadonlySet<Did>): ReadonlyMap<Did, readonly RecordId[]>;
  /** Every fork, or those of these authors, sorted by author, then by `previous`. */
  conflicts(topic: Topic, authors?: ReadonlySet<Did>): readonly Conflict[];

  /** Every dispute that stands, oldest first: by timestamp, then id. */
  disputes(topic: Topic): readonly Dispute[];

  /** Records that name the account and have a verdict, oldest first: by timestamp, then id. */
  history(topic: Topic, account: Did): readonly RecordId[];
}

/** Whom genesis grants credit. */
export interface LedgerOptions {
  readonly genesis: Genesis;
}

/** Makes layer 5, which holds nothing yet. */
export type CreateLedger = (options: LedgerOptions) => Ledger;
