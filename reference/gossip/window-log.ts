/**
 * The log of a topic that forgets: a window over what was said lately.
 *
 * It holds what `topic-log.ts` holds, with three differences. The oldest records leave, those of whoever
 * holds most places first. A link may lead out of the window: to what was given up here (`evict`), to
 * what its author said nobody need await (`floor`), or over a gap that was waited for long enough
 * (`pass`). And a mark stays of each author's chain, so that what has left is not fetched again:
 *
 *   author's chain   1 ... 40 | 41 42 __ 44 45
 *                    evicted    held, one passed over      clock: 45
 *
 * A clock of 45 says: of 1 to 45 nobody need send me anything. Records above a gap wait elsewhere.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Tip } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Log, LogEntry } from './topic-log.ts';
import { ofRecord } from './vector-clock.ts';

/** What has left of one author's chain, and what is held of it. */
interface Chain {
  readonly author: Did;
  /** The highest sequence that nobody need send us. */
  high: number;
  /** Up to here it was given up. */
  evictedTo: number;
  /** The first that its author asks anybody to wait for. */
  floor: number;
  /** The last one seen: it stays when the record has left. */
  tip: Tip;
  readonly held: Map<number, RecordId[]>;
  /** Ids in order of arrival; those that have left are skipped. */
  readonly arrivals: RecordId[];
  count: number;
}

interface Entry extends Omit<LogEntry, 'citers'> {
  readonly timestamp: number;
}

/** A log that can also give up and pass over. */
export interface WindowLog extends Log {
  /** Gives up the oldest until no more than `recordsMax` are held. Gives their ids. */
  evict(recordsMax: number): readonly RecordId[];
  /** Gives up what is dated before. */
  expire(before: number): readonly RecordId[];
  /** Nobody has this link: from now on it counts as missing no longer. */
  pass(id: RecordId): void;
  /** Whether this place of a chain has left already. */
  isBehind(record: Pick<SignedRecord, 'author' | 'sequence'>): boolean;
}

/** Ids that left or were passed over, remembered so that nobody asks for them again. */
const GONE_MAX = 20_000;
/** Chains of which nothing is held any more, remembered by their marks. */
const EMPTY_CHAINS_MAX = 10_000;

/** A set that forgets its oldest member beyond `sizeMax`. */
const createRing = (sizeMax: number) => {
  const ids = new Set<RecordId>();
  return {
    has: (id: RecordId): boolean => ids.has(id),
    add(id: RecordId): void {
      ids.add(id);
      if (ids.size <= sizeMax) return;
      for (const oldest of ids) {
        ids.delete(oldest);
        return;
      }
    },
  };
};

/** See WindowLog. */
export const createWindowLog = (topic: Topic): WindowLog => {
  const entries = new Map<RecordId, Entry>();
  const chains = new Map<Did, Chain>();
  const heads = new Set<RecordId>();
  /** Held records that name a link, which may be out of the window. */
  const citers = new Map<RecordId, readonly RecordId[]>();
  const gone = createRing(GONE_MAX);

  const linksOf = ({ previous, parents }: Pick<SignedRecord, 'previous' | 'parents'>) =>
    previous === null ? parents : [previous, ...parents];

  const known = (id: RecordId): Entry => {
    const entry = entries.get(id);
    if (!entry) throw new Error(`window log ${topic}: ${id} is not held`);
    return entry;
  };

  const citersOf = (id: RecordId): readonly RecordId[] => citers.get(id) ?? [];

  const children = (author: Did, previous: RecordId | null): readonly RecordId[] => {
    const nearby = previous === null ? chains.get(author)?.held.get(1) : citersOf(previous);
    return (nearby ?? []).filter((id) => {
      const entry = known(id);
      return entry.author === author && entry.previous === previous;
    });
  };

  const isForked = ({ held }: Chain): boolean => [...held.values()].some((ids) => ids.length > 1);

  const tipsOf = (chain: Chain): Tip[] => {
    const { author, tip, held, count } = chain;
    if (count === 0 || !isForked(chain)) return [tip];
    return [...held.values()]
      .flat()
      .map(known)
      .filter(({ id }) => children(author, id).length === 0)
      .map(({ sequence, id }) => ({ author, sequence, id }))
      .sort((left, right) => left.sequence - right.sequence || (left.id < right.id ? -1 : 1));
  };

  const isAwaited = (record: SignedRecord, id: RecordId): boolean => {
    if (entries.has(id) || gone.has(id)) return false;
    if (id !== record.previous) return true;
    const floor = Math.max(record.floor ?? 1, chains.get(record.author)?.floor ?? 1);
    const evictedTo = chains.get(record.author)?.evictedTo ?? 0;
    return record.sequence - 1 >= floor && record.sequence - 1 > evictedTo;
  };

  const missing = (record: SignedRecord): readonly RecordId[] => [
    ...new Set(linksOf(record).filter((id) => isAwaited(record, id))),
  ];

  /** Marks of chains that nothing is held of are many at last: the oldest are forgotten. */
  const dropMarks = (): void => {
    if (chains.size <= EMPTY_CHAINS_MAX + entries.size) return;
    for (const [author, { count }] of chains) {
      if (count > 0) continue;
      chains.delete(author);
      return;
    }
  };

  const openChain = (record: SignedRecord): Chain => {
    const { author, sequence, id } = record;
    const chain = chains.get(author) ?? {
      author,
      high: 0,
      evictedTo: 0,
      floor: 1,
      tip: { author, sequence, id },
      held: new Map<number, RecordId[]>(),
      arrivals: [],
      count: 0,
    };
    chains.set(author, chain);
    dropMarks();
    return chain;
  };

  /** Takes an entry out; what names it keeps a link out of the window. */
  const takeOut = (entry: Entry): void => {
    const { id, author, sequence } = entry;
    entries.delete(id);
    heads.delete(id);
    for (const link of linksOf(entry)) {
      const left = citersOf(link).filter((each) => each !== id);
      if (left.length > 0) citers.set(link, left);
      else citers.delete(link);
      if (left.length === 0 && entries.has(link)) heads.add(link);
    }
    const chain = chains.get(author)!;
    const rivals = (chain.held.get(sequence) ?? []).filter((each) => each !== id);
    if (rivals.length > 0) chain.held.set(sequence, rivals);
    else chain.held.delete(sequence);
    chain.count -= 1;
  };

  const giveUp = (entry: Entry): RecordId => {
    takeOut(entry);
    gone.add(entry.id);
    const chain = chains.get(entry.author)!;
    chain.evictedTo = Math.max(chain.evictedTo, entry.sequence);
    return entry.id;
  };

  const fullest = (): Chain | undefined => {
    let most: Chain | undefined;
    for (const chain of chains.values()) if (chain.count > (most?.count ?? 0)) most = chain;
    return most;
  };

  const oldestOf = (chain: Chain): Entry | undefined => {
    for (;;) {
      const id = chain.arrivals.shift();
      if (id === undefined) return undefined;
      const entry = entries.get(id);
      if (entry) return entry;
    }
  };

  return {
    topic,
    get count() {
      return entries.size;
    },
    clock: () => new Map([...chains].map(([author, { high }]) => [author, high])),
    has: (id) => entries.has(id),
    isSettled: (id) => entries.has(id) || gone.has(id),
    isBehind: ({ author, sequence }) => {
      const chain = chains.get(author);
      return chain !== undefined && sequence <= chain.evictedTo;
    },
    entry(id) {
      const entry = entries.get(id);
      return entry && { ...entry, citers: citersOf(id) };
    },
    tips: () => [...chains.keys()].sort().flatMap((author) => tipsOf(chains.get(author)!)),
    heads: () => [...heads].sort(),
    run(author, from, to) {
      const chain = chains.get(author);
      if (!chain) return [];
      return [...chain.held.keys()]
        .filter((sequence) => sequence >= from && sequence <= to)
        .sort((left, right) => left - right)
        .flatMap((sequence) => chain.held.get(sequence) ?? []);
    },
    depth: (id) => known(id).depth,
    forked: () =>
      [...chains.values()]
        .filter(isForked)
        .map(({ author }) => author)
        .sort(),
    ordered: () =>
      [...entries.values()]
        .sort((left, right) => left.depth - right.depth || (left.id < right.id ? -1 : 1))
        .map(({ id }) => id),
    children,

    clockOf(id) {
      const start = entries.get(id);
      if (!start) return undefined;
      const seen = new Set<RecordId>([id]);
      const counts = new Map<Did, number>();
      for (const each of seen) {
        const entry = entries.get(each);
        if (!entry) continue;
        counts.set(entry.author, Math.max(entry.sequence, counts.get(entry.author) ?? 0));
        for (const link of linksOf(entry)) seen.add(link);
      }
      return ofRecord(start.author, start.sequence, [counts satisfies VectorClock]);
    },

    missing,

    add(record) {
      const { id, author, sequence, previous, parents, timestamp, floor = 1 } = record;
      if ((previous === null) !== (sequence === 1) || floor > sequence) return false;
      if (entries.has(id) || missing(record).length > 0) return false;
      const before = previous === null ? undefined : entries.get(previous);
      if (before && (before.author !== author || before.sequence + 1 !== sequence)) return false;
      if (parents.some((parent) => entries.get(parent)?.author === author)) return false;
      const chain = openChain(record);
      const links = linksOf(record).flatMap((link) => entries.get(link) ?? []);
      const depth = links.reduce((deepest, link) => Math.max(deepest, link.depth + 1), 0);
      entries.set(id, { id, author, sequence, previous, parents, timestamp, depth });
      for (const link of linksOf(record)) {
        citers.set(link, [...citersOf(link), id]);
        heads.delete(link);
      }
      // What was passed over and comes after all may be named already.
      if (citersOf(id).length === 0) heads.add(id);
      chain.held.set(sequence, [...(chain.held.get(sequence) ?? []), id]);
      chain.arrivals.push(id);
      chain.count += 1;
      chain.floor = Math.max(chain.floor, floor);
      chain.high = Math.max(chain.high, sequence);
      if (sequence >= chain.tip.sequence) chain.tip = { author, sequence, id };
      return true;
    },

    remove(id) {
      const entry = known(id);
      if (citersOf(id).length > 0) throw new Error(`window log ${topic}: ${id} is still named`);
      takeOut(entry);
    },

    evict(recordsMax) {
      const left: RecordId[] = [];
      while (entries.size > recordsMax) {
        const chain = fullest();
        const entry = chain && oldestOf(chain);
        if (!entry) break;
        left.push(giveUp(entry));
      }
      return left;
    },

    expire: (before) =>
      [...entries.values()].filter(({ timestamp }) => timestamp < before).map(giveUp),

    pass: (id) => gone.add(id),
  };
};
