/**
 * Admission: the one door through which a record enters a topic, whoever brings it and however.
 *
 *   claim -> known already? -> a record? -> id? -> signature? -> may its author? -> links there?
 *         -> links fit? -> a surplus child of a fork? -> taken, and whatever had waited for it
 *
 * Cheap questions come first, and none is skipped for anybody: not for a file, not for a friend.
 *
 * A fork is kept as evidence, bounded: of the children of one `previous` the two smallest ids stay,
 * and any on which somebody else's record rests. All nodes keep the same ones in the end, so all show
 * the same proof, and an author cannot fill a disk by signing one number a million times.
 */
import type { GossipEvent } from '#contracts/effects.ts';
import type { Json, RecordId } from '#contracts/identifiers.ts';
import type { Records, RecordStatus, SignedRecord } from '#contracts/records.ts';
import type { Trust } from '#contracts/trust.ts';
import type { LogEntry, TopicLog } from './topic-log.ts';
import type { WaitingRoom } from './waiting.ts';

/** What became of a claim. */
export type Admission =
  | { readonly status: 'refused'; readonly event: GossipEvent; readonly reason: string }
  /** Ancestors are missing: kept for a while, and to be asked for. */
  | { readonly status: 'waiting'; readonly missing: readonly RecordId[] }
  /** In the log now: the record and those that had waited for it, causes first. */
  | {
      readonly status: 'taken';
      readonly records: readonly SignedRecord[];
      /** Surplus children that left the log for it, effects first. */
      readonly forgotten: readonly RecordId[];
      /** Whether this record made its author a forked one. */
      readonly forked: boolean;
    };

/** One topic, as admission needs it. */
export interface TopicState {
  readonly log: TopicLog;
  readonly waiting: WaitingRoom;
}

const EVENTS: { readonly [Status in RecordStatus]: GossipEvent } = {
  malformed: 'record_malformed',
  network_mismatch: 'record_network_mismatch',
  id_mismatch: 'record_id_mismatch',
  signature_invalid: 'record_signature_invalid',
};

const SIBLINGS_KEPT = 2;

const refuse = (event: GossipEvent, reason: string): Admission => ({
  status: 'refused',
  event,
  reason,
});

const claimedId = (claim: Json): RecordId | undefined => {
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined;
  const id = (claim as { readonly id?: unknown }).id;
  return typeof id === 'string' ? (id as RecordId) : undefined;
};

/** Whether anything by another author rests on a held record. */
const carriesOthers = (log: TopicLog, id: RecordId): boolean => {
  const author = log.entry(id)?.author;
  const seen = new Set<RecordId>([id]);
  for (const each of seen) {
    for (const citer of log.entry(each)?.citers ?? []) {
      if (log.entry(citer)?.author !== author) return true;
      seen.add(citer);
    }
  }
  return false;
};

/** A held record and all that rests on it, effects first. */
const withDescendants = (log: TopicLog, root: RecordId): RecordId[] => {
  const found = new Set<RecordId>([root]);
  for (const id of found) for (const citer of log.entry(id)?.citers ?? []) found.add(citer);
  return [...found]
    .map((id) => log.entry(id))
    .filter((entry): entry is LogEntry => entry !== undefined)
    .sort((left, right) => right.depth - left.depth)
    .map(({ id }) => id);
};

/** Whether a fork has room for one more child: it is among the smallest, or others rest on it. */
const isSurplus = ({ log, waiting }: TopicState, record: SignedRecord): boolean => {
  const smaller = log
    .children(record.author, record.previous)
    .filter((id) => id < record.id).length;
  return smaller >= SIBLINGS_KEPT && !waiting.awaitedByOthers(record.id, record.author);
};

/** Removes the children that a smaller one has made surplus; gives their ids, effects first. */
const dropSurplus = (log: TopicLog, record: SignedRecord): RecordId[] => {
  const forgotten: RecordId[] = [];
  const later = [...log.children(record.author, record.previous)].sort().slice(SIBLINGS_KEPT);
  for (const id of later) {
    if (carriesOthers(log, id)) continue;
    for (const each of withDescendants(log, id)) {
      log.remove(each);
      forgotten.push(each);
    }
  }
  return forgotten;
};

/** Takes one record whose links are all held. */
const take = (state: TopicState, record: SignedRecord): Admission => {
  if (!state.log.linked(record)) {
    return refuse(
      'record_links_malformed',
      `sequence ${record.sequence} does not follow ${record.previous ?? 'the start of a chain'}, or a parent is the author's own`,
    );
  }
  if (isSurplus(state, record)) {
    return refuse(
      'record_surplus_child',
      `${SIBLINGS_KEPT} smaller children of ${record.previous ?? 'the start'} prove the fork already`,
    );
  }
  state.log.add(record);
  const siblings = state.log.children(record.author, record.previous).length;
  const forgotten = siblings > SIBLINGS_KEPT ? dropSurplus(state.log, record) : [];
  return { status: 'taken', records: [record], forgotten, forked: siblings === 2 };
};

/** Takes a record and then, causes first, all that waited for it. */
const takeWithDependents = (state: TopicState, first: SignedRecord): Admission => {
  const outcome = take(state, first);
  if (outcome.status !== 'taken') {
    state.waiting.abandon(first.id);
    return outcome;
  }
  const records = [...outcome.records];
  const forgotten = [...outcome.forgotten];
  let forked = outcome.forked;
  for (const taken of records) {
    for (const next of state.waiting.arrived(taken.id)) {
      // A link that was there when the record began to wait may have been a surplus child since.
      const missing = state.log.missing(next);
      if (missing.length > 0) {
        state.waiting.add(next, missing);
        continue;
      }
      const followed = take(state, next);
      if (followed.status !== 'taken') {
        state.waiting.abandon(next.id);
        continue;
      }
      records.push(next);
      forgotten.push(...followed.forgotten);
      forked ||= followed.forked;
    }
  }
  return { status: 'taken', records, forgotten, forked };
};

/** The door. See the file's first lines. */
export const createAdmission = (records: Records, trust: Trust) => {
  /** Takes a record that is known to be one: our own, or one that was opened. */
  const admit = (state: TopicState, record: SignedRecord): Admission => {
    if (!trust.mayPublish(record.topic, record.author)) {
      return refuse('record_not_permitted', `${record.author} may not publish in ${record.topic}`);
    }
    const missing = state.log.missing(record);
    if (missing.length === 0) return takeWithDependents(state, record);
    state.waiting.add(record, missing);
    return { status: 'waiting', missing };
  };

  /** Takes a claim that came from anywhere. */
  const offer = (state: TopicState, claim: Json): Admission => {
    const id = claimedId(claim);
    if (id !== undefined && (state.log.has(id) || state.waiting.has(id))) {
      return refuse('record_duplicate', `${id} is here already`);
    }
    const opened = records.open(claim);
    if (!opened.ok) return refuse(EVENTS[opened.status], opened.reason);
    const record = opened.value;
    if (record.topic !== state.log.topic) {
      return refuse('record_topic_unknown', `expected ${state.log.topic}, got ${record.topic}`);
    }
    return admit(state, record);
  };

  return { admit, offer };
};
