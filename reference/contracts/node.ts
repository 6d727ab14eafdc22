/**
 * A node, as those see it who start it, ask it and watch it: the command line, the control server, the
 * simulator. What it is made of is nobody's business here.
 */
import type { Certified, CouncilEvidence, NodeCouncil } from './certificates.ts';
import type { GossipEvent } from './effects.ts';
import type { Genesis } from './genesis.ts';
import type { Cancel, Candidate } from './host.ts';
import type { Did, Json, NetworkId, RecordId, Topic } from './identifiers.ts';
import type { Knowledge } from './knowledge.ts';
import type { Conflict, Credit, Dispute, LedgerStatus, Standing, Verdict } from './ledger.ts';
import type { MergeDecision } from './merge.ts';
import type { Outcome } from './outcome.ts';
import type { QuarantineRecord } from './quarantine.ts';
import type { EntryBody, SignedRecord } from './records.ts';
import type { CoordinationState, SnapshotStore } from './snapshot.ts';
import type { TopicOpenStatus, TopicPolicy } from './topics.ts';
import type { Conduct, Grounds, TrustClass } from './trust.ts';
import type { Telemetry } from './telemetry.ts';

/** A genesis and its hash. */
export interface Network {
  readonly genesis: Genesis;
  readonly id: NetworkId;
}

/** Everything a session counts. */
export const SESSION_EVENTS = [
  'frame_refused',
  'message_before_hello',
  'hello_refused',
  'hello_timed_out',
  'peer_silent',
  'frame_stalled',
  'session_too_often',
  'send_dropped',
] as const;
/** One of SESSION_EVENTS. */
export type SessionEvent = (typeof SESSION_EVENTS)[number];

/** Everything counted of messages about a topic that gossip does not hear. */
export const TOPIC_EVENTS = [
  'peer_ignored',
  'rate_exceeded',
  'topic_unknown',
  'request_not_permitted',
  'pull_deferred',
  'request_deferred',
] as const;
/** One of TOPIC_EVENTS. */
export type TopicEvent = (typeof TOPIC_EVENTS)[number];

/** Everything counted of what is kept between two runs. */
export const KEEPER_EVENTS = ['snapshot_failed'] as const;
/** One of KEEPER_EVENTS. */
export type KeeperEvent = (typeof KEEPER_EVENTS)[number];

/** Everything a node counts. */
export type NodeCount = GossipEvent | TopicEvent | SessionEvent | KeeperEvent;

/** A peer as operators see it. */
export interface PeerView {
  readonly did: Did;
  readonly address: string;
  readonly side: 'dialler' | 'listener';
  readonly roundTripMs: number | undefined;
}

/** How far this node trusts somebody, how that comes about, and how it was treated by them. */
export interface TrustView {
  readonly did: Did;
  readonly score: number;
  readonly trustClass: TrustClass;
  readonly grounds: Grounds;
  readonly conduct: Conduct;
}

/** Days until an attestation expires. */
export const ATTESTATION_DAYS_MAX = 3_650;
/** Days until an attestation expires, unless told otherwise. */
export const ATTESTATION_DAYS_DEFAULT = 365;

/** Why an attestation was not signed, in order of precedence. */
export const ATTEST_STATUSES = [
  'person_self',
  'score_out_of_range',
  'days_out_of_range',
  'topic_unknown',
  'not_permitted',
] as const;
/** One of ATTEST_STATUSES. */
export type AttestStatus = (typeof ATTEST_STATUSES)[number];

/** A payment as the one who received the service states it: `pay ALICE 10 hours`. */
export interface Payment {
  readonly currency: string;
  /** Who provided the service: its balance will rise. */
  readonly to: Did;
  /** Minor units. */
  readonly amount: bigint;
  readonly memo?: string;
  /** The entry that this one gives back. */
  readonly refunds?: RecordId;
}

/** Why a note was not signed. */
export type PublishStatus = 'topic_reserved' | 'topic_unknown' | 'not_permitted';

/** Why a payment was not signed. */
export type PaymentStatus = 'currency_unknown' | Exclude<LedgerStatus, 'accepted'>;

/** Why a dispute was not signed. */
export type DisputeStatus = Exclude<LedgerStatus, 'accepted'>;

/** Why an item stays in quarantine. */
export const RELEASE_STATUSES = [
  'quarantine_unknown',
  /** Somebody else is releasing it. */
  'quarantine_busy',
  /** Judged again, and refused again. */
  'still_refused',
] as const;
/** One of RELEASE_STATUSES. */
export type ReleaseStatus = (typeof RELEASE_STATUSES)[number];

/** The operator's inbox (see quarantine.ts). Nothing done here changes a balance. */
export interface NodeQuarantine {
  /** Newest first. */
  list(): readonly QuarantineRecord[];
  get(key: string): QuarantineRecord | undefined;
  /** Judges an item again; it leaves if it counts by now. Of two at one time one is answered `quarantine_busy`. */
  release(key: string): Promise<Outcome<RecordId, ReleaseStatus>>;
  /** Takes an item out unread; false if it is not here. Resolves when that is durable. */
  drop(key: string): Promise<boolean>;
  /** Takes out what has expired; gives how many. */
  purge(): Promise<number>;
}

/** A fork and the signed records that prove it, in the order of `children`. */
export interface ConflictView {
  readonly conflict: Conflict;
  readonly records: readonly SignedRecord[];
}

/** A dispute and the record that filed it. */
export interface DisputeView {
  readonly dispute: Dispute;
  readonly record: SignedRecord;
}

/** Something that happened, for people and programs that watch. Only after it is durable. */
export type NodeEvent =
  | { readonly event: 'connected' | 'disconnected'; readonly peer: Did }
  | {
      readonly event: 'delivered';
      readonly record: SignedRecord;
      readonly verdict: Verdict;
    }
  /** A record of a topic that is no ledger. */
  | { readonly event: 'heard'; readonly record: SignedRecord }
  /** What a step made of the entries that it was given, if any of them was news. */
  | { readonly event: 'merged'; readonly decision: MergeDecision }
  /** A certificate that this node's own fold agrees with. */
  | { readonly event: 'certified'; readonly certified: Certified }
  /** A steward said two things for one number. */
  | { readonly event: 'equivocated'; readonly evidence: CouncilEvidence }
  | { readonly event: 'failed'; readonly reason: string };

/** A topic as operators see it: its rule, and what is held of it. */
export interface TopicView extends TopicPolicy {
  readonly records: number;
  readonly authors: number;
  readonly heads: number;
  readonly waiting: number;
  readonly missing: number;
  readonly forked: readonly Did[];
  /** The same on two nodes exactly if they hold the same records. */
  readonly fingerprint: string;
}

/** One record of an account, and what it did to it. */
export interface HistoryRow {
  readonly record: SignedRecord;
  readonly verdict: Verdict;
  readonly standing: Standing;
  /** Certified, and so for ever; else it is provisional. */
  readonly settled: boolean;
  /** What the record did to the account, in minor units; 0 if it does not count. */
  readonly change: bigint;
}

/** A running node, asked from within its process. The control server offers nearly the same to others. */
export interface Node {
  readonly did: Did;
  readonly network: Network;
  /** Binds the address, dials whom it knows, begins to gossip. Rejects with a Fault. */
  start(listen: string, known: readonly Candidate[]): Promise<string>;
  /** Ends every link and waits for commits under way. Safe to call twice. */
  stop(): Promise<void>;
  readonly address: string | undefined;
  /** Whether a text spells a key: the one check of a DID. */
  isDid(text: string): boolean;

  /**
   * Signs, commits and pushes a payment; resolves when it is durable here. Rejects with a Fault where
   * that cannot be promised any more: the store failed, or the node has stopped.
   */
  pay(payment: Payment): Promise<Outcome<RecordId, PaymentStatus>>;
  /** The same for an entry whose lines somebody else worked out: a contract. */
  enter(currency: string, body: EntryBody): Promise<Outcome<RecordId, PaymentStatus>>;

  /** A topic from now on, until it is closed or the node ends. What the topic remembers is empty at first. */
  open(policy: TopicPolicy): Outcome<void, TopicOpenStatus>;
  /** False for a topic that is not open, or stays: of the ledger, of trust. */
  close(topic: Topic): boolean;
  /** Says something in an open topic; resolves when its number is taken for good. Rejects as `pay` does. */
  publish(topic: Topic, text: string): Promise<Outcome<RecordId, PublishStatus>>;
  /** What is remembered of a topic that is no ledger, causes first. */
  said(topic: Topic): readonly SignedRecord[];
  /** What a snapshot keeps. */
  coordination(): CoordinationState;
  /** Signs, commits and pushes a dispute, as `pay` does a payment. */
  dispute(topic: Topic, entry: RecordId, reason: string): Promise<Outcome<RecordId, DisputeStatus>>;
  /** Every dispute that stands, oldest first. */
  disputes(topic: Topic): readonly DisputeView[];
  /** Every fork of the topic, with its proof. */
  conflicts(topic: Topic): readonly ConflictView[];
  /** What the last step that brought news made of it, restarts survived; undefined before the first. */
  mergeReport(): MergeDecision | undefined;
  readonly quarantine: NodeQuarantine;
  /** Certificates: what the stewards decide. */
  readonly council: NodeCouncil;
  /** Saves a snapshot now; resolves when it is durable. Rejects with a Fault, also where none is kept. */
  keep(): Promise<void>;
  /** Where it is kept; undefined where nothing outlives the node. */
  readonly snapshots: SnapshotStore | undefined;

  balances(topic: Topic): ReadonlyMap<Did, bigint>;
  credit(topic: Topic, account: Did): Credit;
  history(topic: Topic, account: Did): readonly HistoryRow[];
  verdict(id: RecordId): Verdict | undefined;

  /** How far this node trusts somebody, whether it ever heard of them or not. */
  trust(peer: Did): TrustView;
  /** Everybody with a score above 0, the highest first. */
  trusted(): readonly TrustView[];
  /**
   * Says how far this node trusts somebody, for so many days: signs it, publishes it and follows it.
   * Whatever it said of them before counts no more. Resolves when that is done.
   */
  attest(subject: Did, score: number, days: number): Promise<Outcome<RecordId, AttestStatus>>;

  topics(): readonly TopicView[];
  knowledge(topic: Topic): Knowledge;
  peers(): readonly PeerView[];
  /** What was counted and measured, of the process too where there is one. */
  readonly telemetry: Telemetry;
  /** How often each refusal and mishap was counted since the start. */
  counters(): ReadonlyMap<NodeCount, number>;

  /** Canonical records, one a line, in causal order: the same bytes on every node that holds the same. */
  exported(topic: Topic): Iterable<string>;
  /**
   * Offers records from a file; resolves when those taken are durable. Neither taken nor refused: what
   * was here already, and what waits for ancestors.
   */
  imported(
    topic: Topic,
    records: readonly Json[],
  ): Promise<{
    readonly taken: number;
    readonly refused: number;
    /** Each event of gossip that refused some of them, once. */
    readonly reasons: readonly string[];
  }>;
  /** Opens every stored record again, folds from nothing and compares certificates with that. Gives a problem a line; empty is good. */
  verify(): Generator<{ readonly checked: number }, readonly string[]>;

  /** Somebody to dial, from now on. */
  meet(candidate: Candidate): void;
  /** Discovery lost it: its address is not dialled again, an open link stays. */
  lose(peer: Did): void;
  /** Ends the links with these peers and keeps them ended until `heal`: for demonstrations. */
  cut(peers: readonly Did[]): void;
  heal(): void;
  readonly cutPeers: readonly Did[];

  watch(listener: (event: NodeEvent) => void): Cancel;
}
