/** The settings of the WebTransport transport: each once, with its unit, its bound and its reason. */

export interface WebTransportSettings {
  /** From `dial` to its answer; a connection that came in must be a link by then, too. */
  readonly dialTimeoutMs: number;
  /** How long `close` waits for accepted bytes to be read by the peer. */
  readonly closeFlushMs: number;
  /** Bytes of one link that wait for flow control before `send` answers `full`. */
  readonly unsentBytesMax: number;
  /**
   * Bytes of one link that wait for `open`. The library reads on whether we do or not, so a peer who
   * sends more before that is cut: `overflow`. An honest one has a full queue and a window at most.
   */
  readonly unreadBytesMax: number;
  /** Bytes under way in one direction of one link: the window of the stream and of the session alike. */
  readonly windowBytes: number;
  /** Bytes of one write. Writes of 128 KiB and more stalled for ever in browsers (measured). */
  readonly writeBytesMax: number;
  /** Bytes of one read. */
  readonly readBytesMax: number;
  /** Connections that are no links yet, at one time. */
  readonly handshakesMax: number;
  /** Links that others opened, at one time; the next is refused. */
  readonly inboundLinksMax: number;
  /** A certificate lasts so long in all; browsers and the library refuse more than 14 days. */
  readonly certificateMs: number;
  /** A new certificate is presented when the old one has so long to go. */
  readonly renewBeforeMs: number;
  /** How often that is looked at: a timer of days would not count the hours a machine sleeps. */
  readonly renewCheckMs: number;
}

const HOUR_MS = 3_600_000;

export const WEBTRANSPORT_SETTINGS: WebTransportSettings = {
  dialTimeoutMs: 5_000,
  closeFlushMs: 1_000,
  unsentBytesMax: 1_048_576,
  unreadBytesMax: 2_097_152,
  windowBytes: 1_048_576,
  writeBytesMax: 16_384,
  readBytesMax: 262_144,
  handshakesMax: 64,
  inboundLinksMax: 128,
  certificateMs: 14 * 24 * HOUR_MS,
  renewBeforeMs: 6 * 24 * HOUR_MS,
  renewCheckMs: HOUR_MS,
};
