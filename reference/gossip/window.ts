/**
 * The window: what a topic that forgets does beside gossip.
 *
 * Three things happen in it and in no ledger. What is too old or too much leaves. What has left, and
 * what is dated far ahead, does not enter. And a gap that nobody fills in `GAP_MS_MAX` is
 * named and passed over, so that one lost record does not silence its author for ever.
 */
import type { GossipEvent } from '#contracts/effects.ts';
import type { TopicWindow } from '#contracts/gossip.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { WindowLog } from './window-log.ts';

/** How long a missing link is waited for. */
export const GAP_MS_MAX = 30_000;
/** How often the window is looked at. */
export const WINDOW_TICK_MS = 5_000;
/** How far ahead of our clock a record may be dated: clocks differ, and not by more. */
const AHEAD_MS_MAX = 600_000;

export interface Window {
  /** Why a record may not enter, if it may not. */
  refusal(record: SignedRecord): GossipEvent | undefined;
  /** What has to leave: too many, or too old. */
  trim(): readonly RecordId[];
  /** Missing links that were waited for long enough. They count as missing no longer. */
  passed(now: number, missing: readonly RecordId[]): readonly RecordId[];
}

export const createWindow = ({ retention, now }: TopicWindow, log: WindowLog): Window => {
  /** Missing links, and since when. */
  let since = new Map<RecordId, number>();

  return {
    refusal(record) {
      const oldest = now() - retention.ageMsMax;
      if (log.isBehind(record) || record.timestamp < oldest) return 'record_behind';
      return record.timestamp > now() + AHEAD_MS_MAX ? 'record_dated_ahead' : undefined;
    },
    trim: () => [...log.expire(now() - retention.ageMsMax), ...log.evict(retention.recordsMax)],
    passed(monotonic, missing) {
      since = new Map(missing.map((id) => [id, since.get(id) ?? monotonic]));
      const passed = missing.filter((id) => monotonic - (since.get(id) ?? monotonic) >= GAP_MS_MAX);
      for (const id of passed) log.pass(id);
      return passed;
    },
  };
};
