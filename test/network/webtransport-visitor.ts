/** Somebody who speaks HTTP/2 and capsules to a WebTransport port, and says what it likes. */
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { cleanups } from './webtransport-pair.ts';

const varint = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
};
/** Type, length, content (RFC 9297 section 3.2). */
export const capsule = (type: number, content: Uint8Array, length = content.length): Buffer =>
  Buffer.concat([varint(type), varint(length), content]);

/** Bytes of a stream; its content begins with the number of the stream: 1 is the dialler's first. */
export const STREAM = 0x190b4d3b;

export interface Visitor {
  readonly session: ClientHttp2Session;
  request(headers?: { readonly [name: string]: string }): ClientHttp2Stream;
  readonly ready: Promise<void>;
  /** Its connection has been ended. */
  isOut(): boolean;
}

/** A connection to whoever listens at an address. */
export const visit = (address: string): Visitor => {
  const session = connect(`https://${address.split('/')[0]}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  cleanups.push(() => session.destroy());
  return {
    session,
    request(headers = {}) {
      const stream = session.request({
        ':method': 'CONNECT',
        ':protocol': 'webtransport',
        ':scheme': 'https',
        ':path': '/icn',
        ...headers,
      });
      stream.on('error', () => undefined);
      return stream;
    },
    ready: new Promise<void>((resolve) => {
      session.once('remoteSettings', () => resolve());
    }),
    isOut: () => session.closed || session.destroyed,
  };
};
