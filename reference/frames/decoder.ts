/**
 * Finds the edges of frames in a stream that arrives in any pieces.
 *
 * Two states, by how many bytes the next thing needs: 4 for a length, then that length for a body.
 * A body that lies whole in the piece at hand is read where it lies; any other is gathered in a
 * buffer that doubles as its bytes come, so that every byte is copied a bounded number of times and
 * a peer who announces 1 MiB and falls silent costs us nothing.
 */
import type { FrameDecoder, FrameStatus } from '#contracts/frames.ts';
import type { Message } from '#contracts/messages.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** The length in front of every body: 4 bytes, big-endian. */
export const LENGTH_BYTES = 4;
const CAPACITY_BYTES_MIN = 1_024;

interface DecoderOptions {
  readonly frameBytesMax: number;
  readonly read: (body: Uint8Array) => Outcome<Message, FrameStatus>;
}

/** A decoder for one stream; see the contract. */
export const createDecoder = ({ frameBytesMax, read }: DecoderOptions): FrameDecoder => {
  const header = createGathering();
  const body = createGathering();
  /** Of the body that comes next; 0 while its length is still coming. */
  let bodyBytes = 0;
  let ended = false;

  /** The length of the next body, or why there can be none. */
  const readLength = (bytes: Uint8Array): Outcome<number, FrameStatus> => {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    if (length === 0) return refused('frame_empty', 'expected a length of at least 1, came 0');
    if (length > frameBytesMax) {
      const reason = `expected a length of at most ${frameBytesMax}, came ${length}`;
      return refused('frame_too_large', reason);
    }
    return accepted(length);
  };

  const pendingBytes = (): number => (bodyBytes === 0 ? header.bytes : LENGTH_BYTES + body.bytes);

  return {
    push(bytes) {
      const outcomes: Outcome<Message, FrameStatus>[] = [];
      let rest = bytes;
      while (!ended) {
        const part = bodyBytes === 0 ? header : body;
        const bytesNeeded = bodyBytes === 0 ? LENGTH_BYTES : bodyBytes;
        const taken = Math.min(bytesNeeded - part.bytes, rest.length);
        const whole = part.take(rest.subarray(0, taken), bytesNeeded);
        rest = rest.subarray(taken);
        if (whole === undefined) break;
        if (bodyBytes > 0) {
          bodyBytes = 0;
          outcomes.push(read(whole));
          continue;
        }
        const length = readLength(whole);
        if (length.ok) bodyBytes = length.value;
        else {
          ended = true;
          outcomes.push(length);
        }
      }
      return outcomes;
    },

    end() {
      const bytes = pendingBytes();
      ended = true;
      bodyBytes = 0;
      header.clear();
      body.clear();
      if (bytes === 0) return accepted(undefined);
      return refused('frame_truncated', `expected the rest of a frame after ${bytes} bytes of it`);
    },

    get pendingBytes() {
      return pendingBytes();
    },
  };
};

interface Gathering {
  /** Bytes kept. */
  readonly bytes: number;
  /** Adds a piece, and gives the whole once it is `bytesNeeded` long, keeping nothing. */
  take(piece: Uint8Array, bytesNeeded: number): Uint8Array | undefined;
  clear(): void;
}

const NOTHING = new Uint8Array(0);

/** Pieces in, a whole out. */
const createGathering = (): Gathering => {
  let kept = NOTHING;
  let bytes = 0;

  const clear = (): void => {
    kept = NOTHING;
    bytes = 0;
  };

  const makeRoom = (bytesWanted: number, bytesNeeded: number): void => {
    if (kept.length >= bytesWanted) return;
    const capacity = Math.max(bytesWanted, 2 * kept.length, CAPACITY_BYTES_MIN);
    const larger = new Uint8Array(Math.min(capacity, bytesNeeded));
    larger.set(kept.subarray(0, bytes));
    kept = larger;
  };

  return {
    get bytes() {
      return bytes;
    },
    take(piece, bytesNeeded) {
      if (piece.length === bytesNeeded) return piece;
      makeRoom(bytes + piece.length, bytesNeeded);
      kept.set(piece, bytes);
      bytes += piece.length;
      if (bytes < bytesNeeded) return undefined;
      const whole = kept.subarray(0, bytes);
      clear();
      return whole;
    },
    clear,
  };
};
