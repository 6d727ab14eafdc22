/**
 * The waiting room: records whose ancestors are still missing.
 *
 * Effects do not enter before their causes. What waits is kept in memory alone (after a crash it is
 * fetched again) and is bounded twice: in all, and to a quarter for one author, so that somebody who
 * signs records with invented parents fills a corner and not the room. The oldest leaves first. A record
 * that names a certificate which is not certified waits here too: for something that no peer is asked for
 * by id, because the council's own topic brings it. An invented one fills a corner and not the room, either.
 *
 * Beside them are the spared: surplus children of a fork (see admission.ts) on which a record that waits here
 * rests, and on something else that is missing. Two of them may be each other's reason to enter, so
 * whether one frees that record is asked as if the others were here. They are a memory of what came
 * and no more: they are not asked for less, and may come again.
 */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';

export interface WaitingRoom {
  readonly size: number;
  has(id: RecordId): boolean;
  /** How many are by this author. */
  countOf(author: Did): number;
  /** Takes a record with what it lacks (at least one link, or its certificate); gives the records that had to leave for it. */
  add(record: SignedRecord, missing: readonly RecordId[]): readonly RecordId[];
  /** A link came: gives the records that lack nothing more, in the order in which they came. */
  arrived(id: RecordId): readonly SignedRecord[];
  /** Links that were held are not any more: what names them waits for them too. */
  lost(ids: readonly RecordId[]): void;
  /** A link will never be taken: gives up what waits for it, and what waits for that. */
  abandon(id: RecordId): readonly RecordId[];
  /**
   * Whether a record by somebody other than `author`, or one that is named from outside, waits for `id`,
   * directly or over others that wait.
   */
  awaitedByOthers(id: RecordId, author: Did, isNamed: (id: RecordId) => boolean): boolean;
  /**
   * The same, and that record would lack nothing more if `id` and the spared came. `id` itself may be the
   * named one.
   */
  freesOthers(id: RecordId, author: Did, isNamed: (id: RecordId) => boolean): boolean;
  /** Keeps a surplus child in mind. */
  spare(record: SignedRecord): void;
  /** All that were spared, the oldest first; none of them is any more. */
  takeSpared(): readonly SignedRecord[];
  /** Whether a record waits for this link. */
  awaits(id: RecordId): boolean;
  /** Links that nobody here brings: what is to be asked for. */
  missing(): readonly RecordId[];
}

/** A record names at most sixteen parents: several such records may be freed at one time. */
const SPARED_MAX = 256;

interface Waiter {
  readonly record: SignedRecord;
  readonly missing: Set<RecordId>;
}

export const createWaitingRoom = (sizeMax: number): WaitingRoom => {
  const waiters = new Map<RecordId, Waiter>();
  /** Missing link -> the records that wait for it. */
  const dependents = new Map<RecordId, Set<RecordId>>();
  const spared = new Map<RecordId, SignedRecord>();
  const perAuthor = new Map<Did, number>();
  const perAuthorMax = Math.max(1, Math.floor(sizeMax / 4));

  const remove = (id: RecordId): Waiter | undefined => {
    const waiter = waiters.get(id);
    if (!waiter) return undefined;
    waiters.delete(id);
    const { author } = waiter.record;
    const left = (perAuthor.get(author) ?? 1) - 1;
    if (left > 0) perAuthor.set(author, left);
    else perAuthor.delete(author);
    for (const link of waiter.missing) {
      const set = dependents.get(link);
      set?.delete(id);
      if (set?.size === 0) dependents.delete(link);
    }
    return waiter;
  };

  const oldest = (matches: (waiter: Waiter) => boolean): RecordId | undefined => {
    for (const [id, waiter] of waiters) if (matches(waiter)) return id;
    return undefined;
  };

  /** Whether one of these names an id as a link: then not as its certificate, which is no link of it. */
  const isLink = (id: RecordId, set: ReadonlySet<RecordId>): boolean => {
    for (const each of set) if (waiters.get(each)?.record.certificate !== id) return true;
    return false;
  };

  const makeRoom = (author: Did): RecordId[] => {
    const crowded = (perAuthor.get(author) ?? 0) >= perAuthorMax;
    if (!crowded && waiters.size < sizeMax) return [];
    const leaving = oldest((waiter) => !crowded || waiter.record.author === author);
    if (leaving === undefined) return [];
    remove(leaving);
    return [leaving];
  };

  return {
    get size() {
      return waiters.size;
    },
    has: (id) => waiters.has(id),
    countOf: (author) => perAuthor.get(author) ?? 0,

    add(record, missing) {
      const left = makeRoom(record.author);
      waiters.set(record.id, { record, missing: new Set(missing) });
      perAuthor.set(record.author, (perAuthor.get(record.author) ?? 0) + 1);
      for (const link of missing) {
        const set = dependents.get(link) ?? new Set();
        dependents.set(link, set.add(record.id));
      }
      return left;
    },

    arrived(id) {
      const ready: SignedRecord[] = [];
      for (const dependent of dependents.get(id) ?? []) {
        const waiter = waiters.get(dependent);
        waiter?.missing.delete(id);
        if (waiter?.missing.size === 0) ready.push(waiter.record);
      }
      dependents.delete(id);
      for (const record of ready) remove(record.id);
      return ready;
    },

    lost(ids) {
      const gone = new Set(ids);
      for (const { record, missing } of waiters.values()) {
        for (const link of [...record.parents, record.previous]) {
          if (link === null || !gone.has(link)) continue;
          missing.add(link);
          dependents.set(link, (dependents.get(link) ?? new Set()).add(record.id));
        }
      }
    },

    abandon(id) {
      const given: RecordId[] = [];
      const queue = [...(dependents.get(id) ?? [])];
      for (const dependent of queue) {
        if (!remove(dependent)) continue;
        given.push(dependent);
        queue.push(...(dependents.get(dependent) ?? []));
      }
      return given;
    },

    awaitedByOthers(id, author, isNamed) {
      const seen = new Set<RecordId>([id]);
      for (const link of seen) {
        for (const dependent of dependents.get(link) ?? []) {
          if (waiters.get(dependent)?.record.author !== author || isNamed(dependent)) return true;
          seen.add(dependent);
        }
      }
      return false;
    },

    freesOthers(id, author, isNamed) {
      if (isNamed(id)) return true;
      /** What would be here, and whether it rests on `id`. */
      const here = new Map<RecordId, boolean>([[id, true]]);
      for (const other of spared.keys()) if (other !== id) here.set(other, false);
      for (const [link] of here) {
        for (const dependent of dependents.get(link) ?? []) {
          const waiter = waiters.get(dependent);
          const missing = [...(waiter?.missing ?? [])];
          if (!waiter || !missing.every((each) => here.has(each))) continue;
          const restsOnIt = missing.some((each) => here.get(each));
          const isOthers = waiter.record.author !== author || isNamed(dependent);
          if (restsOnIt && isOthers) return true;
          here.set(dependent, restsOnIt);
        }
      }
      return false;
    },

    spare(record) {
      spared.delete(record.id);
      spared.set(record.id, record);
      const [oldestSpared] = spared.keys();
      if (spared.size > SPARED_MAX) spared.delete(oldestSpared!);
    },

    takeSpared() {
      const records = [...spared.values()];
      spared.clear();
      return records;
    },

    awaits: (id) => dependents.has(id),
    missing: () =>
      [...dependents].filter(([id, set]) => !waiters.has(id) && isLink(id, set)).map(([id]) => id),
  };
};
