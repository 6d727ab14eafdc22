/** The hash of the swarm, named in one place: BLAKE3 with 32 bytes (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020). */
import { blake3 as hash } from '@noble/hashes/blake3.js';

export const HASH_BYTES = 32;

export const blake3 = (bytes: Uint8Array): Uint8Array => hash(bytes);

/** Lower-case hex digits. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** The bytes of hex digits whose form was checked. */
export const fromHex = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** Whether it is 32 bytes written the one way we write them. */
export const isHash = (text: unknown): text is string =>
  typeof text === 'string' && HASH_PATTERN.test(text);

const HASH_PATTERN = /^[0-9a-f]{64}$/;
