/**
 * Layer 8, reconciliation: what do you have that I lack?
 *
 * Four questions, asked by gossip and answered here, so that the plain version (runs of sequences by
 * clock) and the full one (filters, range fingerprints, cursors) are two fillings of one seam. What is
 * optional, the plain version leaves out: both kinds of node live in one network.
 */
import type { Content } from './content.ts';
import type { Json, RecordId } from './identifiers.ts';
import type { IdIndex, Knowledge } from './knowledge.ts';
import type { Digest, PullRequest, PullResponse } from './messages.ts';
import type { SignedRecord } from './records.ts';

/** What a digest says of a topic, before it is a message. */
export type Summary = Omit<Digest, 'type' | 'nonce'>;
/** What a pull asks for, before it is a message. */
export type Pull = Omit<PullRequest, 'type' | 'nonce' | 'maxBytes'>;

/** For whom a summary is. */
export interface Audience {
  /** 8 random bytes in base64url, never the same twice. */
  readonly salt: string;
  /** The last digest of the peer that it is for. */
  readonly claim: Summary | undefined;
}

/** What a digest means to us. */
export interface Comparison {
  /** The sender claims records that we lack: ask. */
  readonly behind: boolean;
  /** The sender lacks records that we hold: tell. */
  readonly ahead: boolean;
  /** Something differs that clocks do not show: ask with a salt. */
  readonly hidden?: boolean;
  /**
   * Ids to offer, because forks hide from clocks: what the sender's filter shows it to lack; and without
   * one, while fingerprints differ, our tips of the authors that we know as forked, and where clocks agree
   * all our tips, because the fork is one that neither side knows yet.
   */
  readonly offer: readonly RecordId[];
  /** Why the sender's filter was not believed. */
  readonly refused?: string;
}

/** One answer to a pull: records in causal order within the budget. */
export interface Served extends Pick<PullResponse, 'cursor' | 'skipped' | 'differing'> {
  readonly records: readonly Json[];
  /** The budget ended before the records did. */
  readonly truncated: boolean;
}

/** What an answer said beside its records. */
export type Answer = Pick<PullResponse, 'truncated' | 'cursor' | 'differing'>;

/** Layer 8: summaries, comparisons, questions and answers. Pure: it holds nothing between calls. */
export interface Reconciliation {
  /** What we hold, in a digest. Without an audience it carries no filter. */
  summarise(knowledge: Knowledge, audience?: Audience): Summary;
  compare(knowledge: Knowledge, digest: Summary): Comparison;
  /**
   * What to pull after a digest: runs that its clock shows us to lack; with a salt, and if there are none
   * and something differs all the same, whatever else we lack. Without ranges, filter and claims: nothing.
   */
  request(knowledge: Knowledge, digest: Summary, salt?: string): Pull;
  /** The next pull of one that was not by runs, after its answer; undefined when that is all. */
  next?(knowledge: Knowledge, pull: Pull, answer: Answer, salt: string): Pull | undefined;
  /**
   * Answers a pull, in an order that puts ancestors first, within `bytesMax`; a record larger than
   * the whole budget travels alone.
   */
  serve(
    knowledge: Knowledge,
    pull: Pull,
    bytesMax: number,
    read: (id: RecordId) => SignedRecord | undefined,
  ): Served;
  /** Why a pull deserves no answer, if it deserves none. */
  refusal?(pull: Pull): string | undefined;
  /** An empty index, for a log to keep up to date. */
  index?(): IdIndex;
}

/** What layer 8 stands on. */
export interface ReconciliationOptions {
  readonly content: Content;
}

/** Makes layer 8. */
export type CreateReconciliation = (options: ReconciliationOptions) => Reconciliation;
