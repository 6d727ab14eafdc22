/**
 * Reads what a person named or piped: a file, a pipe, a device. It may be larger than memory, or never
 * end, so each reader has its bound.
 */
import { createReadStream } from 'node:fs';

/** Everything up to `bytesMax`, and one byte more where there is more: whoever reads it refuses that. */
export const readAll = async (
  input: AsyncIterable<string | Buffer>,
  bytesMax: number,
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk as Buffer);
    bytes += chunk.length;
    if (bytes > bytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, bytesMax + 1);
};

/** The bytes of a named file. Rejects with the system's error, or because it is too long. */
export const readNamed = async (path: string, bytesMax: number): Promise<Buffer> => {
  const bytes = await readAll(createReadStream(path), bytesMax);
  if (bytes.length > bytesMax) throw new Error(`it has more than ${bytesMax} bytes`);
  return bytes;
};

const NEWLINE = 0x0a;

/**
 * Lines as they come, without empty ones; one that is longer than `bytesMax` comes as soon
 * as that is known, cut, and its rest is passed over: it may never end.
 */
export async function* readLines(
  input: AsyncIterable<string | Buffer>,
  bytesMax: number,
): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let isPassedOver = false;
  const keep = (piece: Buffer): void => {
    if (isPassedOver) return;
    pieces.push(piece);
    bytes += piece.length;
  };
  const take = (): Buffer => {
    const line = Buffer.concat(pieces);
    [pieces, bytes] = [[], 0];
    return line;
  };
  for await (const chunk of input) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      keep(rest.subarray(0, end));
      if (bytes > 0) yield take();
      isPassedOver = false;
      rest = rest.subarray(end + 1);
    }
    keep(rest);
    if (bytes <= bytesMax) continue;
    yield take();
    isPassedOver = true;
  }
  if (bytes > 0) yield take();
}
