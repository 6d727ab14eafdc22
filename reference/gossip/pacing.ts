/**
 * Pacing: when to say a digest, and how many one peer may say to us.
 *
 * The cadence backs off while nothing changes and starts anew when something does, so that an idle
 * cooperative costs next to nothing and a busy one repairs itself within seconds. Jitter keeps nodes
 * from beating together.
 */
import type { GossipSettings } from '#contracts/gossip.ts';

/** The time until the next digest of one topic. */
export interface Cadence {
  /** Gives the delay until the next digest, doubling while nothing changed. */
  next(): number;
  /** Something changed. Gives a new delay if the one under way has become too long. */
  changed(): number | undefined;
}

export const createCadence = (settings: GossipSettings, random: () => number): Cadence => {
  const { digestIntervalMs, digestIntervalMsMax, digestJitterMs } = settings;
  let intervalMs = digestIntervalMs;
  let quiet = false;
  const jittered = (): number => intervalMs + Math.round((2 * random() - 1) * digestJitterMs);
  return {
    next() {
      intervalMs = quiet ? Math.min(intervalMs * 2, digestIntervalMsMax) : digestIntervalMs;
      quiet = true;
      return jittered();
    },
    changed() {
      quiet = false;
      if (intervalMs === digestIntervalMs) return undefined;
      intervalMs = digestIntervalMs;
      return jittered();
    },
  };
};

/** A token bucket: `burst` at once, one more every `spacingMs`. */
export const createBucket = (spacingMs: number, burst: number) => {
  let tokens = burst;
  let updatedAt: number | undefined;
  return {
    /** Takes a token if there is one. */
    take(now: number): boolean {
      const elapsedMs = updatedAt === undefined ? 0 : Math.max(0, now - updatedAt);
      tokens = Math.min(burst, tokens + elapsedMs / spacingMs);
      updatedAt = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
};
export type Bucket = ReturnType<typeof createBucket>;
