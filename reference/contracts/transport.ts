/**
 * Links: how bytes move between two nodes. QUIC and the simulated network fill the same contract and
 * pass the same acceptance suite; gossip never knows which one carries it.
 */
import type { Did } from './identifiers.ts';

/** What became of a send: on its way, over the limit of unsent bytes (try after `drained`), or no link. */
export const SEND_STATUSES = ['closed', 'full', 'accepted'] as const;
/** One of SEND_STATUSES. */
export type SendStatus = (typeof SEND_STATUSES)[number];

/** Why a link ended. `lost`: silence or a killed peer. `refused`: what answered was not whom we dialled. */
export const CLOSE_REASONS = ['local', 'remote', 'lost', 'refused', 'overflow'] as const;
/** One of CLOSE_REASONS. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** What a link tells whoever opened it. */
export interface LinkEvents {
  /** The next bytes of the peer's stream. Bytes may be cut anywhere. */
  received(bytes: Uint8Array): void;
  /** After a `full`: there is room again. */
  drained(): void;
  /** Exactly once, and nothing after it. */
  closed(reason: CloseReason): void;
}

/**
 * One connection to one peer: a byte stream each way. A link promises order and integrity while it
 * lives; it does not promise delivery (a resolved send is not an arrival: acknowledgements are an
 * application's matter), and its end may cut a frame.
 */
export interface Link {
  /** Who dialled. */
  readonly side: 'dialler' | 'listener';
  /** Proven by the transport's own handshake; undefined where the transport proves nobody. */
  readonly proven: Did | undefined;
  /** What both ends, and nobody on another link, see alike. */
  readonly binding: string;
  /** For people. */
  readonly remoteAddress: string;
  /** Bytes accepted and not yet handed to the transport. */
  readonly unsentBytes: number;
  /** Takes the events; call once, at once: what arrived before is handed over first. */
  open(events: LinkEvents): void;
  /** Queues one frame. `full` means it was not taken. */
  send(frame: Uint8Array): SendStatus;
  /** Flushes what was accepted for up to a second, then ends. Safe to call twice. */
  close(): void;
}

/** What became of a dial. */
export type DialResult =
  | { readonly status: 'open'; readonly link: Link }
  /** `unreachable`: nobody answered in time. `wrong_identity`: somebody else did. */
  | { readonly status: 'unreachable' | 'wrong_identity' | 'refused'; readonly reason: string };

/** A bound address, until it is closed. */
export interface Listener {
  /** The address that was bound: `127.0.0.1:7001`. */
  readonly address: string;
  close(): Promise<void>;
}

/** A way to listen and to dial. */
export interface Transport {
  /** Port 0 lets the kernel choose. Rejects with a Fault (`port_in_use`, `transport_unavailable`). */
  listen(address: string, accepted: (link: Link) => void): Promise<Listener>;
  /**
   * Connects to `host:port`. With `expected`, whoever answers must prove that very DID, else
   * `wrong_identity`; `done` is called exactly once, within the dial time-out.
   */
  dial(address: string, expected: Did | undefined, done: (result: DialResult) => void): void;
  /** Closes every link and listener; resolves when nothing is left open. Safe to call twice. */
  close(): Promise<void>;
}
