/**
 * The log of one topic: a list of records, causes before effects. Every answer is a pass over it.
 *
 * A record enters when everything it names is there. So chains have no holes, the length of a chain is
 * the clock's counter, and one pass from the front meets every ancestor before its descendants.
 * Nothing is remembered but the records, so nothing can go out of step with them.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Knowledge, Tip } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { ofRecord } from './vector-clock.ts';

export interface Log extends Knowledge {
  /** All that is held, causes before effects. */
  records(): SignedRecord[];
  /** What a record names and the log does not hold. */
  missing(record: SignedRecord): readonly RecordId[];
  /** Takes a record; false if it names what is not here, or is not the next of its chain. */
  add(record: SignedRecord): boolean;
  /** Gives up surplus children of forks; their ids, effects first. */
  dropSurplus(): readonly RecordId[];
}

/** Children of one record that stay as proof of the fork. */
const PROOF = 2;

const linksOf = ({ previous, parents }: SignedRecord) =>
  previous === null ? parents : [previous, ...parents];
const idOf = ({ id }: SignedRecord) => id;
const sorted = <Name extends string>(names: readonly Name[]) => [...names].sort();
const compareTips = (left: Tip, right: Tip) => {
  if (left.author !== right.author) return left.author < right.author ? -1 : 1;
  return left.sequence - right.sequence || (left.id < right.id ? -1 : 1);
};

export const createLog = (topic: Topic): Log => {
  const held = new Map<RecordId, SignedRecord>();
  const all = () => [...held.values()];
  const chainOf = (did: Did) => all().filter(({ author }) => author === did);

  /** Gives every record a value that follows from the values of what it names. */
  const fold = <Value>(valueOf: (record: SignedRecord, below: Value[]) => Value) => {
    const values = new Map<RecordId, Value>();
    for (const record of all()) {
      const below = linksOf(record).map((id) => values.get(id)!);
      values.set(record.id, valueOf(record, below));
    }
    return values;
  };
  const depths = () => fold<number>((_, below) => Math.max(-1, ...below) + 1);
  const clocks = () =>
    fold<VectorClock>((each, below) => ofRecord(each.author, each.sequence, below));
  const restingOn = (root: SignedRecord) => {
    const rests = fold<boolean>(({ id }, below) => id === root.id || below.includes(true));
    return all().filter(({ id }) => rests.get(id));
  };

  const missing = (record: SignedRecord) => linksOf(record).filter((id) => !held.has(id));

  /** Whether a record that misses nothing follows its `previous` and names only others as parents. */
  const fits = ({ author, sequence, previous, parents }: SignedRecord) => {
    const before = previous === null ? undefined : held.get(previous);
    if (before && before.author !== author) return false;
    const others = parents.every((id) => held.get(id)!.author !== author);
    return others && sequence === (before?.sequence ?? 0) + 1;
  };

  const clock = () =>
    all().reduce(
      (seen, { author, sequence }) => ofRecord(author, sequence, [seen]),
      new Map() as VectorClock,
    );

  /** Authors with more records than numbers. */
  const forked = () =>
    [...clock()].filter(([did, count]) => chainOf(did).length > count).map(([did]) => did);

  /** Whether two smaller siblings prove the fork already, and nobody else built on this one. */
  const isSurplus = (record: SignedRecord) => {
    const siblings = chainOf(record.author).filter(({ previous }) => previous === record.previous);
    const smaller = siblings.filter(({ id }) => id < record.id);
    const alone = () => restingOn(record).every(({ author }) => author === record.author);
    return smaller.length >= PROOF && alone();
  };

  return {
    topic,
    records: all,
    missing,
    clock,
    get count() {
      return held.size;
    },
    has: (id) => held.has(id),
    tips() {
      const followed = new Set(all().map(({ previous }) => previous));
      const last = all().filter(({ id }) => !followed.has(id));
      return last.map(({ author, sequence, id }) => ({ author, sequence, id })).sort(compareTips);
    },
    heads() {
      const cited = new Set(all().flatMap(linksOf));
      return sorted(
        all()
          .map(idOf)
          .filter((id) => !cited.has(id)),
      );
    },
    run: (author, from, to) =>
      chainOf(author)
        .filter(({ sequence }) => from <= sequence && sequence <= to)
        .map(idOf),
    depth: (id) => depths().get(id)!,
    clockOf: (id) => clocks().get(id),
    forked: () => sorted(forked()),
    ordered() {
      const depth = depths();
      const place = (id: RecordId) => depth.get(id)!;
      return sorted([...held.keys()]).sort((left, right) => place(left) - place(right));
    },

    add(record) {
      if (missing(record).length > 0 || !fits(record)) return false;
      held.set(record.id, record);
      return true;
    },
    dropSurplus() {
      const dropped: RecordId[] = [];
      const surplus = () => forked().flatMap(chainOf).find(isSurplus);
      for (let root = surplus(); root; root = surplus()) {
        const gone = restingOn(root).map(idOf).reverse();
        for (const id of gone) held.delete(id);
        dropped.push(...gone);
      }
      return dropped;
    },
  };
};
