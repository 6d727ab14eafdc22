/**
 * Content addressing: bytes to values and back, and the name of a value.
 *
 * The wire speaks canonical text alone, so its reader need not look for duplicate keys and white
 * space: it reads, writes again, and compares. Only what differs is looked at a second time, to say
 * what is wrong with it.
 */
import { hash as digest } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import {
  CONTENT_BYTES_MAX,
  type Content,
  type ContentStatus,
  type CreateContent,
} from '#contracts/content.ts';
import type { Json } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { canonicalize, clip, isPlainObject } from './canonical.ts';
import { refuseDepth, refuseHidden } from './strict.ts';

/** The reference filling of layer 1. */
export const create: CreateContent = () => ({ canonicalize, parse, parseCanonical, hash, id });

const parse: Content['parse'] = (bytes) => {
  const text = decode(bytes);
  return text.ok ? parseText(text.value) : text;
};

const parseCanonical: Content['parseCanonical'] = (bytes) => {
  const text = decode(bytes);
  if (!text.ok) return text;
  const value = read(text.value);
  if (!value.ok) return value;
  const canonical = canonicalize(value.value);
  if (canonical.ok && canonical.value === text.value) return value;
  const strict = parseText(text.value);
  if (!strict.ok) return strict;
  if (!canonical.ok) return canonical;
  return refused('not_canonical', difference({ expected: canonical.value, came: text.value }));
};

const hash: Content['hash'] = (text) => digest('sha256', text, 'hex');

const id: Content['id'] = (value) => {
  if (!isPlainObject(value)) {
    return refused('value_unrepresentable', 'at the root: expected a plain object to name');
  }
  const { id: _id, signature: _signature, ...named } = value;
  const text = canonicalize(named);
  return text.ok ? accepted(hash(text.value)) : text;
};

/** Text within the bounds: fatal UTF-8. A byte order mark stays in it, and is no JSON (RFC 8259, 8.1). */
const decode = (bytes: Uint8Array): Outcome<string, ContentStatus> => {
  if (bytes.length > CONTENT_BYTES_MAX) {
    return refused(
      'too_large',
      `expected at most ${CONTENT_BYTES_MAX} bytes, came ${bytes.length}`,
    );
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('utf8');
  if (isUtf8(buffer)) return accepted(text);
  // The decoder put U+FFFD in place of what is no UTF-8: the first byte that changed is the culprit.
  const repaired = Buffer.from(text, 'utf8');
  const at = bytes.findIndex((byte, index) => byte !== repaired[index]);
  return refused(
    'utf8_invalid',
    `at byte ${at}: expected UTF-8, came 0x${bytes[at]?.toString(16)}`,
  );
};

/** JSON.parse as an outcome, of a text whose depth is bounded. */
const read = (text: string): Outcome<Json, ContentStatus> => {
  const deep = refuseDepth(text);
  if (deep !== undefined) return deep;
  try {
    return accepted(JSON.parse(text) as Json);
  } catch (error) {
    return refused('json_malformed', `expected JSON, came ${clip(text)}: ${clip(String(error))}`);
  }
};

const parseText = (text: string): Outcome<Json, ContentStatus> => {
  const value = read(text);
  if (!value.ok) return value;
  return refuseHidden(text) ?? value;
};

const difference = ({ expected, came }: { expected: string; came: string }): string => {
  let at = 0;
  while (at < came.length && came[at] === expected[at]) at++;
  const around = (text: string): string => JSON.stringify(text.slice(at, at + 20));
  return `at character ${at}: expected ${around(expected)}, came ${around(came)}`;
};
