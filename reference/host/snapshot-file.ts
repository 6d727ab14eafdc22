/**
 * The snapshot in a folder, in two generations: `snapshot` and `snapshot.previous`.
 *
 *   1  write a temporary file, sync it
 *   2  the current one becomes the previous one, if it can be read
 *   3  the temporary one becomes the current one
 *   4  sync the folder
 *
 * Between any two of these steps, and whichever of 2 and 3 the disk has written when the power goes, one
 * of the two names holds a whole generation, the old or the new. Step 2 reads before it renames: a
 * damaged file must never push out the last good one. Rejected: a hard link in place of the first rename,
 * which keeps the current name at every moment but leaves two names on one file, so that one bad sector
 * takes both generations; file systems without links would need another way besides.
 *
 * One process saves at a time, because the store's lock is taken before. Where two do so nevertheless,
 * each step still leaves whole generations behind, and the last rename wins.
 */
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Files } from '#contracts/files.ts';
import { accepted, refused } from '#contracts/outcome.ts';
import {
  SNAPSHOT_BYTES_MAX,
  type CoordinationState,
  type Snapshot,
  type SnapshotStore,
} from '#contracts/snapshot.ts';
import { leftOvers, writeFileDurably } from './durable-file.ts';
import { systemFiles } from './files.ts';

export interface SnapshotFileOptions {
  /** Of the current generation; the previous one stands beside it. */
  readonly path: string;
  readonly snapshot: Snapshot;
  /** The system's own unless told. */
  readonly files?: Files;
}

export const createSnapshotFile = (options: SnapshotFileOptions): SnapshotStore => {
  const { path, snapshot, files = systemFiles } = options;
  const paths = { current: path, previous: `${path}.previous` };

  const read: SnapshotStore['read'] = async (generation) => {
    const from = paths[generation];
    let bytes: Uint8Array;
    try {
      bytes = await files.read(from, SNAPSHOT_BYTES_MAX);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return refused('none', `there is no ${from}`);
      return refused('damaged', `${from} cannot be read: ${messageOf(error)}`);
    }
    const decoded = snapshot.decode(bytes);
    if (decoded.ok) return decoded;
    const way = decoded.status === 'newer_version' ? `. ${newerAdvice(from)}` : '';
    return refused(decoded.status, `${from}: ${decoded.reason}${way}`);
  };

  const keepPrevious = async (owner: CoordinationState['owner']): Promise<void> => {
    const current = await read('current');
    if (!current.ok) {
      if (current.status === 'newer_version') throw new Fault('snapshot_newer', current.reason);
      return; // Nothing worth keeping: the previous generation stays the one to fall back to.
    }
    if (current.value.owner !== owner) throw otherFault(path, current.value.owner);
    await files.rename(paths.current, paths.previous).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error; // Another saver was faster.
    });
  };

  return {
    read,
    async load() {
      const current = await read('current');
      if (current.ok) return accepted({ state: current.value, generation: 'current' });
      if (current.status === 'newer_version') return current;
      const previous = await read('previous');
      if (previous.ok) {
        const { value: state } = previous;
        return accepted({ state, generation: 'previous', fallback: current.reason });
      }
      if (previous.status === 'newer_version') return previous;
      if (current.status === 'none' && previous.status === 'none') return current;
      return refused('damaged', `${current.reason}; ${previous.reason}`);
    },
    async save(state) {
      const bytes = snapshot.encode(state);
      try {
        const beforeNamed = () => keepPrevious(state.owner);
        await writeFileDurably(path, bytes, 0o600, { files, beforeNamed });
      } catch (cause) {
        throw cause instanceof Fault ? cause : savingFault(path, cause);
      }
    },
    async sweep() {
      const halves = await leftOvers(path, files);
      for (const half of halves) await files.remove(half);
      return halves.length;
    },
  };
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

const savingFault = (path: string, cause: unknown): Fault => {
  const advice =
    SAVING_ADVICE[String(codeOf(cause))] ?? 'look at the disk and at who may write there';
  const message = `the snapshot ${path} cannot be written (${messageOf(cause)}): ${advice}`;
  return new Fault('store_failed', message, { cause });
};

const SAVING_ADVICE: { readonly [code: string]: string } = {
  ENOSPC: 'make room on the disk; the generation before is untouched',
  EDQUOT: 'make room on the disk; the generation before is untouched',
  EFBIG: 'raise the limit of file sizes; the generation before is untouched',
  EROFS: 'nothing can be written there: mount the disk for writing',
  EISDIR: 'a folder is in the way: move it',
  ENOTEMPTY: 'a folder is in the way: move it',
};

const newerAdvice = (path: string): string =>
  `Start the program that wrote it, or go on without what it remembers: mv ${path} ${path}.newer`;

/** A snapshot of somebody else's key: its topics and tips are not ours. */
export const otherFault = (path: string, owner: string): Fault =>
  new Fault(
    'snapshot_other',
    `${path} belongs to ${owner}: is this the right data directory? To go on without it: mv ${path} ${path}.other`,
  );
