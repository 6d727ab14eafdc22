/** Reads what should be a file of ours, and finds out first whether it is one. */
import { constants, open } from 'node:fs/promises';

/**
 * All bytes of a regular file of at most `bytesMax`. Rejects with the system's error, or with one that
 * says what stands there instead; `flags` are added to those of opening.
 */
export const readRegular = async (path: string, bytesMax: number, flags = 0): Promise<Buffer> => {
  // Without O_NONBLOCK a pipe would wait for its writer. Windows has no such flag; undefined counts as 0.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const status = await file.stat();
    // A device or a pipe has no size and may never end.
    if (!status.isFile()) throw new Error('it is no regular file');
    if (status.size > bytesMax) {
      throw new Error(`it has ${status.size} bytes, and ${bytesMax} are the most`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
};
