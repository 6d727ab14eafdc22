/**
 * What a node holds of one topic, as gossip and reconciliation see it. Computed from records that
 * are there, never merged from what a peer claims.
 */
import type { VectorClock } from './clock.ts';
import type { Did, RecordId, Topic } from './identifiers.ts';

/** The end of one author's chain; a forked author has several. */
export interface Tip {
  readonly author: Did;
  readonly sequence: number;
  readonly id: RecordId;
}

export interface Knowledge {
  readonly topic: Topic;
  /** Records held with all their ancestors. */
  readonly count: number;
  /** Per author the contiguous high-water mark: n says that 1..n are all held. */
  clock(): VectorClock;
  has(id: RecordId): boolean;
  /** Sorted by author, then sequence, then id. */
  tips(): readonly Tip[];
  /** The records nobody cites yet, sorted. */
  heads(): readonly RecordId[];
  /** Ids of one author's records in a run of sequences, both branches of a fork included. */
  run(author: Did, from: number, to: number): readonly RecordId[];
  /** Length of the longest way from a first record: a record's links always have a smaller depth. */
  depth(id: RecordId): number;
  /** The clock of a record: everything in its past and itself. */
  clockOf(id: RecordId): VectorClock | undefined;
  /** Authors who signed two children of one record, sorted. */
  forked(): readonly Did[];
  /** Every record in causal order: by depth, then id. The order of exports. */
  ordered(): readonly RecordId[];
}
