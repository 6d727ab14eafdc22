/**
 * Packing: a long body travels deflated to whoever said in its Hello that it inflates.
 *
 *   length | 0x01 | raw deflate of the canonical JSON
 *
 * JSON begins with a brace, so no body can be taken for the other kind. A record's id is a hash over what
 * was inflated; nothing that is hashed or signed knows of packing.
 *
 * What inflates is bounded twice: by the size of a body, and by a ratio, so that a small frame costs a small
 * buffer. Whoever packs keeps to the same ratio. Level 1: 256 records by one author shrink to 23 % in 0.9 ms,
 * and level 6 gives no more for twice the work.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { FrameStatus } from '#contracts/frames.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { LENGTH_BYTES } from './decoder.ts';

const PACKED = 0x01;
/** Shorter bodies travel as they are. */
const PACK_BYTES_MIN = 1_024;
/** Bytes out of one byte. JSON of records gives two to five. */
export const RATIO_MAX = 64;
const LEVEL = 1;

/** One frame goes to many peers. */
const packs = new WeakMap<Uint8Array, Uint8Array>();

const deflate = (frame: Uint8Array): Uint8Array => {
  const body = frame.subarray(LENGTH_BYTES);
  const deflated = deflateRawSync(body, { level: LEVEL });
  const bytes = 1 + deflated.length;
  if (bytes >= body.length || bytes * RATIO_MAX < body.length) return frame;
  const packed = new Uint8Array(LENGTH_BYTES + bytes);
  new DataView(packed.buffer).setUint32(0, bytes);
  packed[LENGTH_BYTES] = PACKED;
  packed.set(deflated, LENGTH_BYTES + 1);
  return packed;
};

/** The same frame, deflated; the frame itself where that would not be shorter. */
export const pack = (frame: Uint8Array): Uint8Array => {
  if (frame.length - LENGTH_BYTES <= PACK_BYTES_MIN) return frame;
  const packed = packs.get(frame) ?? deflate(frame);
  packs.set(frame, packed);
  return packed;
};

export const isPacked = (body: Uint8Array): boolean => body[0] === PACKED;

/** The body that was packed; refused if it is longer than any may be. */
export const unpack = (
  body: Uint8Array,
  frameBytesMax: number,
): Outcome<Uint8Array, FrameStatus> => {
  const maxOutputLength = Math.min(frameBytesMax, RATIO_MAX * body.length);
  try {
    return accepted(inflateRawSync(body.subarray(1), { maxOutputLength }));
  } catch (error) {
    const { message } = error as Error;
    return refused('message_malformed', `expected at most ${maxOutputLength} bytes: ${message}`);
  }
};
