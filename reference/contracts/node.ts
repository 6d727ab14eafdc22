/**
 * A node, as those see it who start it, ask it and watch it: the command line, the control server, the
 * simulator. What it is made of is nobody's business here.
 */
import type { GossipEvent } from './effects.ts';
import type { Genesis } from './genesis.ts';
import type { Cancel, Candidate } from './host.ts';
import type { Did, Json, NetworkId, RecordId, Topic } from './identifiers.ts';
import type { Knowledge } from './knowledge.ts';
import type { Credit, LedgerStatus, Standing, Verdict } from './ledger.ts';
import type { Outcome } from './outcome.ts';
import type { EntryBody, SignedRecord } from './records.ts';
import type { CoordinationState } from './snapshot.ts';
import type { TopicOpenStatus, TopicPolicy } from './topics.ts';

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
  'send_dropped',
] as const;
export type SessionEvent = (typeof SESSION_EVENTS)[number];

/** Everything counted of messages about a topic that gossip does not hear. */
export const TOPIC_EVENTS = ['topic_unknown', 'request_not_permitted'] as const;
export type TopicEvent = (typeof TOPIC_EVENTS)[number];

/** Everything a node counts. */
export type NodeCount = GossipEvent | TopicEvent | SessionEvent;

/** A peer as operators see it. */
export interface PeerView {
  readonly did: Did;
  readonly address: string;
  readonly side: 'dialler' | 'listener';
  readonly roundTripMs: number | undefined;
}

/** A payment as the one who received the service states it: `pay ALICE 10 hours`. */
export interface Payment {
  readonly currency: string;
  /** Who provided the service: its balance will rise. */
  readonly to: Did;
  /** Minor units. */
  readonly amount: bigint;
  readonly memo?: string;
}

/** Why a note was not signed. */
export type PublishStatus = 'topic_unknown' | 'not_permitted';

/** Why a payment was not signed. */
export type PaymentStatus = 'currency_unknown' | Exclude<LedgerStatus, 'accepted'>;

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
  | { readonly event: 'failed'; readonly reason: string };

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

export interface HistoryRow {
  readonly record: SignedRecord;
  readonly verdict: Verdict;
  readonly standing: Standing;
  /** What the record did to the account, in minor units; 0 if it does not count. */
  readonly change: bigint;
}

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

  balances(topic: Topic): ReadonlyMap<Did, bigint>;
  credit(topic: Topic, account: Did): Credit;
  history(topic: Topic, account: Did): readonly HistoryRow[];
  verdict(id: RecordId): Verdict | undefined;
  topics(): readonly TopicView[];
  knowledge(topic: Topic): Knowledge;
  peers(): readonly PeerView[];
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
  ): Promise<{ readonly taken: number; readonly refused: number }>;
  /** Opens every stored record again and folds from nothing. Gives a problem a line; empty is good. */
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
