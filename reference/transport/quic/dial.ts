/**
 * Dialling: from an address to a link with the one who was meant, or to a reason.
 *
 * Every step has the same deadline, ours: the native layer's own gives up after its idle time-out or
 * after ten seconds. Within the deadline a handshake that got no answer is begun again, because in one idle
 * time-out it sends two packets, and on a lossy path both may be lost.
 *
 * Whoever answers must prove a key. If another was expected, the connection ends before our token is
 * said, so the other side never hears of a link.
 */
import { isIPv6 } from 'node:net';
import { messageOf } from '#contracts/faults.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { DialResult } from '#contracts/transport.ts';
import { parseAddress } from '../address.ts';
import type { HostPort } from '../address.ts';
import { bindDialled } from '../binding.ts';
import { createDials, DIALS_CLOSED } from '../dials.ts';
import type { Dials, DialUnderWay } from '../dials.ts';
import { provenKey } from './identity.ts';
import type { NativeClient, NativeConnection } from './native.ts';
import { ipOf } from './context.ts';
import type { QuicContext } from './context.ts';

export interface Dialler extends Dials {
  /** Closes the sockets; call it when the links are gone. */
  close(): void;
}

/** From a connection to an answer; the connection is aborted unless the answer is a link. */
const greet = async (
  context: QuicContext,
  connection: NativeConnection,
  expected: Did | undefined,
): Promise<DialResult> => {
  const remoteKey = provenKey(connection.remoteMultiaddr());
  const answered = remoteKey && context.didOf(remoteKey);
  if (remoteKey === undefined || (expected !== undefined && answered !== expected)) {
    connection.abort();
    const reason = `expected ${expected ?? 'an Ed25519 key'}, ${answered ?? 'some other key'} answered`;
    return { status: 'wrong_identity', reason };
  }
  try {
    const stream = await connection.outboundStream();
    const binding = await bindDialled(stream, ['icn/link/1', context.ownKey, remoteKey]);
    return {
      status: 'open',
      link: context.keep(connection, 'dialler', remoteKey, stream, binding),
    };
  } catch (error) {
    connection.abort();
    return { status: 'refused', reason: `the peer ended the connection: ${messageOf(error)}` };
  }
};

/** The dialling half of a transport: one UDP socket per family serves all dials. */
export const createDialler = (context: QuicContext): Dialler => {
  const clients = new Map<0 | 1, NativeClient>();

  const clientFor = (ip: string): NativeClient => {
    const family = isIPv6(ip) ? 1 : 0;
    const client = clients.get(family) ?? new context.native.Client(context.config, family);
    clients.set(family, client);
    return client;
  };

  const connect = async (to: HostPort, isOver: () => boolean): Promise<NativeConnection> => {
    const ip = await ipOf(to.host);
    for (;;) {
      if (isOver()) throw new Error('given up');
      try {
        return await clientFor(ip).outboundConnection(ip, to.port);
      } catch (error) {
        if (!messageOf(error).includes('timed out')) throw error;
      }
    }
  };

  const attempt = async (
    address: string,
    expected: Did | undefined,
    { isOver, whenGivenUp }: DialUnderWay,
  ): Promise<DialResult> => {
    const to = parseAddress(address);
    if (to === undefined || to.port === 0 || to.certificate !== undefined)
      return { status: 'unreachable', reason: `expected host:port to dial, got "${address}"` };
    const connection = await connect(to, isOver);
    whenGivenUp(() => connection.abort());
    return isOver() ? DIALS_CLOSED : greet(context, connection, expected);
  };

  const dials = createDials({
    dialTimeoutMs: context.settings.dialTimeoutMs,
    isClosed: context.isClosed,
    attempt,
  });
  return { ...dials, close: () => clients.forEach((client) => client.abort()) };
};
