/**
 * What a node may be told: the numbers its parts run on. The number that ends a comment is the default;
 * bounds and reasons are in `config.ts`.
 */
import type { GossipSettings } from './gossip.ts';

/** One link, from its first byte. */
export interface SessionSettings {
  /** An unanswered Hello is repeated after this. 1 000. */
  readonly helloRetryMs: number;
  /** A link that has not proven itself by then is closed. 5 000. */
  readonly helloTimeoutMs: number;
  /** A silent peer is pinged this often. 2 000. */
  readonly pingIntervalMs: number;
  /** After so many intervals without a byte the peer counts as dead. 3. */
  readonly pingMissesMax: number;
  /** A frame that is not whole by then ends the link. 30 000. */
  readonly frameTimeoutMs: number;
  /** Frames that wait for the link to drain, in bytes; what comes on top is dropped. 4 194 304. */
  readonly queuedBytesMax: number;
}

/** Whom to dial and how often. */
export interface PeeringSettings {
  /** Pause after the first failed dial; doubles up to the next. 250. */
  readonly redialMsMin: number;
  /** 5 000. */
  readonly redialMsMax: number;
  /** Links at one time. 128. */
  readonly linksMax: number;
}

/** A steward's node. */
export interface CouncilSettings {
  /** 1: it votes for checkpoints that its own fold confirms. 0: people vote. 1. */
  readonly councilVotes: number;
  /** For each place after the steward whose turn it is, a proposal waits so long for votes. 10 000. */
  readonly councilTurnMs: number;
}

/** All settings of a node, by the part that they are for. */
export interface NodeSettings {
  readonly council: CouncilSettings;
  readonly gossip: GossipSettings;
  readonly session: SessionSettings;
  readonly peering: PeeringSettings;
}
