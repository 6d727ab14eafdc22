/**
 * The log of one topic: a list of records, causes before effects. Every answer is a pass over it.
 *
 * A record enters when everything it names is there. So chains have no holes, the length of a chain is
 * the clock's counter, and one pass from the front meets every ancestor before its descendants.
 * Nothing is remembered but the records, so nothing can go out of step with them.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { CreateTopicLog } from '#contracts/knowledge.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { ofRecord } from './clock.ts';
import { createView, fold, linksOf } from './given.ts';

export const create: CreateTopicLog = (topic) => {
  const held = new Map<RecordId, SignedRecord>();
  const all = () => [...held.values()];

  /** 07.4 What a record names and is not here. */
  const missing = (record: SignedRecord) =>
    [...new Set(linksOf(record))].filter((id) => !held.has(id));

  /** Whether a record that misses nothing follows its `previous` and names only others as parents. */
  const fits = ({ author, sequence, previous, parents }: SignedRecord) => {
    const before = previous === null ? undefined : held.get(previous);
    if (before && before.author !== author) return false;
    const others = parents.every((id) => held.get(id)!.author !== author);
    return others && sequence === (before?.sequence ?? 0) + 1;
  };

  return {
    ...createView(topic, all),
    get count() {
      return held.size;
    },
    has: (id) => held.has(id),
    missing,

    /** 07.4 The one door: causes before effects, numbers without gaps. */
    add(record) {
      if (held.has(record.id) || missing(record).length > 0 || !fits(record)) return false;
      held.set(record.id, record);
      return true;
    },

    /** 07.4 How much of each author is here: chains have no holes, so the largest number says it. */
    clock: () =>
      all().reduce<VectorClock>(
        (seen, { author, sequence }) => ofRecord(author, sequence, [seen]),
        new Map(),
      ),

    /** 07.3 What the author of a record had seen. */
    clockOf: (id) =>
      fold<VectorClock>(all(), ({ author, sequence }, below) =>
        ofRecord(author, sequence, below),
      ).get(id),
  };
};
