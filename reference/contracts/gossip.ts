/**
 * Layer 7, gossip: every record of a topic reaches every node that wants it, once, causes before effects.
 *
 * Push: a new record is announced to a few peers, who announce it to a few more the first time they
 * see it. Pull: now and then each node says what it holds, and whoever is behind asks. Push is fast
 * and loses; pull is slow and never does.
 *
 * The core is a state machine for one topic: an input and the time go in, effects come out. What is the
 * same for every topic is done around it: who may subscribe and read, and how many bytes fit a frame.
 */
import type { Effect } from './effects.ts';
import type { Did, Json, RecordId, Topic } from './identifiers.ts';
import type { Knowledge } from './knowledge.ts';
import type { TopicMessage } from './messages.ts';
import type { Records, SignedRecord } from './records.ts';
import type { Reconciliation } from './reconciliation.ts';
import type { Retention } from './topics.ts';
import type { Trust } from './trust.ts';

/** The number that ends a comment is the default. */
export interface GossipSettings {
  /** Base time between two digests of a topic; jitter is added. 10 000. */
  readonly digestIntervalMs: number;
  /** Each interval is shifted by up to this, either way, so that nodes do not beat together. 2 000. */
  readonly digestJitterMs: number;
  /** While nothing changes the interval doubles up to this. 80 000. */
  readonly digestIntervalMsMax: number;
  /** At most one digest per peer and topic in this time, two in a burst. 5 000. */
  readonly digestSpacingMs: number;
  /** Until a pull is given up. 5 000. */
  readonly pullTimeoutMs: number;
  /** Until a record asked for by id is asked of the next peer. 1 000. */
  readonly requestRetryMs: number;
  /** Records up to this travel inside an Announce; larger ones by id. 8 192 canonical bytes. */
  readonly pushBytesMax: number;
  /** Bytes asked for in one pull. 1 048 576. */
  readonly pullBytesMax: number;
  /** Records that wait for ancestors, per topic; one author may fill a quarter. 4 096. */
  readonly waitingMax: number;
}

/** Driven by the node: it hands in what happened and performs the effects in order. */
export interface Gossip {
  /** What is held: delivered, with everything it rests on. */
  readonly knowledge: Knowledge;
  /** Records waiting for ancestors, and the ancestors they wait for. */
  waiting(): {
    readonly records: number;
    readonly missing: readonly RecordId[];
    /** Records of `self` among them, if there are any: genuine, so the own chain is longer than what is held of it. */
    readonly own?: number;
  };

  /**
   * At start, from the store, causes first, before any other input. Throws if the record names what is
   * not there or does not fit its chain: the store is damaged.
   */
  restore(record: SignedRecord): void;

  /** First effects after the restore: timers. */
  start(now: number): readonly Effect[];

  /** A new record of our own, signed: store, deliver, push. */
  publish(now: number, record: SignedRecord): readonly Effect[];

  /** Records from a file rather than a peer: admitted like any, then announced. */
  import(now: number, records: readonly Json[]): readonly Effect[];

  /** A peer wants to hear of this topic, and may: say what is held. */
  joined(now: number, peer: Did): readonly Effect[];

  /** A peer is gone, whether it had joined or not: forget what was said with it. */
  left(now: number, peer: Did): readonly Effect[];

  /**
   * A peer says something, joined or not. Who asks for something may read the topic, and the bytes that
   * it asks for are cut down to what its class may cost, before it comes here.
   */
  receive(now: number, peer: Did, message: TopicMessage): readonly Effect[];

  /** A timer of an earlier `schedule` effect ran out. */
  elapsed(now: number, timer: string): readonly Effect[];

  /** A certificate has its votes: what waited for it enters. Gossip that makes nothing wait has no need of it. */
  certified?(now: number, certificate: RecordId): readonly Effect[];
}

/** What a topic that forgets needs to know when something is too old. */
export interface TopicWindow {
  readonly retention: Retention;
  /** Milliseconds since 1970: records are dated. */
  readonly now: () => number;
}

/** What the gossip of one topic stands on. */
export interface GossipOptions {
  readonly self: Did;
  readonly topic: Topic;
  readonly records: Records;
  readonly trust: Trust;
  readonly reconciliation: Reconciliation;
  /** A stored record, uncommitted ones included. */
  readonly read: (id: RecordId) => SignedRecord | undefined;
  /** Uniform in [0, 1): seeded in the simulator. */
  readonly random: () => number;
  readonly settings: GossipSettings;
  /**
   * Whether something outside of the topic names a record. It is kept then as if another author's record
   * rested on it, however many children its `previous` has. Nothing is named unless told.
   */
  readonly isNamed?: (id: RecordId) => boolean;
  /**
   * Whether a certificate that a record names is certified here. Until it is the record waits, as for an
   * ancestor, and within the same bounds; but no peer is asked for it, because it comes in a topic of its
   * own. Everything is certified unless told.
   */
  readonly isCertified?: (certificate: RecordId) => boolean;
  /** In a topic that forgets: how much it remembers, and what time it is. Undefined: nothing is given up. */
  readonly window?: TopicWindow;
}

/** Makes layer 7 for one topic; nothing is held, and nothing runs until `start`. */
export type CreateGossip = (options: GossipOptions) => Gossip;
