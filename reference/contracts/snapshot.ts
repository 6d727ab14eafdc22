/** Layer 10, snapshot: coordination state to bytes and back; damage is noticed, never half-loaded. */
import type { Outcome } from './outcome.ts';
import type { Did, Topic } from './identifiers.ts';

export const SNAPSHOT_STATUSES = ['none', 'damaged', 'newer_version'] as const;
export type SnapshotStatus = (typeof SNAPSHOT_STATUSES)[number];

export interface CoordinationState {
  readonly topics: readonly Topic[];
  readonly subscriptions: { readonly [topic: Topic]: readonly Did[] };
  readonly clocks: { readonly [topic: Topic]: { readonly [author: Did]: number } };
}

export interface Snapshot {
  encode(state: CoordinationState): Uint8Array;
  decode(bytes: Uint8Array): Outcome<CoordinationState, SnapshotStatus>;
}

export type CreateSnapshot = () => Snapshot;
