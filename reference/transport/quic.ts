/**
 * Links over QUIC: the real network behind the Transport contract.
 *
 * We stand on the native layer of @chainsafe/libp2p-quic and not on libp2p. Over loopback on the same
 * work it makes two to three times the messages (145 000 to 235 000 of 500 B per second against 84 000 to
 * 125 000), dials in 2 ms against 4 to 7, and pushes back where libp2p's wrapper swallowed 300 MB for a
 * sleeping reader. libp2p 2.10 also handed back a link to whoever answered, and died on Node 20 at a
 * peer's disconnect. What it would add is interoperability with other libp2p programs, which nothing
 * here needs.
 *
 * The handshake proves the Ed25519 key of both ends, and a node's DID is its key: so `proven` is a fact,
 * and a dial that names whom it expects compares. Whoever answers in another's place is left before a
 * byte is said, and its listener never hears of a link.
 *
 * Rules that a trap taught us, each with its test in test/network/quic.test.ts: many accepts outstanding
 * (a stalled handshake blocks nobody); a deadline of our own on every step of a dial; one stream a
 * connection and none more granted; every rejection of the native layer caught.
 *
 * A host may be a name; its first address is dialled. One UDP socket serves all dials of a family.
 */
import { Fault } from '#contracts/faults.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Transport } from '#contracts/transport.ts';
import { privateKeyProto, publicKeyOf } from './quic/identity.ts';
import { loadNative } from './quic/native.ts';
import type { Native, QuinnConfig } from './quic/native.ts';
import { createLinkSet, createTransport } from './parts.ts';
import { createKeep } from './quic/context.ts';
import type { QuicContext } from './quic/context.ts';
import { createDialler } from './quic/dial.ts';
import { listen } from './quic/listen.ts';
import { QUIC_SETTINGS } from './quic/settings.ts';
import type { QuicSettings } from './quic/settings.ts';

/** What a QUIC transport is made of. */
export interface QuicOptions {
  /** The 32-byte Ed25519 seed: whom this transport proves to be. */
  readonly seed: Uint8Array;
  /** The one spelling of a public key; passed in, because layers do not import each other. */
  readonly didOf: (publicKey: Uint8Array) => Did;
  /** What is not named is as in QUIC_SETTINGS. */
  readonly settings?: Partial<QuicSettings>;
  /** The binding of this machine unless told. */
  readonly native?: Native;
}

const SEED_BYTES = 32;
const SOCKET_BUFFER_BYTES = 2_097_152;

const configure = (native: Native, seed: Uint8Array, settings: QuicSettings): QuinnConfig =>
  new native.QuinnConfig({
    privateKeyProto: privateKeyProto(seed),
    // Ignored by the binding, and required by it.
    handshakeTimeout: settings.dialTimeoutMs,
    shutdownTimeout: settings.closeFlushMs,
    maxIdleTimeout: settings.idleTimeoutMs,
    keepAliveInterval: settings.keepAliveMs,
    // The dialler's one stream: a peer that opens more waits for ever instead of filling our memory.
    maxConcurrentStreamLimit: 1,
    maxStreamData: settings.unreadBytesMax,
    maxConnectionData: settings.unreadBytesMax,
    receiveBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
  });

/**
 * A transport that proves the key of `seed`. Throws the Fault `transport_unavailable` where the native
 * package is missing, and `settings_invalid` for a seed that is not 32 bytes long.
 */
export const createQuicTransport = (options: QuicOptions): Transport => {
  const { seed, didOf } = options;
  if (seed.length !== SEED_BYTES)
    throw new Fault('settings_invalid', `Expected a seed of 32 bytes, got ${seed.length}.`);
  const native = options.native ?? loadNative();
  const settings: QuicSettings = { ...QUIC_SETTINGS, ...options.settings };
  const links = createLinkSet();
  let isClosed = false;

  const context: QuicContext = {
    native,
    config: configure(native, seed, settings),
    settings,
    ownKey: publicKeyOf(seed),
    didOf,
    isClosed: () => isClosed,
    keep: createKeep(settings, didOf, links),
  };
  const dialler = createDialler(context);
  return createTransport({
    links,
    dials: dialler,
    listen: (address, accepted) => listen(context, address, accepted),
    closing: () => {
      isClosed = true;
    },
    released: dialler.close,
  });
};
