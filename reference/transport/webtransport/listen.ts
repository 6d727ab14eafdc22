/**
 * Listening over WebTransport: from a bound TCP port to links that are handed over.
 *
 * A connection has the dial time to become a link, whatever it does or leaves undone meanwhile, and there
 * are only so many at one time. Of each we take one session with one stream; everything else that HTTP
 * offers (other methods, WebSocket, HTTP/1) is closed.
 */
import type { Http2SecureServer, Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Link, Listener } from '#contracts/transport.ts';
import { formatAddress } from '../address.ts';
import { bindAccepted } from '../binding.ts';
import { hashOf } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { bindFault, createLinkSet, placeToListen } from '../parts.ts';
import type { StreamLink } from '../stream-link.ts';
import type { WebTransportContext } from './context.ts';
import {
  endConnection,
  guardParser,
  guardSession,
  loadLibrary,
  PATH,
  prepareConnection,
  windowsOf,
} from './library.ts';
import type { NativeSession, WebTransportServer } from './library.ts';
import { createBoundedStream } from './stream.ts';

/** One TCP connection that came in. */
interface Arrival {
  readonly socket: Socket;
  readonly deadline: NodeJS.Timeout;
  /** Of the certificate that we showed it: after a renewal not the current one. */
  certificate?: string;
  /** Its one session was given out. */
  isTaken: boolean;
  isLink: boolean;
}

const placeOf = ({ remoteAddress, remotePort }: Socket | TLSSocket): string =>
  formatAddress({ host: remoteAddress ?? '', port: remotePort ?? 0 });

/** A session becomes a link, or nothing. Never rejects. */
const admit = async (
  context: WebTransportContext,
  { jsobj: session }: NativeSession,
  connection: Http2Session,
  certificate: string,
  remoteAddress: string,
): Promise<StreamLink | undefined> => {
  const ended = new Promise<void>((resolve) => {
    connection.once('close', resolve);
  });
  const abort = (): void => endConnection(connection);
  session.ready.catch(() => undefined);
  session.closed.catch(() => undefined);
  try {
    const streams = session.incomingBidirectionalStreams.getReader();
    const { value } = await streams.read();
    if (value === undefined) throw new Error('the session ended before its stream');
    const stream = createBoundedStream({
      stream: value,
      unreadBytesMax: context.settings.unreadBytesMax,
      ended,
      abort,
    });
    const binding = await bindAccepted(stream, context.proves(certificate));
    return context.keep({ stream, abort, ended, side: 'listener', binding, remoteAddress });
  } catch {
    abort();
    return undefined;
  }
};

/** Everything that comes in at a server, from the first packet on; gives the function that ends it all. */
const serve = (
  context: WebTransportContext,
  server: WebTransportServer,
  accepted: (link: Link) => void,
): (() => Promise<void>) => {
  const { settings } = context;
  const http: Http2SecureServer = server.transportInt.serverInt;
  const links = createLinkSet();
  const arrivals = new Map<string, Arrival>();
  let linkCount = 0;
  let isOpen = true;

  http.prependListener('connection', (socket: Socket) => {
    if (!isOpen) return void socket.destroy();
    if (arrivals.size >= settings.inboundLinksMax + settings.handshakesMax) {
      // Whoever has taken longest to become a link makes room.
      const [place, oldest] = [...arrivals].find(([, { isLink }]) => !isLink) ?? [];
      (oldest?.socket ?? socket).destroy();
      if (place === undefined) return;
      arrivals.delete(place);
    }
    const place = placeOf(socket);
    const deadline = setTimeout(() => socket.destroy(), settings.dialTimeoutMs);
    arrivals.set(place, { socket, deadline, isTaken: false, isLink: false });
    socket.once('close', () => {
      clearTimeout(deadline);
      if (arrivals.get(place)?.socket === socket) arrivals.delete(place);
    });
  });
  http.on('secureConnection', (socket: TLSSocket) => {
    const arrival = arrivals.get(placeOf(socket));
    const own = socket.getCertificate();
    if (arrival !== undefined && own !== null && 'raw' in own)
      arrival.certificate = hashOf(own.raw);
  });
  http.prependListener('session', (connection: Http2Session) =>
    prepareConnection(connection, settings),
  );
  http.removeAllListeners('upgrade');
  http.on('request', (_request, response) => response.stream?.close());

  const take = async (native: NativeSession, connection: Http2Session): Promise<void> => {
    const place = placeOf(connection.socket);
    const arrival = arrivals.get(place);
    if (arrival?.certificate === undefined) return endConnection(connection);
    linkCount += 1;
    connection.once('close', () => (linkCount -= 1));
    const link = await admit(context, native, connection, arrival.certificate, place);
    if (link === undefined) return;
    clearTimeout(arrival.deadline);
    arrival.isLink = true;
    links.add(link);
    if (isOpen) accepted(link);
    else link.close();
  };

  const visit = server.onHttpWTSessionVisitor.bind(server);
  server.onHttpWTSessionVisitor = (visitor) => {
    const { session: native } = visitor;
    const connection = native.stream.session;
    if (connection === undefined) return;
    guardParser(native, () => endConnection(connection));
    visit(visitor);
    guardSession(native.jsobj, 'listener');
    void take(native, connection);
  };

  const [libraryHandler] = http.listeners('stream');
  http.removeAllListeners('stream');
  const isWelcome = (stream: ServerHttp2Stream, headers: { readonly [name: string]: unknown }) => {
    const arrival = stream.session && arrivals.get(placeOf(stream.session.socket));
    if (!isOpen || arrival === undefined || arrival.isTaken) return false;
    if (linkCount >= settings.inboundLinksMax) return false;
    if (headers[':method'] !== 'CONNECT' || headers[':protocol'] !== 'webtransport') return false;
    arrival.isTaken = true;
    return true;
  };
  http.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    try {
      if (isWelcome(stream, headers)) libraryHandler?.call(http, stream, headers);
      else if (stream.session !== undefined) endConnection(stream.session);
    } catch {
      stream.destroy();
    }
  });

  return async () => {
    isOpen = false;
    await links.close();
    for (const { socket } of arrivals.values()) socket.destroy();
    await new Promise<void>((resolve) => http.close(() => resolve()));
  };
};

/** The certificate that is shown, and whoever wants to know of the next one. */
export interface Showcase {
  readonly current: () => Certificate;
  /** Calls `changed` at every renewal until the function it gives is called. */
  readonly watch: (changed: (certificate: Certificate) => void) => () => void;
}

/** See Transport.listen. Closing the listener ends the links that it accepted. */
export const listen = async (
  context: WebTransportContext,
  showcase: Showcase,
  address: string,
  accepted: (link: Link) => void,
): Promise<Listener> => {
  const { host, port } = placeToListen(address);
  const library = await loadLibrary();
  const { pem } = showcase.current();
  const server = new library.HttpServer({
    ...windowsOf(context.settings),
    reliability: 'reliableOnly',
    host,
    port,
    // For address tokens of HTTP/3; asked for all the same.
    secret: 'unused',
    cert: pem,
    privKey: pem,
  });
  server.startServer();
  const stop = serve(context, server, accepted);
  server.transportInt.addPath(PATH);
  try {
    await server.ready;
    if (context.isClosed()) throw new Error('this transport is closed');
  } catch (error) {
    server.transportInt.serverInt.close();
    throw bindFault(formatAddress({ host, port }), error);
  }
  const bound = server.transportInt.serverInt.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  const unwatch = showcase.watch(({ pem: renewed }) => server.updateCert(renewed, renewed, true));
  let stopped: Promise<void> | undefined;
  return {
    get address() {
      return formatAddress({ host, port: boundPort, certificate: showcase.current().hash });
    },
    close: () => {
      unwatch();
      return (stopped ??= stop());
    },
  };
};
