/**
 * Listening: from a bound port to links that are handed over.
 *
 * The native layer gives a connection when its handshake is complete, and one `inboundConnection` waits
 * for one handshake. So many wait at the same time: with one, a single forged datagram held up everybody
 * for 9.7 s. A connection that does not open its stream in time is cut. Above the bound the one that has gone
 * longest without a stream makes room, and where all are links the newest is refused before it costs one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link, Listener } from '#contracts/transport.ts';
import { formatAddress } from '../address.ts';
import type { HostPort } from '../address.ts';
import { bindAccepted } from '../binding.ts';
import { provenKey } from './identity.ts';
import type { NativeConnection, NativeServer } from './native.ts';
import { bindFault, createLinkSet, placeToListen } from '../parts.ts';
import { ipOf } from './context.ts';
import type { QuicContext } from './context.ts';
import type { StreamLink } from '../stream-link.ts';

/** A handshake that fails at once must not turn an accept loop into a busy one. */
const FAILED_ACCEPT_PAUSE_MS = 10;

/** A connection whose handshake is done becomes a link, or nothing. Never rejects. */
const admit = async (
  context: QuicContext,
  connection: NativeConnection,
): Promise<StreamLink | undefined> => {
  const deadline = setTimeout(() => connection.abort(), context.settings.dialTimeoutMs);
  try {
    const remoteKey = provenKey(connection.remoteMultiaddr());
    if (remoteKey === undefined) throw new Error('the peer proved no Ed25519 key');
    const stream = await connection.inboundStream();
    const binding = await bindAccepted(stream, ['icn/link/1', remoteKey, context.ownKey]);
    return context.keep(connection, 'listener', remoteKey, stream, binding);
  } catch {
    connection.abort();
    return undefined;
  } finally {
    clearTimeout(deadline);
  }
};

/** Accepts until the function it gives is called, which ends every link that came in. */
const serve = (
  context: QuicContext,
  server: NativeServer,
  accepted: (link: Link) => void,
): (() => Promise<void>) => {
  const links = createLinkSet();
  let connectionCount = 0;
  /** Connections without a stream yet, oldest first. */
  const early = new Set<NativeConnection>();
  let isOpen = true;

  const take = async (connection: NativeConnection): Promise<void> => {
    if (!isOpen) return connection.abort();
    if (connectionCount >= context.settings.inboundLinksMax) {
      const [oldest] = early;
      if (oldest === undefined) return connection.abort();
      early.delete(oldest);
      oldest.abort();
    }
    connectionCount += 1;
    early.add(connection);
    const uncount = (): void => {
      connectionCount -= 1;
    };
    connection.closed().then(uncount, uncount);
    const link = await admit(context, connection);
    early.delete(connection);
    if (link === undefined) return;
    if (!isOpen) return link.close();
    links.add(link);
    accepted(link);
  };

  const acceptOn = async (): Promise<void> => {
    for (;;) {
      const connection = await server.inboundConnection().catch(() => undefined);
      if (connection !== undefined) void take(connection);
      if (!isOpen) return;
      if (connection === undefined) await sleep(FAILED_ACCEPT_PAUSE_MS);
    }
  };
  const accepts = Array.from({ length: context.settings.acceptsMax }, acceptOn);

  return async () => {
    isOpen = false;
    await links.close();
    // Under a storm of handshakes the native layer is idle late, or not while strangers keep theirs alive: one
    // stop in four took more than 5 s. All links are closed by now; nobody is owed more waiting.
    const isIdle = server.abort().then(() => Promise.all(accepts));
    isIdle.catch(() => undefined);
    const timer = new AbortController();
    const late = sleep(context.settings.closeFlushMs, undefined, { signal: timer.signal });
    late.catch(() => undefined);
    await Promise.race([isIdle, late]).finally(() => timer.abort());
  };
};

const bind = async (context: QuicContext, { host, port }: HostPort): Promise<NativeServer> => {
  try {
    const ip = await ipOf(host);
    if (context.isClosed()) throw new Error('this transport is closed');
    return new context.native.Server(context.config, ip, port);
  } catch (error) {
    throw bindFault(formatAddress({ host, port }), error);
  }
};

/** See Transport.listen. Closing the listener ends the links that it accepted. */
export const listen = async (
  context: QuicContext,
  address: string,
  accepted: (link: Link) => void,
): Promise<Listener> => {
  const place = placeToListen(address);
  const server = await bind(context, place);
  const stop = serve(context, server, accepted);
  let stopped: Promise<void> | undefined;
  return {
    address: formatAddress({ host: place.host, port: server.port() }),
    close: () => (stopped ??= stop()),
  };
};
