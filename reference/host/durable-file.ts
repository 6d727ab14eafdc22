/**
 * A file that is there whole or not at all, whenever the power goes.
 *
 * The bytes go to a temporary file beside the target, which is synced; then one step of the file
 * system gives it its name; then the folder is synced, because the name lives there. Rejected: writing
 * in place, which a crash cuts in two, and a rename without the syncs, which may survive its content.
 *
 * A sync that failed is never asked again: the system may have dropped what it could not write and
 * answer the second time that all is well. The temporary file is given up, and the next try is a new one.
 */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Files, NewFile } from '#contracts/files.ts';
import { systemFiles } from './files.ts';

export interface WriteFileOptions {
  /** false: rejects with the system's EEXIST where the name is taken, and leaves that file alone. true unless told. */
  readonly replace?: boolean;
  /** Called when all bytes are durable under a temporary name; where it rejects, the target stays as it was. */
  readonly beforeNamed?: () => Promise<void>;
  /** The system's own unless told. */
  readonly files?: Files;
}

/** Writes `content` under `path` with these permission bits; rejects with the system's error. */
export const writeFileDurably = async (
  path: string,
  content: string | Uint8Array,
  mode: number,
  { replace = true, beforeNamed, files = systemFiles }: WriteFileOptions = {},
): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  try {
    await writeSynced(await files.create(temporary, mode), bytes);
    await beforeNamed?.();
    // Only a link fails where the name is taken: a check before a rename leaves time for another process.
    await (replace ? files.rename(temporary, path) : files.link(temporary, path));
  } finally {
    await files.remove(temporary).catch(() => undefined); // After a rename, or where nothing was written.
  }
  await files.syncFolder(dirname(path));
};

/** Temporary files that a crash left beside `path`: to be removed while nobody else writes there. */
export const leftOvers = async (
  path: string,
  files: Files = systemFiles,
): Promise<readonly string[]> => {
  const begin = `${basename(path)}.`;
  const names = await files.list(dirname(path));
  return names
    .filter(
      (name) => name.startsWith(begin) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(begin.length)),
    )
    .map((name) => join(dirname(path), name));
};

const writeSynced = async (file: NewFile, bytes: Uint8Array): Promise<void> => {
  try {
    for (let written = 0; written < bytes.length;) {
      const taken = await file.write(bytes.subarray(written), written);
      if (taken === 0) throw new Error('the system takes no more bytes and does not say why');
      written += taken;
    }
    await file.sync();
  } finally {
    await file.close();
  }
};
