/**
 * Layer 10, snapshot: coordination state to bytes and back; damage is noticed, never half-loaded.
 *
 * What a node coordinates with others is small and changes seldom: which topics it has under which
 * rules, who wants to hear of them, and how far everybody has come. Records are not in it: those of
 * ledger topics are in the store, all others are brought back by peers.
 */
import type { Content } from './content.ts';
import type { Outcome } from './outcome.ts';
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { TopicPolicy } from './topics.ts';

/**
 * Why there is no state, in order of precedence: nothing was ever saved; what was saved is whole, and a
 * newer program's; it is not what was saved.
 */
export const SNAPSHOT_STATUSES = ['none', 'newer_version', 'damaged'] as const;
/** One of SNAPSHOT_STATUSES. */
export type SnapshotStatus = (typeof SNAPSHOT_STATUSES)[number];

/** What the header says first. */
export const SNAPSHOT_MAGIC = 'murmuration/snapshot';
/** The version that is written. Older ones are read by way of migrations. */
export const SNAPSHOT_VERSION = 1;
/** Bytes of a whole snapshot, its header included: 16 MiB, room for 250 000 clock components. */
export const SNAPSHOT_BYTES_MAX = 16_777_216;
/** Members of one list or map in it, whichever it is. */
export const SNAPSHOT_MEMBERS_MAX = 16_384;

/** The end of the node's own chain in a topic whose records are not stored. */
export interface OwnTip {
  readonly sequence: number;
  readonly id: RecordId;
  /** Of that record. The next is dated by the clock, earlier or not: version 1 keeps it, nothing reads it. */
  readonly timestamp: number;
}

/** What a node coordinates with others, as a snapshot keeps it. */
export interface CoordinationState {
  readonly owner: Did;
  /** Sorted by name. */
  readonly topics: readonly TopicPolicy[];
  /** Who wants to hear of a topic, this node among them where it does. */
  readonly subscriptions: { readonly [topic: Topic]: readonly Did[] };
  readonly clocks: { readonly [topic: Topic]: { readonly [author: Did]: number } };
  readonly ownTips: { readonly [topic: Topic]: OwnTip };
}

/**
 * One line of header, then JSON:
 *
 *   {"magic":"murmuration/snapshot","version":1,"length":BYTES,"sha256":HEX}
 *   {"owner":...,"topics":[...],"subscriptions":{...},"clocks":{...},"ownTips":{...}}
 *
 * `length` counts the bytes after the first newline, and nothing follows them. `sha256` is that of the
 * whole text without its own `,"sha256":HEX`, so the header is guarded too: no flipped bit makes an
 * old version of a new one. The header stays as it is in every version.
 */
export interface Snapshot {
  /**
   * Sorted throughout, so that equal states give equal bytes. Throws where `decode` would refuse what
   * came out (a bound exceeded, a name that is none): a bug of the caller, and nothing is written.
   */
  encode(state: CoordinationState): Uint8Array;
  /**
   * All of it or nothing: whatever is not known to be allowed, an unknown word of access among it, makes
   * the whole `damaged`. `newer_version` only where the checksum holds.
   */
  decode(bytes: Uint8Array): Outcome<CoordinationState, Exclude<SnapshotStatus, 'none'>>;
}

/** What layer 10 stands on. */
export interface SnapshotOptions {
  readonly content: Content;
}

/** Makes layer 10. */
export type CreateSnapshot = (options: SnapshotOptions) => Snapshot;

/** What was found at a start. */
export interface LoadedSnapshot {
  readonly state: CoordinationState;
  /** `previous`: the newest could not be read, or a crash came before it had its name. */
  readonly generation: 'current' | 'previous';
  /** Why it is not the current one. */
  readonly fallback?: string;
}

/** Where a node keeps its state between two runs, in two generations. */
export interface SnapshotStore {
  /** What one generation holds; the reason says where it is. */
  read(
    generation: LoadedSnapshot['generation'],
  ): Promise<Outcome<CoordinationState, SnapshotStatus>>;
  /** The newest generation that can be read. A newer program's is never passed over. */
  load(): Promise<Outcome<LoadedSnapshot, SnapshotStatus>>;
  /**
   * Resolves when the state would survive a power cut. Rejects with a Fault and leaves a generation that
   * can be read: `store_failed`, or `snapshot_newer` or `snapshot_other` for one that is not ours to replace.
   */
  save(state: CoordinationState): Promise<void>;
  /** Removes what a crash left half-written; for the start. Gives how many. */
  sweep(): Promise<number>;
}
