/**
 * A file that is there whole or not at all, whenever the power goes.
 *
 * The text goes to a temporary file beside the target, which is synced; then one step of the file
 * system gives it its name; then the folder is synced, because the name lives there. Rejected: writing
 * in place, which a crash cuts in two, and a rename without the syncs, which may survive its content.
 */
import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface WriteFileOptions {
  /** false: rejects with the system's EEXIST where the name is taken, and leaves that file alone. true unless told. */
  readonly replace?: boolean;
}

/** Writes `text` under `path` with these permission bits; rejects with the system's error. */
export const writeFileDurably = async (
  path: string,
  text: string,
  mode: number,
  { replace = true }: WriteFileOptions = {},
): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeSynced(temporary, text, mode);
    // Only a link fails where the name is taken: a check before a rename leaves time for another process.
    await (replace ? rename(temporary, path) : link(temporary, path));
  } finally {
    await unlink(temporary).catch(() => undefined); // After a rename, or where nothing was written.
  }
  await syncFolder(dirname(path));
};

const writeSynced = async (path: string, text: string, mode: number): Promise<void> => {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

const syncFolder = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return; // Folders cannot be opened there; NTFS logs its names.
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};
