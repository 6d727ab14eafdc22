/** The hash of the swarm in one place, and its two spellings: 32 bytes, 64 lower-case hex digits. */
export { blake3, HASH_BYTES } from './blake3.ts';

/** Lower-case hex digits. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');

/** The bytes of hex digits whose form was checked. */
export const fromHex = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** Whether it is 32 bytes written the one way we write them. */
export const isHash = (text: unknown): text is string =>
  typeof text === 'string' && HASH_PATTERN.test(text);

const HASH_PATTERN = /^[0-9a-f]{64}$/;
