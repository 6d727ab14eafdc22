/** The system's own files, through node:fs. */
import { constants, link, open, readdir, rename, unlink } from 'node:fs/promises';
import type { Files } from '#contracts/files.ts';

export const systemFiles: Files = {
  async read(path, bytesMax) {
    // Without O_NONBLOCK a pipe would wait for its writer. Windows has neither flag; undefined counts as 0.
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
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
  },
  list: (folder) => readdir(folder),
  async create(path, mode) {
    const file = await open(path, 'wx', mode);
    return {
      write: async (bytes, position) =>
        (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename,
  link,
  remove: unlink,
  async syncFolder(path) {
    if (process.platform === 'win32') return; // Folders cannot be opened there; NTFS logs its names.
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
