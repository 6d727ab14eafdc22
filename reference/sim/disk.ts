/**
 * A disk that forgets what it had not yet promised. It outlives the node: `open` gives the store to
 * one owner at a time, and after a `crash` the next owner finds what was durable and nothing else.
 *
 * A commit is nowhere until its sync delay has passed; then all its writes appear at once and only
 * then `done` is called. Commits become durable in the order of the calls, however the delays fall.
 *
 * Fault model: the end of a process or of the power (`crash`), at any point between two operations
 * (`atOperation`, `atNext`), of which any first part of what was under way may turn out to be durable;
 * an error of the device (`failNext`, `fail`), after which the store takes nothing more until it is
 * opened again, because nobody knows what a failed sync has left: nothing, or all of it. A commit that
 * is torn by a crash is lost whole: that is the promise of the log of the engine below, which
 * test/reference/stores.test.ts and the kill -9 tests try for real. `load` answers by promises but never
 * waits for virtual time.
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

/** The two operations of a commit: it was asked for, and it became durable. */
export type DiskOperation = 'asked' | 'durable';

export interface Disk {
  /** Throws the Fault `store_locked` while another owner has it. */
  open(): DurableStore;
  /**
   * The lock is free and no `done` is called any more. Of the commits that are not durable the first
   * `survivors` became so all the same (0 unless told); the others are lost whole.
   */
  crash(survivors?: number): void;
  /** A backup: everything that is durable now. */
  copy(): ReadonlyMap<string, string>;
  /** After a crash: the disk holds that backup and nothing else. */
  restore(backup: ReadonlyMap<string, string>): void;
  /** The next commit that would become durable fails with a Fault `store_failed`, whose cause this is. */
  failNext(error: Error): void;
  /**
   * As `failNext`, for every commit until `repair`. `kept`: the writes are there all the same, as after a
   * failed fsync whose pages reached the platter.
   */
  fail(error: Error, kept: boolean): void;
  /** The device works again, and nothing waits for its next operation any more. */
  repair(): void;
  /**
   * Operations so far. Each commit is two: it was asked for, and it became durable. Between them lies
   * every point at which a crash makes a difference.
   */
  readonly operations: number;
  /** Calls `run` right after operation `count`; for a durable commit that is before its `done`. */
  atOperation(count: number, run: () => void): void;
  /** The same for the next operation of this kind, whatever its number. */
  atNext(kind: DiskOperation, run: () => void): void;
}

export const createDisk = (options: DiskOptions): Disk => {
  const { scheduler } = options;
  const delays = options.random.fork('sync delay');
  const { syncDelayMsMin = 0.1, syncDelayMsMax = 5 } = options;
  const entries = new Map<string, string>();
  const watched = new Map<number, () => void>();
  const awaited: { readonly kind: DiskOperation; readonly run: () => void }[] = [];
  let operations = 0;
  let failure: Error | undefined;
  let lasting: { readonly error: Error; readonly kept: boolean } | undefined;
  let owner: { readonly halt: (survivors: number) => void } | undefined;

  const count = (kind: DiskOperation): void => {
    operations += 1;
    watched.get(operations)?.();
    const due = awaited.findIndex((each) => each.kind === kind);
    if (due >= 0) awaited.splice(due, 1)[0]?.run();
  };

  /** What is wrong with the device at this moment. */
  const trouble = (): { readonly error: Error; readonly kept: boolean } | undefined => {
    if (failure === undefined) return lasting;
    const found = { error: failure, kept: false };
    failure = undefined;
    return found;
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
    const underWay: (readonly Write[])[] = [];
    let durableAtMs = scheduler.now();
    const closers: (() => void)[] = [];
    const session = {
      halt(survivors: number) {
        halted = true;
        if (broken === undefined) for (const writes of underWay.slice(0, survivors)) apply(writes);
      },
    };
    owner = session;

    const settle = (writes: readonly Write[], done: (error?: Error) => void): void => {
      if (halted) return;
      underWay.shift();
      const found = broken === undefined ? trouble() : undefined;
      if (found !== undefined) {
        broken = failed(found.error);
        if (found.kept) apply(writes);
      } else if (broken === undefined) {
        apply(writes);
        count('durable');
        if (halted) return;
      }
      done(broken);
      if (closed && underWay.length === 0) release();
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
        const kept = writes.slice();
        underWay.push(kept);
        scheduler.at(durableAtMs, () => settle(kept, done));
        count('asked');
      },
      close: () =>
        new Promise((resolve) => {
          closed = true;
          closers.push(resolve);
          if (halted || underWay.length === 0) release();
        }),
    };
  };

  return {
    open,
    crash(survivors = 0) {
      owner?.halt(survivors);
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
    fail(error, kept) {
      lasting = { error, kept };
    },
    repair() {
      lasting = undefined;
      failure = undefined;
      awaited.length = 0;
    },
    get operations() {
      return operations;
    },
    atOperation(at, run) {
      assert(at > operations, `operation ${at} is over: ${operations} were done`);
      watched.set(at, run);
    },
    atNext(kind, run) {
      awaited.push({ kind, run });
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
