/**
 * Group commit: while one batch is being made durable, the commits that come gather, and go together in
 * the next. A sync costs the same for one commit as for sixty, so a busy store becomes faster and an
 * idle one waits for nobody. A batch is written whole or not at all, so of a key that several of its commits
 * write only the last value goes to the disk: of six writes that an entry brings, four are such notes.
 *
 * Commits keep their order, within a batch and between batches, and so do their `done` calls. The first
 * failure is the last write: what a failed sync has left on the disk is unknown, and a later success
 * would promise an order that no longer holds (the fsync error of PostgreSQL, 2018). Everything that
 * waits then, and everything that comes, is answered with that error.
 */
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Write } from '#contracts/host.ts';

export interface GroupCommit {
  commit(writes: readonly Write[], done: (error?: Error) => void): void;
  /** Takes no more; resolves when all that was taken is answered. */
  close(): Promise<void>;
}

interface Commit {
  readonly writes: readonly Write[];
  readonly done: (error?: Error) => void;
}

/** What is left when all of these are written in order: the last write of each key. */
const lastOfEach = (batch: readonly Commit[]): readonly Write[] => {
  const [first] = batch;
  if (batch.length === 1) return first!.writes;
  const last = new Map<string, Write>();
  for (const { writes } of batch) for (const write of writes) last.set(write.key, write);
  return [...last.values()];
};

/** `writeDurably` writes one batch, all or nothing; it is never called while it runs. */
export const createGroupCommit = (
  writeDurably: (writes: readonly Write[]) => Promise<void>,
): GroupCommit => {
  let waiting: Commit[] = [];
  let running: Promise<void> | undefined;
  let broken: Fault | undefined;

  const write = async (batch: readonly Commit[]): Promise<void> => {
    try {
      if (broken === undefined) await writeDurably(lastOfEach(batch));
    } catch (cause) {
      broken = new Fault(
        'store_failed',
        `The store could not write (${messageOf(cause)}). Nothing is written any more: ` +
          'look at the disk, then start the node again.',
        { cause },
      );
    }
    for (const { done } of batch) done(broken);
  };

  const run = async (): Promise<void> => {
    // The turn of the caller ends first, so that the commits of one step are one batch.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await write(batch);
    }
    running = undefined;
  };

  return {
    commit(writes, done) {
      waiting.push({ writes: writes.slice(), done });
      running ??= run();
    },
    async close() {
      await running;
      broken ??= new Fault('store_failed', 'The store is closed.');
    },
  };
};
