/** What dialling and listening share: whom we are, how we are set, and which links live. */
import { lookup } from 'node:dns/promises';
import type { Did } from '#contracts/identifiers.ts';
import type { Link } from '#contracts/transport.ts';
import { addressOfMultiaddr } from '../address.ts';
import type { Native, NativeConnection, QuinnConfig } from './native.ts';
import { CHUNK_BYTES } from '../outbox.ts';
import type { LinkSet } from '../parts.ts';
import type { QuicSettings } from './settings.ts';
import { createStreamLink } from '../stream-link.ts';
import type { ByteStream, StreamLink } from '../stream-link.ts';

export interface QuicContext {
  readonly native: Native;
  readonly config: QuinnConfig;
  readonly settings: QuicSettings;
  readonly ownKey: Uint8Array;
  readonly didOf: (publicKey: Uint8Array) => Did;
  readonly isClosed: () => boolean;
  /** Makes a link of a connection and counts it among the living until it is gone. */
  readonly keep: (
    connection: NativeConnection,
    side: Link['side'],
    remoteKey: Uint8Array,
    stream: ByteStream,
    binding: string,
  ) => StreamLink;
}

/** `keep` of the context, which counts it among the living links. */
export const createKeep =
  (
    settings: QuicSettings,
    didOf: (publicKey: Uint8Array) => Did,
    links: LinkSet,
  ): QuicContext['keep'] =>
  (connection, side, remoteKey, stream, binding) => {
    const link = createStreamLink({
      stream,
      abort: () => connection.abort(),
      ended: connection.closed(),
      // The native errors carry no reason: "connection lost" is all they say.
      reasonOf: (error) =>
        connection.stats().frameRxConnectionClose > 0 || String(error).includes('reset by peer')
          ? 'remote'
          : 'lost',
      binding,
      side,
      proven: didOf(remoteKey),
      remoteAddress: addressOfMultiaddr(connection.remoteMultiaddr()),
      unsentBytesMax: settings.unsentBytesMax,
      writeBytesMax: CHUNK_BYTES,
      readBytesMax: settings.readBytesMax,
      closeFlushMs: settings.closeFlushMs,
    });
    links.add(link);
    return link;
  };

/** The first IP address of a host; the native layer takes no names. */
export const ipOf = async (host: string): Promise<string> => (await lookup(host)).address;
