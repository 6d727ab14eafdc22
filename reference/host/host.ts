/**
 * The real world of a node: the wall clock, the system's randomness, timers and a log.
 *
 * Timers alone do not keep the process alive: listeners and links do, and a node without them has
 * nothing to wait for. `halt` cancels all of them, so that a stopped node leaves nothing behind.
 *
 * The log is a JSON object a line: `{"time":...,"level":...,"event":...}` and the event's own fields.
 * Logging never fails its caller: what has no JSON is written as text, and a log that cannot be written
 * is dropped, because a full disk must not stop a node that could still serve from memory.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { messageOf } from '#contracts/faults.ts';
import type { DurableStore, Host, LogLevel } from '#contracts/host.ts';
import { noTelemetry, type Telemetry } from '#contracts/telemetry.ts';
import type { Transport } from '#contracts/transport.ts';
import { createLogRate } from './log-rate.ts';

/** Where lines of the log go. */
export interface LogSink {
  /** Takes one line, its end included. */
  write(line: string): void;
  /** Resolves when what was taken is written, or cannot be. */
  close(): Promise<void>;
}

/** What a host is made of. */
export interface HostOptions {
  readonly store: DurableStore;
  readonly transport: Transport;
  readonly log: LogSink;
  /** Nothing is counted unless told. */
  readonly telemetry?: Telemetry;
  /** Lines below this level are not written; `info` unless told. */
  readonly logLevelMin?: LogLevel;
}

/** A host that can be stopped. */
export interface RealHost extends Host {
  /** No timer fires any more. The store, the transport and the log are closed by their owner. */
  halt(): void;
}

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
/** Lines that wait for a slow disk; what comes beyond is dropped and counted. */
const LOG_WAITING_BYTES_MAX = 1_048_576;
/** Where Node's timers overflow and fire at once: 24.8 days. */
const TIMER_MS_MAX = 2_147_483_647;
/** One call to the system for many draws: 50 ns a draw in place of 3 000, measured on Node 20. */
const RANDOM_POOL_BYTES = 3_072;
const RANDOM_DRAW_BYTES = 6;

/** The world of a real node. */
export const createHost = (options: HostOptions): RealHost => {
  const { store, transport, telemetry = noTelemetry, log: sink, logLevelMin = 'info' } = options;
  const threshold = LOG_LEVELS.indexOf(logLevelMin);
  const timers = new Set<NodeJS.Timeout>();
  const rate = createLogRate();
  let halted = false;

  return {
    store,
    transport,
    telemetry,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: createRandomDraw(),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    after(delayMs, run) {
      assert(delayMs >= 0 && delayMs <= TIMER_MS_MAX, `no timer can wait ${delayMs} ms`);
      if (halted) return () => undefined;
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, delayMs);
      timer.unref();
      timers.add(timer);
      return () => {
        clearTimeout(timer);
        timers.delete(timer);
      };
    },
    log(level, event, fields = {}) {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      const admitted = rate.admit(performance.now(), event);
      if (!admitted) return;
      const more = admitted.leftOut > 0 ? { leftOut: admitted.leftOut } : {};
      sink.write(logLine({ time: new Date().toISOString(), level, event }, { ...fields, ...more }));
    },
    halt() {
      halted = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
};

/** Appends to this file, or writes to stderr without one. Trouble with the file is told on stderr, once. */
export const openLog = (path?: string): LogSink => {
  if (path === undefined) {
    return { write: (line) => void process.stderr.write(line), close: () => Promise.resolve() };
  }
  const stream = createWriteStream(path, { flags: 'a' });
  let dropped = 0;
  stream.on('error', (error) => {
    process.stderr.write(`the log ${path} cannot be written: ${error.message}\n`);
  });
  return {
    write(line) {
      if (stream.destroyed || stream.writableEnded) return;
      if (stream.writableLength > LOG_WAITING_BYTES_MAX) {
        dropped += 1;
        return;
      }
      if (dropped > 0) stream.write(`${JSON.stringify({ event: 'log_lines_dropped', dropped })}\n`);
      dropped = 0;
      stream.write(line);
    },
    close: () =>
      new Promise((resolve) => {
        if (stream.closed) return resolve();
        stream.once('close', resolve);
        stream.end();
      }),
  };
};

/** Uniform in [0, 1), 48 bits: nobody outside can guess which peers a node will choose. */
const createRandomDraw = (): (() => number) => {
  let pool = randomBytes(RANDOM_POOL_BYTES);
  let used = 0;
  return () => {
    if (used === RANDOM_POOL_BYTES) {
      pool = randomBytes(RANDOM_POOL_BYTES);
      used = 0;
    }
    const draw = pool.readUIntBE(used, RANDOM_DRAW_BYTES);
    used += RANDOM_DRAW_BYTES;
    return draw / 2 ** (8 * RANDOM_DRAW_BYTES);
  };
};

/** A field may not take the place of the first three; what has no JSON becomes text. */
const logLine = (head: object, fields: { readonly [name: string]: unknown }): string => {
  try {
    return `${JSON.stringify({ ...head, ...fields, ...head }, replace)}\n`;
  } catch (error) {
    return `${JSON.stringify({ ...head, unprintable: messageOf(error) })}\n`;
  }
};

const replace = (_name: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? value.message : value;
};
