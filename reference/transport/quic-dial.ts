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
import type { DialResult, Transport } from '#contracts/transport.ts';
import { parseAddress } from './address.ts';
import type { HostPort } from './address.ts';
import { bindDialled } from './binding.ts';
import { provenKey } from './identity.ts';
import type { NativeClient, NativeConnection } from './native.ts';
import { ipOf } from './quic-context.ts';
import type { QuicContext } from './quic-context.ts';

export interface Dialler {
  readonly dial: Transport['dial'];
  /** Answers the dials under way; call it when the context is closed. */
  cancel(): void;
  /** Closes the sockets; call it when the links are gone. */
  close(): void;
}

const CLOSED: DialResult = { status: 'refused', reason: 'this transport is closed' };

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
    const bound = await bindDialled(connection, context.ownKey, remoteKey);
    return { status: 'open', link: context.keep(connection, 'dialler', remoteKey, bound) };
  } catch (error) {
    connection.abort();
    return { status: 'refused', reason: `the peer ended the connection: ${messageOf(error)}` };
  }
};

/** Calls `done` with the first answer only; a link that comes later is closed. */
const answerOnce = (done: (result: DialResult) => void) => {
  let isOver = false;
  return {
    isOver: () => isOver,
    answer: (result: DialResult): void => {
      if (!isOver) {
        isOver = true;
        done(result);
      } else if (result.status === 'open') result.link.close();
    },
  };
};

/** The dialling half of a transport: one UDP socket per family serves all dials. */
export const createDialler = (context: QuicContext): Dialler => {
  const clients = new Map<0 | 1, NativeClient>();
  const cancels = new Set<() => void>();

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

  const dial: Transport['dial'] = (address, expected, done) => {
    let connection: NativeConnection | undefined;
    const { answer, isOver } = answerOnce((result) => {
      clearTimeout(deadline);
      cancels.delete(cancel);
      done(result);
    });
    const giveUp = (result: DialResult): void => {
      answer(result);
      connection?.abort();
    };
    const cancel = (): void => giveUp(CLOSED);
    const { dialTimeoutMs } = context.settings;
    const late = `no answer from ${address} within ${dialTimeoutMs} ms`;
    const deadline = setTimeout(
      () => giveUp({ status: 'unreachable', reason: late }),
      dialTimeoutMs,
    );
    cancels.add(cancel);

    const attempt = async (): Promise<DialResult> => {
      const to = parseAddress(address);
      if (to === undefined || to.port === 0)
        return { status: 'unreachable', reason: `expected host:port to dial, got "${address}"` };
      try {
        connection = await connect(to, isOver);
      } catch (error) {
        return { status: 'unreachable', reason: messageOf(error) };
      }
      if (!isOver()) return greet(context, connection, expected);
      connection.abort();
      return CLOSED;
    };
    if (context.isClosed()) queueMicrotask(cancel);
    else void attempt().then(answer);
  };

  return {
    dial,
    cancel: () => cancels.forEach((cancel) => cancel()),
    close: () => clients.forEach((client) => client.abort()),
  };
};
