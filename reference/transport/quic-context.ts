/** What dialling and listening share: whom we are, how we are set, and which links live. */
import { lookup } from 'node:dns/promises';
import type { Did } from '#contracts/identifiers.ts';
import type { Link } from '#contracts/transport.ts';
import { addressOfMultiaddr } from './address.ts';
import type { BoundStream } from './binding.ts';
import type { Native, NativeConnection, QuinnConfig } from './native.ts';
import { createQuicLink } from './quic-link.ts';
import type { QuicLink } from './quic-link.ts';
import type { QuicSettings } from './quic-settings.ts';

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
    bound: BoundStream,
  ) => QuicLink;
}

/** `keep` of the context, over the set in which the living links are held. */
export const createKeep =
  (
    settings: QuicSettings,
    didOf: (publicKey: Uint8Array) => Did,
    links: Set<QuicLink>,
  ): QuicContext['keep'] =>
  (connection, side, remoteKey, bound) => {
    const link = createQuicLink({
      connection,
      ...bound,
      side,
      proven: didOf(remoteKey),
      remoteAddress: addressOfMultiaddr(connection.remoteMultiaddr()),
      unsentBytesMax: settings.unsentBytesMax,
      readBytesMax: settings.readBytesMax,
      closeFlushMs: settings.closeFlushMs,
    });
    links.add(link);
    void link.gone.then(() => links.delete(link));
    return link;
  };

/** The first IP address of a host; the native layer takes no names. */
export const ipOf = async (host: string): Promise<string> => (await lookup(host)).address;
