/**
 * The waiting room: records whose ancestors have not all come, or whose certificate has not.
 *
 * Each waits for one missing ancestor at a time, and is looked at again only when that one comes: then
 * it is ready, or it waits for the next. So an arrival costs nothing to those it does not concern.
 * The room is bounded: when it is full the oldest is given up, and may be added again.
 */
import { PENDING_MAX } from '#contracts/ledger.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';

/** The waiting room of one ledger. */
export interface Waiting {
  get(id: RecordId): SignedRecord | undefined;
  /** Lets a record wait for an ancestor that is missing. */
  add(record: SignedRecord, missing: RecordId): void;
  /** Takes a record out; false where it did not wait. */
  remove(id: RecordId): boolean;
  /** An ancestor has come: takes out and gives those that wait for nothing any more. */
  release(arrived: RecordId): readonly SignedRecord[];
}

interface Waiter {
  readonly record: SignedRecord;
  missing: RecordId;
}

/** `missingOf` says which ancestor a record still lacks. */
export const createWaiting = (
  missingOf: (record: SignedRecord) => RecordId | undefined,
): Waiting => {
  // A Map keeps the order of insertion: its first key is the oldest.
  const waiters = new Map<RecordId, Waiter>();
  const waitersFor = new Map<RecordId, Set<Waiter>>();

  const waitFor = (waiter: Waiter, missing: RecordId): void => {
    waiter.missing = missing;
    const group = waitersFor.get(missing) ?? new Set();
    waitersFor.set(missing, group.add(waiter));
  };

  const remove = (id: RecordId): boolean => {
    const waiter = waiters.get(id);
    if (!waiter) return false;
    const group = waitersFor.get(waiter.missing);
    group?.delete(waiter);
    if (group?.size === 0) waitersFor.delete(waiter.missing);
    return waiters.delete(id);
  };

  return {
    get: (id) => waiters.get(id)?.record,
    add(record, missing) {
      const waiter = { record, missing };
      waiters.set(record.id, waiter);
      waitFor(waiter, missing);
      const [oldest] = waiters.keys();
      if (waiters.size > PENDING_MAX && oldest !== undefined) remove(oldest);
    },
    remove,
    release(arrived) {
      const group = waitersFor.get(arrived) ?? [];
      waitersFor.delete(arrived);
      const ready: SignedRecord[] = [];
      for (const waiter of group) {
        const missing = missingOf(waiter.record);
        if (missing !== undefined) waitFor(waiter, missing);
        else if (waiters.delete(waiter.record.id)) ready.push(waiter.record);
      }
      return ready;
    },
  };
};
