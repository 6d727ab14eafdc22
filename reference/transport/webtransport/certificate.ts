/**
 * A certificate of our own, for a transport that knows its peers by the hash of theirs.
 *
 * Whoever pins a hash asks nobody who signed it, so it signs itself: X.509 version 3, an ECDSA key on
 * P-256, valid for at most 14 days. Those three are what browsers and the library accept for a pinned
 * hash (W3C WebTransport, "custom certificate requirements"). Node reads certificates and makes none, so
 * the DER is written here: a dozen fields of RFC 5280 section 4.1, most of them constant.
 *
 * Rejected: a library for it (selfsigned: 9 ms and twelve packages; @peculiar/x509: 151 ms to import).
 */
import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';

export interface Certificate {
  /** PEM of the certificate, then of its private key: what is kept in a file. */
  readonly pem: string;
  /** SHA-256 of the certificate, base64url: what peers pin. */
  readonly hash: string;
  /** Milliseconds since 1970, as are those of `validUntil`. */
  readonly validFrom: number;
  readonly validUntil: number;
}

const DAY_MS = 86_400_000;
/** What a pinned certificate may last at most, from its first to its last moment. */
export const CERTIFICATE_MS_MAX = 14 * DAY_MS;
/** It begins before it is made, for peers whose clock is behind. */
const BEGINS_BEFORE_MS = DAY_MS;

/** Tag, length, content (X.690). No content here is longer than 65 535 bytes. */
const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const prefix =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...prefix]), content]);
};
const SEQUENCE = 0x30;
const SET = 0x31;
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2. */
const ALGORITHM = der(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'));
/** One common name (2.5.4.3), the same for issuer and subject; nobody reads it. */
const NAME = der(
  SEQUENCE,
  der(SET, der(SEQUENCE, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('murmuration')))),
);
const VERSION_3 = Buffer.from('a003020102', 'hex');

/** GeneralizedTime from 2050 on, UTCTime with two digits of the year before (RFC 5280 section 4.1.2.5). */
const time = (at: number): Buffer => {
  const text = new Date(at).toISOString().replace(/\.\d+|[-:T]/g, '');
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
};

/** A serial number is positive: its first bit is 0 and its first byte is not. */
const serial = (): Buffer => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return der(0x02, bytes);
};

/** SHA-256 of a certificate's DER, base64url. */
export const hashOf = (certificate: Uint8Array): string =>
  createHash('sha256').update(certificate).digest('base64url');

/** A new key and its certificate, valid from a day ago for `lastsMs` in all. */
export const makeCertificate = (now: number, lastsMs: number): Certificate => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const beginsAt = now - BEGINS_BEFORE_MS;
  const body = der(
    SEQUENCE,
    VERSION_3,
    serial(),
    ALGORITHM,
    NAME,
    der(SEQUENCE, time(beginsAt), time(beginsAt + lastsMs)),
    NAME,
    publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = der(SEQUENCE, body, ALGORITHM, der(0x03, Buffer.from([0]), signature));
  const read = new X509Certificate(certificate);
  return {
    pem: `${read.toString()}${privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()}`,
    ...factsOf(read),
  };
};

const factsOf = (read: X509Certificate): Omit<Certificate, 'pem'> => ({
  hash: hashOf(read.raw),
  validFrom: Date.parse(read.validFrom),
  validUntil: Date.parse(read.validTo),
});

/** A certificate that was kept; undefined for text that holds none. */
export const readCertificate = (pem: string): Certificate | undefined => {
  try {
    const read = new X509Certificate(pem);
    return { pem, ...factsOf(read) };
  } catch {
    return undefined;
  }
};
