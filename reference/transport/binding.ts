/**
 * The first bytes of a link: sixteen fresh random ones each way, and the binding that follows.
 *
 * The dialler opens the one stream of the connection and both write on it; the listener is told of a
 * stream by its first byte, which is then the dialler's token. The listener answers with its own.
 *
 *     binding = SHA-256(what the handshake proved || dialler's token || listener's token)
 *
 * What the handshake proved is over QUIC "icn/link/1" and the keys of the dialler and the listener, over
 * WebTransport "icn/link/webtransport/1" and the hash of the listener's certificate.
 *
 * What it proves: nothing by itself. The TLS handshake has proven those keys, and both tokens travelled
 * inside that connection, so the two ends agree on the binding if and only if they are the two ends
 * of it. Neither end can make two links share a binding, because half of the freshness is the other's
 * (a dialler's token alone would let a dialler repeat itself). A relay that talks to each end under its own
 * key changes a key in the hash. What it does not prove: it is no TLS exporter (RFC 9266), which neither
 * library offers, so an end that gives its tokens away gives its binding away.
 *
 * The answer costs one round trip (0.2 ms on loopback) and buys that `open` means the other process
 * took the link: in TLS 1.3 a client is done before the server has judged its certificate.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { ByteStream } from './stream-link.ts';

const TOKEN_BYTES = 16;

const readToken = async (stream: ByteStream): Promise<Uint8Array> => {
  const token = new Uint8Array(TOKEN_BYTES);
  for (let length = 0; length < TOKEN_BYTES;) {
    const bytes = await stream.read(TOKEN_BYTES - length);
    if (bytes === null) throw new Error('the stream ended before its token');
    token.set(bytes, length);
    length += bytes.length;
  }
  return token;
};

const bindingOf = (parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The dialler's half. Rejects when the connection ends first; the caller sets the deadline by aborting it. */
export const bindDialled = async (
  stream: ByteStream,
  proved: readonly (Uint8Array | string)[],
): Promise<string> => {
  const own = randomBytes(TOKEN_BYTES);
  await stream.write(own);
  const theirs = await readToken(stream);
  return bindingOf([...proved, own, theirs]);
};

/** The listener's half, alike. */
export const bindAccepted = async (
  stream: ByteStream,
  proved: readonly (Uint8Array | string)[],
): Promise<string> => {
  const own = randomBytes(TOKEN_BYTES);
  const theirs = await readToken(stream);
  await stream.write(own);
  return bindingOf([...proved, theirs, own]);
};
