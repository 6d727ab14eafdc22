/**
 * Steps: nothing is said before it is safe.
 *
 * Every input of the node is one step: some writes and then some words to peers. The writes are
 * committed first, and the words follow when the disk has confirmed. A step without writes waits for
 * the steps before it, because its words may speak of what they wrote.
 */
import type { DurableStore, Write } from '#contracts/host.ts';

/** The order of writes and words. */
export interface Steps {
  /**
   * Commits the writes and then runs `then`, after everything of the steps before; `lost` instead, if
   * the store could not promise them.
   */
  run(writes: readonly Write[], then: () => void, lost: (error: Error) => void): void;
}

/** `failed` is called once, when the store can promise nothing any more; no later step runs its words. */
export const createSteps = (store: DurableStore, failed: (error: Error) => void): Steps => {
  /** Commits under way. */
  let pending = 0;
  let broken: Error | undefined;

  const committed = (then: () => void, lost: (error: Error) => void) => (error?: Error) => {
    pending -= 1;
    if (error && !broken) {
      broken = error;
      failed(error);
    }
    if (broken) lost(broken);
    else then();
  };

  return {
    run(writes, then, lost) {
      if (broken) {
        lost(broken);
        return;
      }
      if (writes.length === 0 && pending === 0) {
        then();
        return;
      }
      pending += 1;
      store.commit(writes, committed(then, lost));
    },
  };
};
