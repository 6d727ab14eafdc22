/**
 * Layer 10, snapshot: coordination state to bytes and back; damage is noticed, never half-loaded.
 *
 * What a node coordinates with others is small and changes seldom: which topics it has under which
 * rules, who wants to hear of them, and how far everybody has come. Records are not in it: those of
 * ledger topics are in the store, all others are brought back by peers.
 */
import type { Outcome } from './outcome.ts';
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { TopicPolicy } from './topics.ts';

export const SNAPSHOT_STATUSES = ['none', 'newer_version', 'damaged'] as const;
export type SnapshotStatus = (typeof SNAPSHOT_STATUSES)[number];

/** The end of the node's own chain in a topic whose records are not stored. */
export interface OwnTip {
  readonly sequence: number;
  readonly id: RecordId;
  /** Of that record: the next may not be earlier. */
  readonly timestamp: number;
}

export interface CoordinationState {
  readonly owner: Did;
  /** Sorted by name. */
  readonly topics: readonly TopicPolicy[];
  /** Who wants to hear of a topic, this node among them where it does. */
  readonly subscriptions: { readonly [topic: Topic]: readonly Did[] };
  readonly clocks: { readonly [topic: Topic]: { readonly [author: Did]: number } };
  readonly ownTips: { readonly [topic: Topic]: OwnTip };
}

export interface Snapshot {
  encode(state: CoordinationState): Uint8Array;
  decode(bytes: Uint8Array): Outcome<CoordinationState, SnapshotStatus>;
}

export type CreateSnapshot = () => Snapshot;
