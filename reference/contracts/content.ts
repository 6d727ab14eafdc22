/**
 * Layer 1, content addressing: one value, one byte string, one name.
 *
 * Two nodes that mean the same thing must hash the same bytes, so every value has exactly one
 * canonical form: RFC 8785 (JCS). Whatever would make two readers differ is refused.
 */
import type { Json } from './identifiers.ts';
import type { Outcome } from './outcome.ts';

/**
 * Refusals in order of precedence: of the bytes, of the text, of the value. Depth is counted before
 * anything is read, so that no reader is handed a text without bound.
 */
export const CONTENT_STATUSES = [
  'too_large',
  'utf8_invalid',
  'too_deep',
  'json_malformed',
  'key_duplicate',
  'number_unsafe',
  'surrogate_lone',
  'value_unrepresentable',
  'not_canonical',
] as const;
/** One of CONTENT_STATUSES. */
export type ContentStatus = (typeof CONTENT_STATUSES)[number];

/** Arrays and objects within each other. RFC 8259 leaves the bound to us; a recursive reader needs one. */
export const DEPTH_MAX = 32;
/** Canonical text of one value, in bytes of UTF-8. */
export const CONTENT_BYTES_MAX = 1_048_576;

/** Layer 1: canonical text, strict reading, names. All of it pure. */
export interface Content {
  /**
   * The canonical text of a value in memory (RFC 8785): keys sorted by UTF-16 code units, no white
   * space, numbers and strings as ECMAScript prints them, -0 as 0.
   * Refuses `number_unsafe` (not finite, or printed as an integer beyond 2^53-1, which a reader
   * would round), `surrogate_lone`, `value_unrepresentable` (undefined, bigint, function, a class
   * instance), `too_deep`, `too_large`.
   */
  canonicalize(value: unknown): Outcome<string, ContentStatus>;

  /**
   * Reads JSON as strictly as it is written: fatal UTF-8, no duplicate keys, no integer literal
   * beyond 2^53-1, no lone surrogates, at most DEPTH_MAX deep. White space and key order are free.
   */
  parse(bytes: Uint8Array): Outcome<Json, ContentStatus>;

  /** As `parse`, and the bytes must be the canonical ones, else `not_canonical`: the form on the wire and on disk. */
  parseCanonical(bytes: Uint8Array): Outcome<Json, ContentStatus>;

  /** SHA-256 of the UTF-8 bytes of a text, 64 lower-case hex digits (FIPS 180-4). */
  hash(text: string): string;

  /** The name of a value: the hash of its canonical text without its own keys `id` and `signature`. */
  id(value: { readonly [key: string]: unknown }): Outcome<string, ContentStatus>;
}

/** Makes layer 1. */
export type CreateContent = () => Content;
