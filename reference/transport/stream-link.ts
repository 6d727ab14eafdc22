/**
 * A Link over one bidirectional stream of whatever connection: one writer, one reader, one end.
 *
 * Writing: frames go into the bounded outbox; one write is under way at any time, and it resolves when
 * the transport's flow control took the bytes, so a peer who does not read fills its window, then our
 * outbox, then `send` answers `full`. Nothing grows.
 *
 * Reading: begins with `open`. Until then arrived bytes wait in the stream, inside its bound.
 *
 * Ending: an abort throws away what was buffered (over QUIC 10 kB of 500 kB arrived), and a resolved
 * write is no arrival. So `close` finishes our half and reads on, discarding, until the peer has done
 * its part: the peer reaches our end of stream only after every byte before it, and then ends the
 * connection, which we see. That takes a round trip; a peer who does not read is cut after `closeFlushMs`.
 *
 * Whether the peer ended the connection or fell silent, each transport tells in its own way: `reasonOf`.
 *
 * An exception thrown by a handler of `LinkEvents` is our own bug: it is not caught here and ends the
 * process as an unhandled rejection.
 */
import assert from 'node:assert/strict';
import type { Did } from '#contracts/identifiers.ts';
import type { CloseReason, Link, LinkEvents, SendStatus } from '#contracts/transport.ts';
import { createOutbox } from './outbox.ts';

/** One bidirectional stream. One reader and one writer each. */
export interface ByteStream {
  /** Up to `bytesMax` bytes; null at the clean end of the stream; rejects when the connection ends. */
  read(bytesMax: number): Promise<Uint8Array | null>;
  /** Resolves when flow control took all of it; the array may be used again then. */
  write(bytes: Uint8Array): Promise<void>;
  finishWrite(): Promise<void>;
}

export interface StreamLinkOptions {
  readonly stream: ByteStream;
  /** Ends the connection at once. Safe to call twice. */
  readonly abort: () => void;
  /** Settles when the connection has ended, however that went. */
  readonly ended: Promise<unknown>;
  /** Why the connection ended, by the error of a read. */
  readonly reasonOf: (error: unknown) => CloseReason;
  readonly side: Link['side'];
  readonly proven: Did | undefined;
  readonly binding: string;
  readonly remoteAddress: string;
  readonly unsentBytesMax: number;
  /** Bytes of one write. */
  readonly writeBytesMax: number;
  readonly readBytesMax: number;
  readonly closeFlushMs: number;
}

export interface StreamLink extends Link {
  /** Resolves when nothing is left to tell: after `closed`, or when the connection of an unopened link ended. */
  readonly gone: Promise<void>;
}

export const createStreamLink = (options: StreamLinkOptions): StreamLink => {
  const { stream, abort } = options;
  const outbox = createOutbox(options.unsentBytesMax, options.writeBytesMax);
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
    abort();
    outbox.clear();
    resolveGone();
    events?.closed(reason);
  };

  const readFailed = (error: unknown): void => {
    if (state === 'closing') return end('local');
    end(options.reasonOf(error));
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
    abort();
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
    flushDeadline = setTimeout(() => abort(), options.closeFlushMs);
    startReading();
    startWriting();
  };

  const connectionEnded = (): void => {
    if (state === 'live') state = 'lost';
    outbox.clear();
    if (!reading) resolveGone();
  };
  options.ended.then(connectionEnded, connectionEnded);

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
