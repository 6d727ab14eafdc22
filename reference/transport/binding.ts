/**
 * The first bytes of a link: sixteen fresh random ones each way, and the binding that follows.
 *
 * The dialler opens the one stream of the connection and both write on it, because the native layer
 * has bidirectional streams only and the listener is told of a stream by its first byte, which is
 * then the dialler's token. The listener answers with its own.
 *
 *     binding = SHA-256("icn/link/1" || dialler's key || listener's key || dialler's token || listener's token)
 *
 * What it proves: nothing by itself. The TLS handshake has proven both keys, and both tokens travelled
 * inside that connection, so the two ends agree on the binding if and only if they are the two ends
 * of it. Neither end can make two links share a binding, because half of the freshness is the other's
 * (a dialler's token alone would let a dialler repeat itself). A relay that talks to each end under its own
 * key changes a key in the hash. What it does not prove: it is no TLS exporter (RFC 9266), which the
 * native layer does not offer, so an end that gives its tokens away gives its binding away.
 *
 * The answer costs one round trip (0.2 ms on loopback) and buys that `open` means the other process
 * took the link: in TLS 1.3 a client is done before the server has judged its certificate.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { NativeConnection, NativeStream } from './native.ts';

const TOKEN_BYTES = 16;

/** The stream of a connection, past its tokens, and what both ends now know of it. */
export interface BoundStream {
  readonly stream: NativeStream;
  readonly binding: string;
}

const readToken = async (stream: NativeStream): Promise<Uint8Array> => {
  const token = new Uint8Array(TOKEN_BYTES);
  for (let length = 0; length < TOKEN_BYTES;) {
    const bytes = await stream.read(TOKEN_BYTES - length);
    if (bytes === null) throw new Error('the stream ended before its token');
    token.set(bytes, length);
    length += bytes.length;
  }
  return token;
};

const bindingOf = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256').update('icn/link/1');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The dialler's half. Rejects when the connection ends first; the caller sets the deadline by aborting it. */
export const bindDialled = async (
  connection: NativeConnection,
  ownKey: Uint8Array,
  remoteKey: Uint8Array,
): Promise<BoundStream> => {
  const own = randomBytes(TOKEN_BYTES);
  const stream = await connection.outboundStream();
  await stream.write(own);
  const theirs = await readToken(stream);
  return { stream, binding: bindingOf([ownKey, remoteKey, own, theirs]) };
};

/** The listener's half, alike. */
export const bindAccepted = async (
  connection: NativeConnection,
  ownKey: Uint8Array,
  remoteKey: Uint8Array,
): Promise<BoundStream> => {
  const own = randomBytes(TOKEN_BYTES);
  const stream = await connection.inboundStream();
  const theirs = await readToken(stream);
  await stream.write(own);
  return { stream, binding: bindingOf([remoteKey, ownKey, theirs, own]) };
};
