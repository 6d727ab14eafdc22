/**
 * A disk that forgets what it had not yet promised. It outlives the node: `open` gives the store to
 * one owner at a time, and after a `crash` the next owner finds what was durable and nothing else.
 *
 * A commit is nowhere until its sync delay has passed; then all its writes appear at once and only
 * then `done` is called. Commits become durable in the order of the calls, however the delays fall.
 *
 * Fault model: the end of a process or of the power (`crash`), at any point between two operations
 * (`atOperation`); an error of the device (`failNext`), after which the store takes nothing more until
 * it is opened again, because nobody knows what a failed sync has left. Torn commits are not modelled:
 * that is the promise of the log of the engine below, which test/reference/stores.test.ts and the
 * kill -9 tests try for real. `load` answers by promises but never waits for virtual time.
 */
import assert from 'node:assert/strict';
import { Fault } from '#contracts/faults.ts';
import type { DurableStore, Write } from '#contracts/host.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export interface DiskOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** The shortest and longest time from a commit until it is durable: 0.1 and 5 unless told. */
  readonly syncDelayMsMin?: number;
  readonly syncDelayMsMax?: number;
}

export interface Disk {
  /** Throws the Fault `store_locked` while another owner has it. */
  open(): DurableStore;
  /** Every commit that is not durable is lost whole, its `done` is never called; the lock is free. */
  crash(): void;
  /** A backup: everything that is durable now. */
  copy(): ReadonlyMap<string, string>;
  /** After a crash: the disk holds that backup and nothing else. */
  restore(backup: ReadonlyMap<string, string>): void;
  /** The next commit that would become durable fails with a Fault `store_failed`, whose cause this is. */
  failNext(error: Error): void;
  /**
   * Operations so far. Each commit is two: it was asked for, and it became durable. Between them lies
   * every point at which a crash makes a difference.
   */
  readonly operations: number;
  /** Calls `run` right after operation `count`; for a durable commit that is before its `done`. */
  atOperation(count: number, run: () => void): void;
}

export const createDisk = (options: DiskOptions): Disk => {
  const { scheduler } = options;
  const delays = options.random.fork('sync delay');
  const { syncDelayMsMin = 0.1, syncDelayMsMax = 5 } = options;
  const entries = new Map<string, string>();
  const watched = new Map<number, () => void>();
  let operations = 0;
  let failure: Error | undefined;
  let owner: { readonly halt: () => void } | undefined;

  const count = (): void => {
    operations += 1;
    watched.get(operations)?.();
  };

  const apply = (writes: readonly Write[]): void => {
    for (const { key, value } of writes) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
  };

  const open = (): DurableStore => {
    if (owner !== undefined) {
      throw new Fault(
        'store_locked',
        'The simulated disk is open already: is the node still running?',
      );
    }
    let halted = false;
    let closed = false;
    let broken: Fault | undefined;
    let underWay = 0;
    let durableAtMs = scheduler.now();
    const closers: (() => void)[] = [];
    const session = { halt: () => (halted = true) };
    owner = session;

    const settle = (writes: readonly Write[], done: (error?: Error) => void): void => {
      if (halted) return;
      underWay -= 1;
      if (broken === undefined && failure !== undefined) {
        broken = failed(failure);
        failure = undefined;
      }
      if (broken === undefined) {
        apply(writes);
        count();
        if (halted) return;
      }
      done(broken);
      if (closed && underWay === 0) release();
    };

    const release = (): void => {
      if (owner === session) owner = undefined;
      for (const resolve of closers.splice(0)) resolve();
    };

    const opened = (): void => {
      if (closed || halted) throw new Fault('store_failed', 'The store is closed.');
    };

    return {
      get(key) {
        opened();
        return entries.get(key);
      },
      async *load(prefix) {
        opened();
        yield* listed(entries, prefix);
      },
      commit(writes, done) {
        if (halted) return;
        for (const { key, value = '' } of writes) assertWellFormed(key, value);
        if (closed) {
          scheduler.after(0, () => done(new Fault('store_failed', 'The store is closed.')));
          return;
        }
        const delayMs = syncDelayMsMin + delays.next() * (syncDelayMsMax - syncDelayMsMin);
        durableAtMs = Math.max(durableAtMs, scheduler.now() + delayMs);
        underWay += 1;
        const kept = writes.slice();
        scheduler.at(durableAtMs, () => settle(kept, done));
        count();
      },
      close: () =>
        new Promise((resolve) => {
          closed = true;
          closers.push(resolve);
          if (halted || underWay === 0) release();
        }),
    };
  };

  return {
    open,
    crash() {
      owner?.halt();
      owner = undefined;
    },
    copy: () => new Map(entries),
    restore(backup) {
      assert(owner === undefined, 'a disk in use is not restored');
      entries.clear();
      for (const [key, value] of backup) entries.set(key, value);
    },
    failNext(error) {
      failure = error;
    },
    get operations() {
      return operations;
    },
    atOperation(at, run) {
      assert(at > operations, `operation ${at} is over: ${operations} were done`);
      watched.set(at, run);
    },
  };
};

const failed = (cause: Error): Fault =>
  new Fault('store_failed', `The simulated disk could not write: ${cause.message}.`, { cause });

/** By UTF-8 bytes, as LevelDB sorts: UTF-16 order differs above U+FFFF. */
const listed = (entries: Map<string, string>, prefix: string): [string, string][] =>
  [...entries]
    .filter(([key]) => key.startsWith(prefix))
    .map((entry) => ({ entry, bytes: Buffer.from(entry[0]) }))
    .sort((left, right) => Buffer.compare(left.bytes, right.bytes))
    .map(({ entry }) => entry);

/** Half a surrogate pair would come back from a real store as another character. */
const assertWellFormed = (key: string, value: string): void => {
  const malformed = /\p{Surrogate}/u;
  assert(!malformed.test(key) && !malformed.test(value), `no UTF-8 for ${JSON.stringify(key)}`);
};
