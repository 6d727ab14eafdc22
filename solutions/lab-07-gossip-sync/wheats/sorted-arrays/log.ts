/**
 * The log as a value: an immutable list of records that is replaced by a longer one. There is no index;
 * whatever is asked is looked for in the list.
 */
import type { VectorClock } from '#contracts/clock.ts';
import type { CreateTopicLog } from '#contracts/knowledge.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { merge, ofRecord } from './clock.ts';
import { createView, linksOf } from './given.ts';

type State = readonly SignedRecord[];

const find = (state: State, id: RecordId | null): SignedRecord | undefined =>
  state.find((record) => record.id === id);

const lacks = (state: State, record: SignedRecord): readonly RecordId[] => [
  ...new Set(linksOf(record).filter((id) => !find(state, id))),
];

const follows = (state: State, record: SignedRecord): boolean => {
  const { author, sequence, previous, parents } = record;
  const before = find(state, previous);
  if (previous === null && sequence !== 1) return false;
  if (previous !== null && (before?.author !== author || before.sequence + 1 !== sequence)) {
    return false;
  }
  return parents.every((id) => find(state, id)?.author !== author);
};

/** The state after a record is offered: the same one, if the record is not taken. */
const offer = (state: State, record: SignedRecord): State => {
  if (find(state, record.id) || lacks(state, record).length > 0) return state;
  return follows(state, record) ? [...state, record] : state;
};

const clockIn = (state: State, id: RecordId): VectorClock => {
  const record = find(state, id)!;
  const below = linksOf(record).map((link) => clockIn(state, link));
  return ofRecord(record.author, record.sequence, below);
};

export const create: CreateTopicLog = (topic) => {
  let state: State = [];
  return {
    ...createView(topic, () => state),
    get count() {
      return state.length;
    },
    has: (id) => find(state, id) !== undefined,
    missing: (record) => lacks(state, record),
    add(record) {
      const before = state;
      state = offer(state, record);
      return state !== before;
    },
    clock: () =>
      state
        .map(({ author, sequence }): VectorClock => new Map([[author, sequence]]))
        .reduce(merge, new Map()),
    clockOf: (id) => (find(state, id) ? clockIn(state, id) : undefined),
  };
};
