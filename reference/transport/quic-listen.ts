/**
 * Listening: from a bound port to links that are handed over.
 *
 * The native layer gives a connection when its handshake is complete, and one `inboundConnection` waits
 * for one handshake. So many wait at the same time: with one, a single forged datagram held up everybody
 * for 9.7 s. A connection that does not open its stream in time is cut; a link above the bound is refused
 * before it costs a stream.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Link, Listener } from '#contracts/transport.ts';
import { formatAddress, parseAddress } from './address.ts';
import type { HostPort } from './address.ts';
import { bindAccepted } from './binding.ts';
import { provenKey } from './identity.ts';
import type { NativeConnection, NativeServer } from './native.ts';
import { ipOf } from './quic-context.ts';
import type { QuicContext } from './quic-context.ts';
import type { QuicLink } from './quic-link.ts';

/** A handshake that fails at once must not turn an accept loop into a busy one. */
const FAILED_ACCEPT_PAUSE_MS = 10;

const bindFault = (address: string, error: unknown): Fault => {
  const cause = messageOf(error);
  // The system's words: the native error has no code. Linux and macOS; then Windows (WSAEADDRINUSE).
  return /in use|10048/.test(cause)
    ? new Fault(
        'port_in_use',
        `${address} is in use by another program: choose another port, or 0 for any free one.`,
        { cause: error },
      )
    : new Fault('settings_invalid', `Cannot listen at ${address}: ${cause}.`, { cause: error });
};

/** A connection whose handshake is done becomes a link, or nothing. Never rejects. */
const admit = async (
  context: QuicContext,
  connection: NativeConnection,
): Promise<QuicLink | undefined> => {
  const deadline = setTimeout(() => connection.abort(), context.settings.dialTimeoutMs);
  try {
    const remoteKey = provenKey(connection.remoteMultiaddr());
    if (remoteKey === undefined) throw new Error('the peer proved no Ed25519 key');
    const bound = await bindAccepted(connection, context.ownKey, remoteKey);
    return context.keep(connection, 'listener', remoteKey, bound);
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
  const links = new Set<QuicLink>();
  let connectionCount = 0;
  let isOpen = true;

  const take = async (connection: NativeConnection): Promise<void> => {
    if (!isOpen || connectionCount >= context.settings.inboundLinksMax) return connection.abort();
    connectionCount += 1;
    const uncount = (): void => {
      connectionCount -= 1;
    };
    connection.closed().then(uncount, uncount);
    const link = await admit(context, connection);
    if (link === undefined) return;
    if (!isOpen) return link.close();
    links.add(link);
    void link.gone.then(() => links.delete(link));
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
    for (const link of links) link.close();
    await Promise.all(Array.from(links, (link) => link.gone));
    await server.abort();
    await Promise.all(accepts);
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
  const parsed = parseAddress(address);
  if (parsed === undefined)
    throw new Fault('settings_invalid', `Expected host:port to listen at, got "${address}".`);
  const server = await bind(context, parsed);
  const stop = serve(context, server, accepted);
  let stopped: Promise<void> | undefined;
  return {
    address: formatAddress({ host: parsed.host, port: server.port() }),
    close: () => (stopped ??= stop()),
  };
};
