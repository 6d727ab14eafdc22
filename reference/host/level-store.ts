/**
 * The node's store: LevelDB in a folder, through classic-level.
 *
 * LevelDB appends every batch to a log with a checksum and syncs it before it answers, so a batch is
 * there whole after a crash or not at all; sorted tables are written from the log later.
 *
 * Why not lmdb, which reads and bulk-writes faster: LevelDB holds its folder with a lock of the operating
 * system, so a second process is refused, where lmdb lets it in and two nodes would author with one
 * key; its files are small (40 MB for a million keys, lmdb 270 MB); and what a node does most, single
 * durable commits, costs the same in both (2 990/s and 2 950/s on the project's machine). The price:
 * iteration is asynchronous, so reading back is a `load` at start and not a query.
 *
 * Faults: `store_locked`, and `store_failed` for a disk, a folder or a file that does not do what it
 * should, always with a sentence for a person. A failed write is the last one (group-commit.ts).
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { DurableStore } from '#contracts/host.ts';
import { createGroupCommit } from './group-commit.ts';

/** Opens the store in this folder, which is made if it is missing. Rejects with a Fault. */
export const openStore = async (directory: string): Promise<DurableStore> => {
  try {
    await makeFolder(resolve(directory));
    const level = new ClassicLevel(directory);
    await level.open();
    return fillContract(level);
  } catch (cause) {
    throw openingFault(directory, cause);
  }
};

/** Not `recursive`: Node 20 then never answers where a folder exists and takes no children (/proc/x). */
const makeFolder = async (directory: string): Promise<void> => {
  if (existsSync(directory)) return;
  await makeFolder(dirname(directory));
  // Somebody else may have made it since; a file in the way is found by the opening.
  await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
};

const fillContract = (level: ClassicLevel): DurableStore => {
  const group = createGroupCommit((writes) =>
    level.batch(
      writes.map(({ key, value }) =>
        value === undefined ? { type: 'del', key } : { type: 'put', key, value },
      ),
      { sync: true },
    ),
  );
  let closed: Promise<void> | undefined;

  return {
    get(key) {
      try {
        return level.getSync(key);
      } catch (cause) {
        throw readingFault(cause);
      }
    },
    async *load(prefix) {
      try {
        for await (const entry of level.iterator({ gte: prefix })) {
          if (!entry[0].startsWith(prefix)) return;
          yield entry;
        }
      } catch (cause) {
        throw readingFault(cause);
      }
    },
    commit: group.commit,
    close: () => (closed ??= group.close().then(() => level.close())),
  };
};

const readingFault = (cause: unknown): Fault =>
  new Fault('store_failed', `The store could not be read: ${messageOf(cause)}.`, { cause });

/** LevelDB says little in its message and more in the code of the cause. */
const openingFault = (directory: string, error: unknown): Fault => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause) ?? codeOf(error) ?? '';
  if (code === 'LEVEL_LOCKED') {
    const message = `another process has the store in ${directory} open: is the node running?`;
    return new Fault('store_locked', message, { cause });
  }
  const advice = OPENING_ADVICE[code] ?? 'look at the disk and at who may write there';
  return new Fault(
    'store_failed',
    `the store in ${directory} cannot be opened (${messageOf(cause)}): ${advice}`,
    { cause },
  );
};

const OPENING_ADVICE: { readonly [code: string]: string } = {
  EEXIST: 'a file is in the way: move it, or choose another data directory',
  ENOENT: 'no folder can be made there: choose another data directory',
  ENOTDIR: 'a file is in the way: move it, or choose another data directory',
  EACCES: 'this user may not write there: choose another data directory, or change its owner',
  EPERM: 'this user may not write there: choose another data directory, or change its owner',
  EROFS: 'nothing can be written there: choose another data directory',
  LEVEL_CORRUPTION:
    'its files are damaged: put a backup in its place, or move it away and let peers fill a new one',
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
