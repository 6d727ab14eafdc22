/**
 * The log of one topic: the entries that are held, causes before effects.
 *
 * An entry enters when everything it names is there. So chains have no holes, and whatever is held can be
 * read off the list: `createView` answers most questions by passing over it.
 */
import { todo } from '#checkpoint';
import type { VectorClock } from '#contracts/clock.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { CreateTopicLog } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { ofRecord } from './clock.ts';
import { createView, fold, linksOf } from './given.ts';

export const create: CreateTopicLog = (topic) => {
  const held = new Map<RecordId, SignedRecord>();
  const all = () => [...held.values()];

  /** 07.4 What an entry names (`linksOf`) and is not held, each once. */
  const missing = (record: SignedRecord): readonly RecordId[] => todo('07.4');

  return {
    ...createView(topic, all),
    get count() {
      return held.size;
    },
    has: (id) => held.has(id),
    missing,

    /**
     * 07.4 The one door. True, and the entry is held, if it was not held already, nothing it names is
     * missing, and it is the next of its chain: its sequence is one more than that of its `previous`,
     * which is by the same author (1, if it has none), and its parents are by others. False otherwise.
     */
    add: (record) => todo('07.4'),

    /** 07.4 Per author how much is held: n says that 1..n are all here. */
    clock: () => todo('07.4'),

    /** Given: the clock of one entry, by your `ofRecord`. */
    clockOf: (id) =>
      fold<VectorClock>(all(), ({ author, sequence }, below) =>
        ofRecord(author, sequence, below),
      ).get(id),
  };
};
