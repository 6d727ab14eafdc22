/**
 * Frames and messages: bytes in, messages out, and the other way round.
 */
import { FRAME_BYTES_MAX, type CreateFrames } from '#contracts/frames.ts';
import { createDecoder, LENGTH_BYTES } from './decoder.ts';
import { readBody, writeBody } from './message.ts';
import { isPacked, pack, unpack } from './packing.ts';

/** The reference filling of layer 2. */
export const create: CreateFrames = ({ content, frameBytesMax = FRAME_BYTES_MAX }) => ({
  encode(message) {
    const text = writeBody(content, message);
    const bytes = Buffer.byteLength(text);
    if (bytes > frameBytesMax) {
      throw new Error(
        `a ${message.type} message of ${bytes} bytes is above the limit of ${frameBytesMax}`,
      );
    }
    const frame = new Uint8Array(LENGTH_BYTES + bytes);
    new DataView(frame.buffer).setUint32(0, bytes);
    new TextEncoder().encodeInto(text, frame.subarray(LENGTH_BYTES));
    return frame;
  },

  decoder: () =>
    createDecoder({
      frameBytesMax,
      read(body) {
        if (!isPacked(body)) return readBody(content, body);
        const unpacked = unpack(body, frameBytesMax);
        return unpacked.ok ? readBody(content, unpacked.value) : unpacked;
      },
    }),

  pack,
});
