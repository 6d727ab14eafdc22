/**
 * What a node holds of one topic, as gossip and reconciliation see it. Computed from records that
 * are there, never merged from what a peer claims.
 */
import type { VectorClock } from './clock.ts';
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { SignedRecord } from './records.ts';

/** The end of one author's chain; a forked author has several. */
export interface Tip {
  readonly author: Did;
  readonly sequence: number;
  readonly id: RecordId;
}

/**
 * Ids by what they begin with. `prefix` is a few lower-case hex digits; '' is all ids. Equal sets have
 * equal fingerprints, and two that differ are told apart from the top down.
 */
export interface IdIndex {
  count(prefix: string): number;
  /** 64 hex digits, the same for equal sets; '' for none. */
  fingerprint(prefix: string): string;
  /** Sorted. */
  ids(prefix: string): readonly RecordId[];
  /** Once for each id that comes, and once for each that goes. */
  add(id: RecordId): void;
  remove(id: RecordId): void;
}

/** What is held of one topic, for reading. Every record in it has all its ancestors in it. */
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
  /** What a held record names: its `previous` and its parents. */
  links?(id: RecordId): readonly RecordId[];
  /** The clock of a record: everything in its past and itself. */
  clockOf(id: RecordId): VectorClock | undefined;
  /** Authors who signed two children of one record, sorted. */
  forked(): readonly Did[];
  /** Every record in causal order: by depth, then id. The order of exports. */
  ordered(): readonly RecordId[];
  /** Kept with every change, if reconciliation wants one. Where there is none, ids are indexed when asked for. */
  readonly index?: Pick<IdIndex, 'count' | 'fingerprint' | 'ids'>;
}

/** The knowledge itself: a log that a record enters when everything it names is there. */
export interface TopicLog extends Knowledge {
  /** What a record names and the log does not hold, each once. */
  missing(record: SignedRecord): readonly RecordId[];
  /**
   * Takes the next record of a chain. False, and nothing changed, if it is held already, if something it
   * names is missing, if its sequence is not one more than that of its `previous` by the same author (or
   * 1 without one), or if it names a record of its own author as a parent.
   */
  add(record: SignedRecord): boolean;
}

/** Makes the log of a topic, empty. */
export type CreateTopicLog = (topic: Topic) => TopicLog;
