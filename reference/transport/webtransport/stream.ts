/**
 * A stream of the library as a ByteStream: bounded where it is not read, copied where it is written.
 *
 * The library hands on whatever arrives, read or unread, and grants the peer new room all the same: there is
 * no back-pressure for a slow reader (200 MB for one that slept, measured). So we read from the start
 * and count what waits; above the bound the connection ends. Once a link is open nothing waits, because
 * its events are handled as they come.
 */
import type { ByteStream } from '../stream-link.ts';
import type { WebTransportStream } from './library.ts';

export interface BoundedStreamOptions {
  readonly stream: WebTransportStream;
  readonly unreadBytesMax: number;
  /** Settles when the connection has ended. */
  readonly ended: Promise<unknown>;
  readonly abort: () => void;
}

export interface BoundedStream extends ByteStream {
  /** Whether the connection ended because nobody read. */
  readonly hasOverflown: boolean;
}

interface Reader {
  readonly bytesMax: number;
  resolve(bytes: Uint8Array | null): void;
  reject(error: unknown): void;
}

export const createBoundedStream = (options: BoundedStreamOptions): BoundedStream => {
  const input = options.stream.readable.getReader();
  const output = options.stream.writable.getWriter();
  const waiting: Uint8Array[] = [];
  let unreadBytes = 0;
  let hasOverflown = false;
  let end: { readonly clean: boolean; readonly error?: unknown } | undefined;
  let reader: Reader | undefined;

  const takeFirst = (bytesMax: number): Uint8Array | undefined => {
    const first = waiting.shift();
    if (first === undefined) return undefined;
    if (first.length > bytesMax) waiting.unshift(first.subarray(bytesMax));
    const taken = first.subarray(0, bytesMax);
    unreadBytes -= taken.length;
    return taken;
  };

  const serve = (): void => {
    if (reader === undefined) return;
    const { bytesMax, resolve, reject } = reader;
    const bytes = takeFirst(bytesMax);
    if (bytes === undefined && end === undefined) return;
    reader = undefined;
    if (bytes !== undefined) resolve(bytes);
    else if (end?.clean === true) resolve(null);
    else reject(end?.error);
  };
  const finish = (clean: boolean, error?: unknown): void => {
    end ??= { clean, error };
    serve();
  };

  const readOn = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await input.read();
      if (done) return finish(true);
      waiting.push(value);
      unreadBytes += value.length;
      serve();
      if (unreadBytes <= options.unreadBytesMax) continue;
      hasOverflown = true;
      return options.abort();
    }
  };
  const gone = (error?: unknown): void => finish(false, error ?? new Error('the connection ended'));
  void readOn().catch(gone);
  // The library does not always tell its streams.
  options.ended.then(() => gone(), gone);
  /** A promise of the connection's end: a write may be left unanswered by the library. */
  const cut = options.ended.then(() => {
    throw new Error('the connection ended');
  });
  cut.catch(() => undefined);

  return {
    get hasOverflown() {
      return hasOverflown;
    },
    read: (bytesMax) =>
      new Promise((resolve, reject) => {
        reader = { bytesMax, resolve, reject };
        serve();
      }),
    // A copy: the library keeps the array until the socket took it, which is later than it says.
    write: (bytes) => Promise.race([output.write(new Uint8Array(bytes)), cut]),
    finishWrite: () => Promise.race([output.close(), cut]),
  };
};
