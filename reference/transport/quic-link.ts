/**
 * A Link over one native stream: one writer, one reader, one end.
 *
 * Writing: frames go into the bounded outbox; one write is under way at any time, and it resolves when
 * QUIC's flow control took the bytes, so a peer who does not read fills its window (1 MiB), then our
 * outbox, then `send` answers `full`. Nothing grows.
 *
 * Reading: begins with `open`. Until then arrived bytes wait in the native layer, inside the window.
 *
 * Ending: an abort throws away what was buffered (10 kB of 500 kB arrived), and a resolved write is
 * no arrival. So `close` finishes our half and reads on, discarding, until the peer has done its part:
 * the peer reaches our end of stream only after every byte before it, and then ends the connection,
 * which we see. That takes a round trip; a peer who does not read is cut after `closeFlushMs`.
 *
 * The native errors carry no reason: "connection lost" is all they say. Whether the peer ended the
 * connection or fell silent is told by the count of CONNECTION_CLOSE frames received.
 *
 * An exception thrown by a handler of `LinkEvents` is our own bug: it is not caught here and ends the
 * process as an unhandled rejection.
 */
import assert from 'node:assert/strict';
import type { Did } from '#contracts/identifiers.ts';
import type { CloseReason, Link, LinkEvents, SendStatus } from '#contracts/transport.ts';
import type { NativeConnection, NativeStream } from './native.ts';
import { createOutbox } from './outbox.ts';

export interface QuicLinkOptions {
  readonly connection: NativeConnection;
  readonly stream: NativeStream;
  readonly side: 'dialler' | 'listener';
  readonly proven: Did;
  readonly binding: string;
  readonly remoteAddress: string;
  readonly unsentBytesMax: number;
  readonly readBytesMax: number;
  readonly closeFlushMs: number;
}

export interface QuicLink extends Link {
  /** Resolves when nothing is left to tell: after `closed`, or when the connection of an unopened link ended. */
  readonly gone: Promise<void>;
}

export const createQuicLink = (options: QuicLinkOptions): QuicLink => {
  const { connection, stream } = options;
  const outbox = createOutbox(options.unsentBytesMax);
  let events: LinkEvents | undefined;
  let state: 'live' | 'closing' | 'lost' | 'ended' = 'live';
  let endReason: CloseReason | undefined;
  let writing = false;
  let reading = false;
  let wasFull = false;
  let flushDeadline: NodeJS.Timeout | undefined;
  let resolveGone: () => void;
  const gone = new Promise<void>((resolve) => (resolveGone = resolve));

  /** Only the one read under way ends a link: therefore once, and after all that had arrived. */
  const end = (reason: CloseReason): void => {
    state = 'ended';
    endReason = reason;
    clearTimeout(flushDeadline);
    connection.abort();
    outbox.clear();
    resolveGone();
    events?.closed(reason);
  };

  const readFailed = (error: unknown): void => {
    if (state === 'closing') return end('local');
    const toldByPeer =
      connection.stats().frameRxConnectionClose > 0 || String(error).includes('reset by peer');
    end(toldByPeer ? 'remote' : 'lost');
  };

  const readDone = (bytes: Uint8Array | null): void => {
    if (bytes === null) return end(state === 'closing' ? 'local' : 'remote');
    if (state !== 'closing') events?.received(bytes);
    readOn();
  };

  const readOn = (): void => {
    void stream.read(options.readBytesMax).then(readDone, readFailed);
  };

  const startReading = (): void => {
    if (reading) return;
    reading = true;
    readOn();
  };

  const tellRoom = (): void => {
    if (!wasFull || state !== 'live' || outbox.unsentBytes > options.unsentBytesMax / 2) return;
    wasFull = false;
    events?.drained();
  };

  const writeDone = (): void => {
    outbox.written();
    tellRoom();
    writeOn();
  };

  const writeFailed = (): void => {
    if (state === 'ended') return;
    // The reader says why, after it handed over what had arrived; an abort makes sure that it ends.
    connection.abort();
    outbox.clear();
    if (state === 'live') state = 'lost';
  };

  const writeOn = (): void => {
    if (state === 'ended' || state === 'lost') return;
    const bytes = outbox.take();
    if (bytes !== undefined) return void stream.write(bytes).then(writeDone, writeFailed);
    writing = false;
    if (state === 'closing') stream.finishWrite().catch(writeFailed);
  };

  const startWriting = (): void => {
    if (writing) return;
    writing = true;
    // After this turn of the caller, so that frames sent together travel together.
    queueMicrotask(writeOn);
  };

  const send = (frame: Uint8Array): SendStatus => {
    if (state !== 'live') return 'closed';
    if (!outbox.push(frame)) {
      wasFull = true;
      return 'full';
    }
    startWriting();
    return 'accepted';
  };

  const open = (taken: LinkEvents): void => {
    assert(events === undefined, 'a link is opened once');
    events = taken;
    if (endReason === undefined) return startReading();
    const reason = endReason;
    queueMicrotask(() => taken.closed(reason));
  };

  const close = (): void => {
    if (state === 'closing' || state === 'ended') return;
    state = 'closing';
    flushDeadline = setTimeout(() => connection.abort(), options.closeFlushMs);
    startReading();
    startWriting();
  };

  const connectionEnded = (): void => {
    if (state === 'live') state = 'lost';
    outbox.clear();
    if (!reading) resolveGone();
  };
  connection.closed().then(connectionEnded, connectionEnded);

  return {
    side: options.side,
    proven: options.proven,
    binding: options.binding,
    remoteAddress: options.remoteAddress,
    gone,
    get unsentBytes() {
      return outbox.unsentBytes;
    },
    open,
    send,
    close,
  };
};
