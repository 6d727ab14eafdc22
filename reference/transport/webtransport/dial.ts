/**
 * Dialling over WebTransport: from an address with a certificate's hash to a link, or to a reason.
 *
 * The pin is compared here, before the library asks for a session, and whatever the system thinks of the
 * certificate. Another hash is `wrong_identity`; a certificate that is over, not begun, or made for
 * longer than 14 days is `refused`.
 */
import type { TLSSocket } from 'node:tls';
import { messageOf } from '#contracts/faults.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { DialResult } from '#contracts/transport.ts';
import { formatAddress, parseAddress } from '../address.ts';
import { bindDialled } from '../binding.ts';
import { CERTIFICATE_MS_MAX, hashOf } from './certificate.ts';
import { createDials } from '../dials.ts';
import type { Dials, DialUnderWay } from '../dials.ts';
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
import type { Library } from './library.ts';
import { createBoundedStream } from './stream.ts';

/** undefined: the certificate is the one that was pinned, and is valid. */
const objectionTo = (socket: TLSSocket, pinned: string, now: number): DialResult | undefined => {
  const { raw, valid_from: from, valid_to: until } = socket.getPeerCertificate();
  const presented = hashOf(raw);
  if (presented !== pinned) {
    const reason = `expected the certificate ${pinned}, got ${presented}`;
    return { status: 'wrong_identity', reason };
  }
  const [beginsAt, endsAt] = [Date.parse(from), Date.parse(until)];
  if (now >= beginsAt && now <= endsAt && endsAt - beginsAt <= CERTIFICATE_MS_MAX) return undefined;
  return {
    status: 'refused',
    reason: `its certificate is valid from ${from} to ${until}: not now, or for more than 14 days`,
  };
};

interface Pinned {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
}

const connect = async (
  context: WebTransportContext,
  library: Library,
  to: Pinned,
  dial: DialUnderWay,
): Promise<DialResult> => {
  const { settings } = context;
  const place = formatAddress({ host: to.host, port: to.port });
  const client = new library.WebTransport(`https://${place}${PATH}`, {
    ...windowsOf(settings),
    serverCertificateHashes: [
      { algorithm: 'sha-256', value: Buffer.from(to.certificate, 'base64url') },
    ],
    forceReliable: true,
    // Ours comes first: a connection that is made after the library's own time-out makes it throw.
    quicConnectTimeout: settings.dialTimeoutMs * 2,
  });
  const session = client.sessionint;
  const connection = session.parentobj.transportInt.clientInt;
  prepareConnection(connection, settings);
  client.ready.catch(() => undefined);
  client.closed.catch(() => undefined);

  let objection: DialResult | undefined;
  let isProven = false;
  let trouble: unknown;
  const ended = new Promise<void>((resolve) => {
    connection.once('close', resolve);
  });
  const { parentobj } = session;
  const connected = parentobj.onClientConnected.bind(parentobj);
  let isAborted = false;
  // The library throws at a connection that it has given up.
  parentobj.onClientConnected = (outcome) => {
    if (!isAborted) connected(outcome);
  };
  const abort = (): void => {
    if (isAborted) return;
    endConnection(connection);
    // Ends the library's own dial, whose timer would keep the process.
    connected({ success: false });
    isAborted = true;
  };
  dial.whenGivenUp(abort);
  connection.on('error', (error) => (trouble ??= error));
  connection.socket.prependListener('secureConnect', function (this: TLSSocket) {
    objection = objectionTo(this, to.certificate, context.now());
    isProven = objection === undefined;
  });
  // Behind the library's own listener, which does not survive the end of the connection before it.
  connection.socket.on('secureConnect', () => {
    if (objection !== undefined) abort();
  });
  const setNative = session.setSessionObj.bind(session);
  session.setSessionObj = (native, reliable) => {
    guardParser(native, abort);
    setNative(native, reliable);
    guardSession(session, 'dialler');
  };

  try {
    const over = ended.then(() => {
      throw new Error('the peer ended the connection');
    });
    over.catch(() => undefined);
    await Promise.race([client.ready, over]);
    if (!isProven) throw new Error('the peer proved no certificate');
    const stream = createBoundedStream({
      stream: await client.createBidirectionalStream(),
      unreadBytesMax: settings.unreadBytesMax,
      ended,
      abort,
    });
    const binding = await bindDialled(stream, context.proves(to.certificate));
    const link = context.keep({
      stream,
      abort,
      ended,
      side: 'dialler',
      binding,
      remoteAddress: place,
    });
    return { status: 'open', link };
  } catch (error) {
    abort();
    if (objection !== undefined) return objection;
    const reason = messageOf(trouble ?? error);
    return { status: isProven ? 'refused' : 'unreachable', reason };
  }
};

/** The dialling half of a transport. The DID that is expected is proven by the Hello, not here. */
export const createDialler = (context: WebTransportContext): Dials =>
  createDials({
    dialTimeoutMs: context.settings.dialTimeoutMs,
    isClosed: context.isClosed,
    attempt: async (address: string, _expected: Did | undefined, dial: DialUnderWay) => {
      const to = parseAddress(address);
      if (to?.certificate === undefined || to.port === 0) {
        const reason = `expected host:port/hash to dial, got "${address}"`;
        return { status: 'unreachable', reason };
      }
      const { certificate } = to;
      return connect(context, await loadLibrary(), { ...to, certificate }, dial);
    },
  });
