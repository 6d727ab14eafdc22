/**
 * The log of one topic: which records are held, and how they hang together.
 *
 * A record enters only when everything it names is there, so what is held is always closed under
 * ancestors, every chain is whole from 1 to its tip, and a clock can be read off without looking for
 * holes: the high-water mark of an author is the length of its chain. Records above a hole wait
 * elsewhere (`waiting.ts`) and count in nothing.
 *
 * The log keeps links, not bodies: about a third of a kilobyte a record. Bodies stay in the store.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { IdIndex, Tip, TopicLog } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { ofRecord } from './vector-clock.ts';

/** What the log remembers of a record. */
export interface LogEntry {
  readonly id: RecordId;
  readonly author: Did;
  readonly sequence: number;
  readonly previous: RecordId | null;
  readonly parents: readonly RecordId[];
  readonly depth: number;
  /** Held records that name this one, by `previous` or as a parent. */
  citers: readonly RecordId[];
}

/** Shared by all that nothing names yet. */
const NOBODY: readonly RecordId[] = [];
/** Lists up to here are made to measure: `push` reserves room for seventeen where one is the rule. */
const TIGHT_MAX = 8;

/** A list with one more. */
const withOne = (list: readonly RecordId[], id: RecordId): readonly RecordId[] => {
  if (list.length < TIGHT_MAX) return list.concat(id);
  (list as RecordId[]).push(id); // Nobody else's: the line above made it.
  return list;
};

/** The log as admission needs it: it can also look at single records, and give up some. */
export interface Log extends TopicLog {
  /** Held, or given up for good: not to be asked for. */
  isSettled(id: RecordId): boolean;
  entry(id: RecordId): LogEntry | undefined;
  /** Removes a record that nothing held names. */
  remove(id: RecordId): void;
  /** Held records by this author that follow `previous` (null: first records). More than one is a fork. */
  children(author: Did, previous: RecordId | null): readonly RecordId[];
}

/** See CreateTopicLog. The index is kept up to date, if there is one. */
export const create = (topic: Topic, index?: IdIndex): Log => {
  const entries = new Map<RecordId, LogEntry>();
  /** Per author: at index s-1 the ids of sequence s, one but for forks. */
  const chains = new Map<Did, RecordId[][]>();
  const heads = new Set<RecordId>();
  const forkedAuthors = new Set<Did>();
  /** Records that no other by the same author follows. */
  const tipsOf = new Map<Did, Set<RecordId>>();
  /** Asked for with every digest, and the same until something changes. */
  let view: { readonly clock: VectorClock; readonly tips: readonly Tip[] } | undefined;

  const linksOf = (record: Pick<SignedRecord, 'previous' | 'parents'>): readonly RecordId[] =>
    record.previous === null ? record.parents : [record.previous, ...record.parents];

  const known = (id: RecordId): LogEntry => {
    const entry = entries.get(id);
    if (!entry) throw new Error(`topic log ${topic}: ${id} is not held`);
    return entry;
  };

  const missing = (record: SignedRecord): readonly RecordId[] => [
    ...new Set(linksOf(record).filter((id) => !entries.has(id))),
  ];

  const children = (author: Did, previous: RecordId | null): readonly RecordId[] => {
    const sequence = previous === null ? 1 : known(previous).sequence + 1;
    const ids = chains.get(author)?.[sequence - 1] ?? [];
    return ids.filter((id) => known(id).previous === previous);
  };

  /** The end of a chain moves from one record to the next, and back where the next one leaves. */
  const moveTip = (author: Did, from: RecordId | null, to: RecordId | null): void => {
    const tips = tipsOf.get(author) ?? new Set();
    if (from !== null) tips.delete(from);
    if (to !== null) tips.add(to);
    if (tips.size > 0) tipsOf.set(author, tips);
    else tipsOf.delete(author);
  };

  const noteFork = (author: Did): void => {
    const chain = chains.get(author) ?? [];
    if (chain.some((ids) => ids.length > 1)) forkedAuthors.add(author);
    else forkedAuthors.delete(author);
  };

  const look = () =>
    (view ??= {
      clock: new Map([...chains].map(([author, chain]) => [author, chain.length])),
      tips: [...tipsOf.keys()].sort().flatMap((author) =>
        [...tipsOf.get(author)!]
          .map(known)
          .sort((a, b) => a.sequence - b.sequence || (a.id < b.id ? -1 : 1))
          .map(({ sequence, id }): Tip => ({ author, sequence, id })),
      ),
    });

  const byDepth = (left: LogEntry, right: LogEntry): number =>
    left.depth - right.depth || (left.id < right.id ? -1 : 1);

  return {
    topic,
    get count() {
      return entries.size;
    },
    clock: () => look().clock,
    has: (id) => entries.has(id),
    isSettled: (id) => entries.has(id),
    entry: (id) => entries.get(id),
    tips: () => look().tips,
    heads: () => [...heads].sort(),
    run: (author, from, to) => (chains.get(author) ?? []).slice(Math.max(0, from - 1), to).flat(),
    depth: (id) => known(id).depth,
    links: (id) => linksOf(known(id)),
    forked: () => [...forkedAuthors].sort(),
    ordered: () => [...entries.values()].sort(byDepth).map(({ id }) => id),
    children,
    ...(index && { index }),

    clockOf(id) {
      const start = entries.get(id);
      if (!start) return undefined;
      // Walks the whole past: asked by people and by lessons, never on the way of a record.
      const seen = new Set<RecordId>([id]);
      const counts = new Map<Did, number>();
      for (const each of seen) {
        const entry = known(each);
        counts.set(entry.author, Math.max(entry.sequence, counts.get(entry.author) ?? 0));
        for (const link of linksOf(entry)) seen.add(link);
      }
      return ofRecord(start.author, start.sequence, [counts satisfies VectorClock]);
    },

    missing,

    add(record) {
      if (entries.has(record.id) || missing(record).length > 0) return false;
      const links = linksOf(record).map(known);
      const previous = record.previous === null ? undefined : links[0];
      const parents = previous ? links.slice(1) : links;
      const author = previous?.author ?? record.author;
      if (author !== record.author || record.sequence !== (previous?.sequence ?? 0) + 1)
        return false;
      if (parents.some((parent) => parent.author === author)) return false;
      view = undefined;
      index?.add(record.id);
      // The strings of what is held, not the equal ones of what came: those would be kept twice.
      entries.set(record.id, {
        id: record.id,
        author,
        sequence: record.sequence,
        previous: previous?.id ?? null,
        parents: parents.map(({ id }) => id),
        depth: links.reduce((deepest, link) => Math.max(deepest, link.depth + 1), 0),
        citers: NOBODY,
      });
      for (const link of links) {
        link.citers = withOne(link.citers, record.id);
        heads.delete(link.id);
      }
      heads.add(record.id);
      moveTip(author, previous?.id ?? null, record.id);
      const chain = chains.get(author) ?? [];
      chains.set(author, chain);
      const rivals = chain[record.sequence - 1];
      if (rivals) {
        rivals.push(record.id);
        forkedAuthors.add(author);
      } else chain[record.sequence - 1] = [record.id];
      return true;
    },

    remove(id) {
      const entry = known(id);
      if (entry.citers.length > 0) throw new Error(`topic log ${topic}: ${id} is still named`);
      view = undefined;
      index?.remove(id);
      entries.delete(id);
      heads.delete(id);
      for (const link of linksOf(entry).map(known)) {
        link.citers = link.citers.filter((each) => each !== id);
        if (link.citers.length === 0) heads.add(link.id);
      }
      const chain = chains.get(entry.author) ?? [];
      const remaining = (chain[entry.sequence - 1] ?? []).filter((each) => each !== id);
      if (remaining.length > 0) chain[entry.sequence - 1] = remaining;
      else chain.length = entry.sequence - 1;
      if (chain.length === 0) chains.delete(entry.author);
      noteFork(entry.author);
      const { author, previous } = entry;
      const isEnd = previous !== null && children(author, previous).length === 0;
      moveTip(author, id, isEnd ? previous : null);
    },
  };
};
