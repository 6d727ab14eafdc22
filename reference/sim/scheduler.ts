/**
 * Virtual time. Nothing waits: the clock jumps to the next thing that was asked for, so an hour of a
 * cluster's life takes as long as its events take to run.
 *
 * A binary heap ordered by (time, order of asking): two things due at one moment run in the order in
 * which they were asked for, so a run is a function of its seed. Everything happens on one stack;
 * promises are kept out because their turn would depend on what else the process does.
 *
 * A cancelled entry stays in the heap, empty, until its time: removing it would cost a search, and
 * most timers are cancelled.
 */
import assert from 'node:assert/strict';
import type { Cancel } from '#contracts/host.ts';

export interface Scheduler {
  /** Virtual milliseconds; may be a fraction; never goes back. */
  now(): number;
  after(delayMs: number, run: () => void): Cancel;
  /** The same by absolute time, for callers that must keep an order exactly: no sum is rounded. */
  at(timeMs: number, run: () => void): Cancel;
  /**
   * Runs all that is due up to and with `timeMs`, then the clock stands there. `stop` is asked after each
   * thing that ran: true leaves the clock where it is.
   */
  runUntil(timeMs: number, stop?: () => boolean): void;
  /** Runs the next thing, at its time. False: nothing is left. */
  step(): boolean;
  /** How many things are still to run. */
  readonly pending: number;
}

interface Entry {
  readonly timeMs: number;
  readonly order: number;
  /** undefined once it ran or was cancelled: what it held is free to go. */
  run: (() => void) | undefined;
}

/** A clock that stands at `startMs` until somebody runs it. */
export const createScheduler = (startMs: number): Scheduler => {
  const heap: Entry[] = [];
  let nowMs = startMs;
  let asked = 0;
  let pending = 0;

  const at = (timeMs: number, run: () => void): Cancel => {
    assert(timeMs >= nowMs && timeMs < Infinity, `cannot schedule at ${timeMs}: it is ${nowMs}`);
    const entry: Entry = { timeMs, order: asked++, run };
    pending += 1;
    insert(heap, entry);
    return () => {
      if (entry.run === undefined) return;
      entry.run = undefined;
      pending -= 1;
    };
  };

  const stepUntil = (limitMs: number): boolean => {
    for (let entry = heap[0]; entry !== undefined && entry.timeMs <= limitMs; entry = heap[0]) {
      removeFirst(heap);
      const { run } = entry;
      if (run === undefined) continue;
      entry.run = undefined;
      pending -= 1;
      nowMs = entry.timeMs;
      run();
      return true;
    }
    return false;
  };

  return {
    now: () => nowMs,
    at,
    after(delayMs, run) {
      assert(delayMs >= 0, `cannot schedule ${delayMs} ms from now`);
      return at(nowMs + delayMs, run);
    },
    runUntil(timeMs, stop) {
      assert(timeMs >= nowMs && timeMs < Infinity, `cannot run until ${timeMs}: it is ${nowMs}`);
      while (stepUntil(timeMs)) if (stop?.()) return;
      nowMs = timeMs;
    },
    step: () => stepUntil(Infinity),
    get pending() {
      return pending;
    },
  };
};

const before = (left: Entry, right: Entry): boolean =>
  left.timeMs < right.timeMs || (left.timeMs === right.timeMs && left.order < right.order);

const insert = (heap: Entry[], entry: Entry): void => {
  let hole = heap.length;
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    const above = heap[parent]!;
    if (before(above, entry)) break;
    heap[hole] = above;
    hole = parent;
  }
  heap[hole] = entry;
};

/** The last entry takes the first one's place and sinks to where it belongs. */
const removeFirst = (heap: Entry[]): void => {
  const entry = heap.pop()!;
  if (heap.length === 0) return;
  let hole = 0;
  for (;;) {
    const left = 2 * hole + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const child = right < heap.length && before(heap[right]!, heap[left]!) ? right : left;
    if (before(entry, heap[child]!)) break;
    heap[hole] = heap[child]!;
    hole = child;
  }
  heap[hole] = entry;
};
