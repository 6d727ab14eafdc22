/**
 * Layer 8, reconciliation: what do you have that I lack?
 *
 * Four questions, asked by gossip and answered here, so that the plain version (runs of sequences by
 * clock) and the full one (filters, range fingerprints, budgets) are two fillings of one seam.
 */
import type { Content } from './content.ts';
import type { Json, RecordId } from './identifiers.ts';
import type { Knowledge } from './knowledge.ts';
import type { Digest, PullRequest } from './messages.ts';
import type { SignedRecord } from './records.ts';

export type Summary = Omit<Digest, 'type' | 'nonce'>;
export type Pull = Omit<PullRequest, 'type' | 'nonce' | 'maxBytes'>;

export interface Comparison {
  /** The sender claims records that we lack: ask. */
  readonly behind: boolean;
  /** The sender lacks records that we hold: tell. */
  readonly ahead: boolean;
  /**
   * Ids to offer, because forks hide from clocks: while fingerprints differ, our tips of the authors
   * that we know as forked; and where clocks agree all our tips, because the fork is one that neither
   * side knows yet.
   */
  readonly offer: readonly RecordId[];
}

/** One answer to a pull: records in causal order within the budget. */
export interface Served {
  readonly records: readonly Json[];
  /** The budget ended before the records did. */
  readonly truncated: boolean;
  readonly cursor?: string;
}

export interface Reconciliation {
  summarise(knowledge: Knowledge): Summary;
  compare(knowledge: Knowledge, digest: Summary): Comparison;
  /** What to pull after a digest that showed us behind. */
  request(knowledge: Knowledge, digest: Summary): Pull;
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
}

export interface ReconciliationOptions {
  readonly content: Content;
}

export type CreateReconciliation = (options: ReconciliationOptions) => Reconciliation;
