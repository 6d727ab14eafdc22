/**
 * Rates: how many messages a peer may say, by the class it is served as.
 *
 * A token bucket per peer: a message takes a token, tokens come back at the rate of the class, and no
 * more are kept than its burst. When the class falls, the tokens shrink in proportion; when it rises
 * they stay and only come back faster. So somebody whose class flaps never says more than somebody who
 * has the better class all the time, and a new link brings no new tokens.
 */
import { BUCKETS_MAX, type Budget } from '#contracts/trust.ts';
import type { Did } from '#contracts/identifiers.ts';
import { createShelf } from './shelf.ts';

type Rate = Pick<Budget, 'messagesPerSecondMax' | 'messagesBurstMax'>;

interface Bucket {
  tokens: number;
  rate: Rate;
  at: number;
}

/** Milliseconds leave rounding errors behind: a token that is this near is there. */
const ROUNDING = 1e-9;

/** What came back since the last time, at the rate that held until now, and then the rate of now. */
const settle = (bucket: Bucket, now: number, rate: Rate): void => {
  const { messagesPerSecondMax, messagesBurstMax } = bucket.rate;
  const elapsedMs = Math.max(0, now - bucket.at);
  const refilled = bucket.tokens + (elapsedMs * messagesPerSecondMax) / 1_000;
  const share = Math.min(1, rate.messagesBurstMax / messagesBurstMax);
  bucket.tokens = Math.min(messagesBurstMax, refilled) * share;
  bucket.rate = rate;
  bucket.at = Math.max(bucket.at, now);
};

export const createRates = () => {
  const buckets = createShelf<Did, Bucket>(BUCKETS_MAX);
  return {
    /** Takes a token if there is one. */
    spend(now: number, peer: Did, rate: Rate): boolean {
      const bucket = buckets.get(peer) ?? { tokens: rate.messagesBurstMax, rate, at: now };
      settle(bucket, now, rate);
      buckets.set(peer, bucket);
      if (bucket.tokens < 1 - ROUNDING) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
};
