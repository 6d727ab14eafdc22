/**
 * The first line of a snapshot: what this is, in which version, how long, and whether it is whole.
 *
 * It is read by one pattern, so that it has one spelling: a flipped bit in the header is noticed as
 * surely as one behind it. The checksum covers the line itself, without the checksum.
 */
import type { Content } from '#contracts/content.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { SNAPSHOT_BYTES_MAX, SNAPSHOT_MAGIC } from '#contracts/snapshot.ts';

/** What stands behind a header that fits it. */
export interface Body {
  readonly version: number;
  readonly text: string;
}

/** Nine digits are more than any length or version, and no number that a double would round. */
const PATTERN = new RegExp(
  `^(\\{"magic":"${SNAPSHOT_MAGIC}","version":([1-9][0-9]{0,8}),"length":([1-9][0-9]{0,8}))` +
    `,"sha256":"([0-9a-f]{64})"\\}\\n`,
);

const checksumOf = (content: Content, opening: string, text: string): string =>
  content.hash(`${opening}}\n${text}`);

/** The body under its header, as bytes. */
export const seal = (content: Content, { version, text }: Body): Uint8Array => {
  const length = Buffer.byteLength(text);
  const opening = `{"magic":"${SNAPSHOT_MAGIC}","version":${version},"length":${length}`;
  const checksum = checksumOf(content, opening, text);
  return new TextEncoder().encode(`${opening},"sha256":"${checksum}"}\n${text}`);
};

/** The body of bytes that are exactly what `seal` made. */
export const unseal = (content: Content, bytes: Uint8Array): Outcome<Body, 'damaged'> => {
  if (bytes.length > SNAPSHOT_BYTES_MAX) {
    return damaged(`expected at most ${SNAPSHOT_BYTES_MAX} bytes, came ${bytes.length}`);
  }
  const whole = textOf(bytes);
  if (whole === undefined) return damaged('expected UTF-8 throughout');
  const [line, opening = '', version, length, checksum] = PATTERN.exec(whole) ?? [];
  if (line === undefined) {
    return damaged(`expected a header that begins with {"magic":"${SNAPSHOT_MAGIC}"`);
  }
  const came = bytes.length - line.length; // The header is ASCII: a character is a byte.
  if (came !== Number(length)) return damaged(`expected ${length} bytes of state, came ${came}`);
  const text = whole.slice(line.length);
  const computed = checksumOf(content, opening, text);
  if (computed !== checksum) {
    return damaged(`expected the checksum ${checksum}, computed ${computed}`);
  }
  return accepted({ version: Number(version), text });
};

const damaged = (reason: string) => refused('damaged', reason);

const textOf = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
