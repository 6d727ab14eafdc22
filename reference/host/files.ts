/** The system's own files, through node:fs. */
import { constants, link, open, readdir, rename, unlink } from 'node:fs/promises';
import type { Files } from '#contracts/files.ts';
import { readRegular } from './regular-file.ts';

export const systemFiles: Files = {
  read: (path, bytesMax) => readRegular(path, bytesMax, constants.O_NOFOLLOW),
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
