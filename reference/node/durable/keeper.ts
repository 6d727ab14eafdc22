/**
 * The keeper: saves what is coordinated when topics changed, once a minute, and at the end.
 *
 * One save runs at a time, and whoever asks meanwhile is served by the next one, together with all others
 * who asked. What was saved last is not written again. A save that fails is counted and told, the node
 * goes on, and the next one tries anew: what it remembers is worth less than what it serves.
 */
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Cancel, Host } from '#contracts/host.ts';
import type { NodeCount } from '#contracts/node.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';

/** What may be forgotten of how far others have come; topics and the own chain are kept at once. */
export const SAVE_INTERVAL_MS = 60_000;

export interface KeeperOptions {
  readonly host: Pick<Host, 'after' | 'log'>;
  /** Nothing is kept without one. */
  readonly snapshots: SnapshotStore | undefined;
  readonly state: () => CoordinationState;
  readonly count: (event: NodeCount, fields: { readonly [name: string]: unknown }) => void;
}

export interface Keeper {
  /** The node runs: from now on it saves by itself. */
  begin(): void;
  /** Topics changed. */
  changed(): void;
  /** Saves now; resolves when it is durable, rejects with the Fault. */
  keep(): Promise<void>;
  /** Saves a last time if it had begun; never rejects. Safe to call twice. */
  stop(): Promise<void>;
}

export const createKeeper = (options: KeeperOptions): Keeper => {
  const { host, snapshots, state, count } = options;
  /** What the last save that succeeded kept; undefined while nobody knows. */
  let kept: string | undefined;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let timer: Cancel | undefined;

  const save = async (): Promise<void> => {
    if (!snapshots) throw new Fault('usage', 'this node keeps no snapshots: it has no directory');
    const now = state();
    const text = JSON.stringify(now);
    if (text === kept) return;
    kept = undefined;
    try {
      await snapshots.save(now);
      kept = text;
    } catch (error) {
      count('snapshot_failed', { reason: messageOf(error) });
      host.log('error', 'snapshot_failed', { reason: messageOf(error) });
      throw error;
    }
  };

  const keep = (): Promise<void> => {
    if (!running) {
      running = save().finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return keep();
      });
    return next;
  };

  /** Whoever needs to know has been told by then. */
  const keepQuietly = (): Promise<void> => keep().catch(() => undefined);

  const tick = (): void => {
    timer = host.after(SAVE_INTERVAL_MS, () => {
      void keepQuietly();
      tick();
    });
  };

  return {
    begin() {
      if (snapshots && !timer) tick();
    },
    changed() {
      if (timer) void keepQuietly();
    },
    keep,
    async stop() {
      if (!timer) return running?.catch(() => undefined);
      timer();
      timer = undefined;
      await keepQuietly();
    },
  };
};
