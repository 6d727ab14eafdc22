/**
 * `@fails-components/webtransport` 1.6.8 as we use it: quiet, typed where we touch it, and guarded.
 *
 * It is WebTransport over HTTP/2 in JavaScript (the capsules of draft-ietf-webtrans-http2). We reach into it,
 * because what it leaves open may be closed only from inside. Hence the exact version in package.json:
 * a newer one is read before it is taken, and the tests named below say what must hold.
 *
 * - It throws inside event handlers, where nobody can catch, at what a peer may send: a stream that was not
 *   asked for, or a request that is cancelled in the same packet. One such packet ended the process.
 * - It keeps datagrams and streams that nobody reads, without a bound.
 * - It pings every second for an estimate we do not need, and a ping in the moment between the end of a
 *   connection and its `close` event throws.
 * - It does not look at a pinned hash where the certificate is one that the system trusts, so anybody with a
 *   certificate for any domain passed. `dial.ts` compares it itself.
 * - It looks for its HTTP/3 package at import and prints 29 lines where there is none.
 *
 * HTTP/3 is left out: its native package fetches a binary, or sources to compile, when it is installed,
 * and none of the guards here would hold for it.
 */
import type { ClientHttp2Session, Http2SecureServer, Http2Session, Http2Stream } from 'node:http2';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { WebTransportSettings } from './settings.ts';

/** Where the listener is asked for a session. */
export const PATH = '/icn';

/** Both halves of a stream. */
export interface WebTransportStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

interface StreamArrival {
  readonly bidirectional: boolean;
  readonly incoming: boolean;
}

/** A session as the library keeps it; what is assigned below is looked up at every call. */
export interface WebTransportSession {
  readonly ready: Promise<void>;
  readonly closed: Promise<unknown>;
  readonly incomingBidirectionalStreams: ReadableStream<WebTransportStream>;
  createBidirectionalStream(): Promise<WebTransportStream>;
  onStream(arrival: StreamArrival): void;
  onDatagramReceived(arrival: unknown): void;
  onGoAwayReceived(): void;
}

/** The capsules of one session on one HTTP/2 stream. */
export interface NativeSession {
  readonly stream: Http2Stream;
  readonly jsobj: WebTransportSession;
  readonly capsParser: {
    /** The beginning of a capsule that is not whole yet. */
    readonly saveddata?: Uint8Array;
    parseData(bytes: Uint8Array): void;
  };
}

interface DialledSession extends WebTransportSession {
  setSessionObj(native: NativeSession, reliable: boolean): void;
  readonly parentobj: {
    readonly transportInt: { readonly clientInt: ClientHttp2Session };
    onClientConnected(outcome: { readonly success: boolean }): void;
  };
}

/** A dialled session. */
export interface WebTransportClient {
  readonly ready: Promise<void>;
  readonly closed: Promise<unknown>;
  readonly sessionint: DialledSession;
  createBidirectionalStream(): Promise<WebTransportStream>;
}

/** A listener for sessions. */
export interface WebTransportServer {
  readonly ready: Promise<void>;
  readonly closed: Promise<unknown>;
  readonly transportInt: {
    readonly serverInt: Http2SecureServer;
    addPath(path: string): void;
  };
  startServer(): void;
  updateCert(certificate: string, key: string, http2Only: boolean): void;
  onHttpWTSessionVisitor(arrival: { readonly session: NativeSession }): void;
}

type Options = { readonly [name: string]: unknown };

/** What we use of the library. */
export interface Library {
  readonly HttpServer: new (options: Options) => WebTransportServer;
  readonly WebTransport: new (url: string, options: Options) => WebTransportClient;
  readonly quicheLoaded: Promise<unknown>;
}

/** What the library prints where its HTTP/3 package is not installed. */
const NOISE = /^(?:Problem loading http3-quiche|Did you install @fails-components|http3 loader:)/;

/* oxlint-disable no-console -- only to keep the library from using it. */
const importQuietly = async (): Promise<Library> => {
  const { log, error } = console;
  const without =
    (print: typeof log): typeof log =>
    (...values) => {
      if (!NOISE.test(String(values[0]))) print.apply(console, values);
    };
  console.log = without(log);
  console.error = without(error);
  try {
    const library = (await import('@fails-components/webtransport')) as unknown as Library;
    await library.quicheLoaded;
    return library;
  } finally {
    console.log = log;
    console.error = error;
  }
};
/* oxlint-enable no-console */

let library: Promise<Library> | undefined;

/** Imported at first use, because it costs 60 ms that a node over QUIC need not pay. */
export const loadLibrary = (): Promise<Library> => (library ??= importQuietly());

/**
 * One window for all four directions. With the library's defaults the listener advertises 16 KB for a session,
 * counts with 15 MB, and so never says that there is room again: every session stands still after 16 KB.
 * One stream a session: the library never gives back the place of a closed one.
 */
export const windowsOf = ({ windowBytes }: WebTransportSettings): Options => ({
  initialSessionFlowControlWindow: windowBytes,
  sessionFlowControlWindowSizeLimit: windowBytes,
  initialStreamFlowControlWindow: windowBytes,
  streamFlowControlWindowSizeLimit: windowBytes,
  initialBidirectionalStreams: 1,
  initialBidirectionalSendStreams: 1,
  initialUnidirectionalStreams: 1,
  initialUnidirectionalSendStreams: 1,
});

/** Ends a connection. `close` first: only that keeps the library from touching it again. */
export const endConnection = (connection: Http2Session): void => {
  connection.close();
  connection.destroy();
};

/**
 * A new connection, before the library's own handler of it: no pings (see above), and HTTP/2's window as wide
 * as ours. Its default of 64 KB would allow 64 KB a round trip: 1.3 MB/s over a path of 50 ms.
 */
export const prepareConnection = (
  connection: Http2Session,
  { windowBytes }: WebTransportSettings,
): void => {
  connection.ping = () => false;
  const widen = (): void => {
    if (connection.destroyed) return;
    connection.settings({ initialWindowSize: windowBytes });
    connection.setLocalWindowSize(windowBytes);
  };
  if (connection.connecting) connection.once('connect', widen);
  else widen();
};

/** Everything but stream data comes in capsules far below this. */
const CAPSULE_BYTES_MAX = 4_096;

/** Whatever parsing throws, or would keep, ends the connection. To be called before a byte is parsed. */
export const guardParser = ({ capsParser }: NativeSession, end: () => void): void => {
  const parse = capsParser.parseData.bind(capsParser);
  capsParser.parseData = (bytes) => {
    try {
      parse(bytes);
    } catch {
      return end();
    }
    if ((capsParser.saveddata?.length ?? 0) > CAPSULE_BYTES_MAX) end();
  };
};

/** One bidirectional stream, opened by the dialler, and nothing else. What throws here ends in `guardParser`. */
export const guardSession = (session: WebTransportSession, side: 'dialler' | 'listener'): void => {
  const refuse = (): never => {
    throw new Error('a peer that follows no protocol of ours');
  };
  const onStream = session.onStream.bind(session);
  let isTaken = false;
  session.onStream = (arrival) => {
    if (isTaken || !arrival.bidirectional || arrival.incoming !== (side === 'listener')) refuse();
    isTaken = true;
    onStream(arrival);
  };
  session.onDatagramReceived = refuse;
  // It would leave the library's session in a state from which it does not end its streams.
  session.onGoAwayReceived = refuse;
};
