/**
 * The log that knows its records and nothing else: even whether one is held is found by going through
 * all of them, and the clock is made by merging the clocks of all entries.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { CreateTopicLog } from '#contracts/knowledge.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { merge, ofRecord } from './clock.ts';
import { createView, fold, linksOf } from './given.ts';

export const create: CreateTopicLog = (topic) => {
  const records: SignedRecord[] = [];
  const find = (id: RecordId | null) => records.filter((record) => record.id === id).at(0);
  const authorOf = (id: RecordId): Did | undefined => find(id)?.author;
  const clocks = () =>
    fold<VectorClock>(records, ({ author, sequence }, below) => ofRecord(author, sequence, below));

  return {
    ...createView(topic, () => records),
    get count() {
      return records.length;
    },
    has: (id) => find(id) !== undefined,
    missing(record) {
      const lacking = linksOf(record).filter((id) => !find(id));
      return lacking.filter((id, index) => lacking.indexOf(id) === index);
    },
    add(record) {
      const { id, author, sequence, previous, parents } = record;
      if (find(id) || linksOf(record).some((link) => !find(link))) return false;
      if (parents.some((parent) => authorOf(parent) === author)) return false;
      if (previous !== null && authorOf(previous) !== author) return false;
      if (sequence !== 1 + (find(previous)?.sequence ?? 0)) return false;
      records.push(record);
      return true;
    },
    clock: () => [...clocks().values()].reduce(merge, new Map()),
    clockOf: (id) => clocks().get(id),
  };
};
