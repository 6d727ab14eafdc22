/**
 * A node's world under the simulator: virtual time, seeded chance, a simulated disk and network.
 *
 * The wall clock is virtual time plus an offset that a test may change at any moment, backwards too, and
 * it may stand still; intervals never see it. `halt` is the end of the process: timers of a crashed node never fire,
 * whatever it had asked for. The disk and the network are crashed beside it by whoever owns them.
 */
import type { DurableStore, Host, LogLevel } from '#contracts/host.ts';
import { noTelemetry, type Telemetry } from '#contracts/telemetry.ts';
import type { Transport } from '#contracts/transport.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** One thing a simulated node had to say. */
export interface LogLine {
  /** Virtual time, without the node's own offset: lines of several nodes sort by it. */
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: { readonly [name: string]: unknown };
}

export interface SimulatedHostOptions {
  readonly scheduler: Scheduler;
  /** This node's own stream; purposes are forked from it. */
  readonly random: Random;
  readonly store: DurableStore;
  readonly transport: Transport;
  /** Nothing is counted unless told. */
  readonly telemetry?: Telemetry;
  /** How far the node's wall clock is ahead of virtual time; 0 unless told. */
  readonly clockOffsetMs?: number;
  /** Nothing is kept unless told. */
  readonly log?: (line: LogLine) => void;
}

export interface SimulatedHost extends Host {
  /** Sets the wall clock's distance from virtual time; a negative one is behind. */
  setClockOffset(clockOffsetMs: number): void;
  /** The wall clock stands still, or runs again from where it would be. */
  freezeClock(isFrozen: boolean): void;
  /** Timers that were set and have neither fired nor been cancelled. */
  readonly timers: number;
  /** The process is gone: no timer fires any more, none can be set, nothing is logged. */
  halt(): void;
}

export const createSimulatedHost = (options: SimulatedHostOptions): SimulatedHost => {
  const { scheduler, store, transport, log, telemetry = noTelemetry } = options;
  const chance = options.random.fork('random');
  const bytes = options.random.fork('bytes');
  const startMs = scheduler.now();
  let clockOffsetMs = options.clockOffsetMs ?? 0;
  let frozenAtMs: number | undefined;
  let timers = 0;
  let halted = false;

  // A wall clock counts whole milliseconds; virtual time has fractions.
  const wallMs = (): number => Math.floor(scheduler.now() + clockOffsetMs);

  return {
    store,
    transport,
    telemetry,
    now: () => frozenAtMs ?? wallMs(),
    monotonic: () => scheduler.now() - startMs,
    random: chance.next,
    randomBytes: bytes.bytes,
    after(delayMs, run) {
      let isSet = true;
      const unset = (): void => {
        if (isSet) timers -= 1;
        isSet = false;
      };
      timers += 1;
      const cancel = scheduler.after(delayMs, () => {
        unset();
        if (!halted) run();
      });
      return () => {
        unset();
        cancel();
      };
    },
    log(level, event, fields = {}) {
      if (!halted) log?.({ timeMs: scheduler.now(), level, event, fields });
    },
    setClockOffset(offsetMs) {
      clockOffsetMs = offsetMs;
    },
    freezeClock(isFrozen) {
      frozenAtMs = isFrozen ? wallMs() : undefined;
    },
    get timers() {
      return timers;
    },
    halt() {
      halted = true;
    },
  };
};
