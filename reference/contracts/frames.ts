/**
 * Layer 2, frames and messages: a byte stream has no edges, so we draw them.
 *
 * A frame is a 4-byte big-endian length and a body of canonical JSON. A stream arrives in any
 * pieces; the decoder gives the same messages for every way of cutting it.
 */
import type { Content } from './content.ts';
import type { Message } from './messages.ts';
import type { Outcome } from './outcome.ts';

/** Refusals in order of precedence. The first three end the stream: its edges can no longer be known. */
export const FRAME_STATUSES = [
  'frame_empty',
  'frame_too_large',
  'frame_truncated',
  'version_unsupported',
  'message_malformed',
] as const;
/** One of FRAME_STATUSES. */
export type FrameStatus = (typeof FRAME_STATUSES)[number];

/** Bytes of one frame's body. */
export const FRAME_BYTES_MAX = 1_048_576;
/** The version every message body carries as `version`. */
export const WIRE_VERSION = 1;

/** The reading half of one stream. It remembers at most one frame. */
export interface FrameDecoder {
  /**
   * Takes the next bytes of the stream and gives the messages they complete, in order. A body that
   * is no message is refused in its place and the stream goes on; `frame_empty` and
   * `frame_too_large` end it, and nothing is given after them. A length above the limit is refused
   * before a byte of it is kept.
   */
  push(bytes: Uint8Array): readonly Outcome<Message, FrameStatus>[];

  /** The stream ended. `frame_truncated` if it ended inside a frame, whose bytes are discarded. */
  end(): Outcome<void, FrameStatus>;

  /** Bytes kept for the frame that is not complete yet; never above the limit and 4. */
  readonly pendingBytes: number;
}

/** Layer 2: messages to frames and back. */
export interface Frames {
  /** One whole frame. Throws where the message has no canonical form or is above the limit: a bug of the caller. */
  encode(message: Message): Uint8Array;
  decoder(): FrameDecoder;
  /**
   * The same frame, shorter, for a peer whose decoder understands that; itself where there is nothing to
   * gain. A layer without it says nothing of inflating in its Hello, and is sent frames as they are.
   */
  pack?(frame: Uint8Array): Uint8Array;
}

/** What layer 2 stands on. */
export interface FramesOptions {
  readonly content: Content;
  /** Bytes of one frame's body; FRAME_BYTES_MAX unless told. */
  readonly frameBytesMax?: number;
}

/** Makes layer 2. */
export type CreateFrames = (options: FramesOptions) => Frames;
