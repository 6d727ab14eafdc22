/** The settings of the QUIC transport: each once, with its unit, its bound and its reason. */

export interface QuicSettings {
  /** From `dial` to its answer. The native layer's own limit follows from the idle time-out (3 s at 2.5 s), or is 10 s. */
  readonly dialTimeoutMs: number;
  /**
   * Silence after which a peer is lost. Keep-alives come from the native threads, so a busy event loop
   * is not silence and a killed process is. Measured with 2 s: a killed peer noticed after 2.05 s.
   */
  readonly idleTimeoutMs: number;
  /** A fifth of the idle time-out: four in a row must be lost before a living peer seems dead. */
  readonly keepAliveMs: number;
  /** How long `close` waits for accepted bytes to be read by the peer. */
  readonly closeFlushMs: number;
  /** Bytes of one link that wait for flow control before `send` answers `full`. */
  readonly unsentBytesMax: number;
  /** Bytes of one link that the peer may send and we have not read: QUIC's window. */
  readonly unreadBytesMax: number;
  /** Bytes of one read. 4 KiB reads carry 47 MB/s, 64 KiB 152, 256 KiB 191 (measured). */
  readonly readBytesMax: number;
  /**
   * Handshakes under way at one time. A half-open one occupies its place until the idle time-out: with
   * one place a good dial waited 9.7 s behind a single forged datagram, with eight 3 ms (measured).
   */
  readonly acceptsMax: number;
  /** Links that others opened, at one time; the next is refused. About 50 kB each side (measured). */
  readonly inboundLinksMax: number;
}

export const QUIC_SETTINGS: QuicSettings = {
  dialTimeoutMs: 5_000,
  idleTimeoutMs: 2_500,
  keepAliveMs: 500,
  closeFlushMs: 1_000,
  unsentBytesMax: 1_048_576,
  unreadBytesMax: 1_048_576,
  readBytesMax: 262_144,
  acceptsMax: 64,
  inboundLinksMax: 128,
};
