/**
 * Admission: the one door through which a record enters a topic, whoever brings it and however.
 *
 *   claim -> known already? -> a record? -> id? -> signature? -> may its author? -> links there?
 *         -> its certificate certified? -> links fit? -> a surplus child of a fork?
 *         -> taken, and whatever had waited for it
 *
 * Cheap questions come first, and none is skipped for anybody: not for a file, not for a friend.
 *
 * A fork is kept as evidence, bounded: of the children of one `previous` the two smallest ids stay,
 * and any on which somebody else's held record rests, or what a certificate names. All nodes keep the same ones in the end, so all show
 * the same proof, and an author cannot fill a disk by signing one number a million times.
 */
import type { GossipEvent } from '#contracts/effects.ts';
import type { Json, RecordId } from '#contracts/identifiers.ts';
import type { Records, RecordStatus, SignedRecord } from '#contracts/records.ts';
import type { Trust } from '#contracts/trust.ts';
import type { Log, LogEntry } from './topic-log.ts';
import type { WaitingRoom } from './waiting.ts';
import type { Window } from './window.ts';

/** What became of a claim. */
export type Admission =
  | { readonly status: 'refused'; readonly event: GossipEvent; readonly reason: string }
  /** Ancestors are missing, or the certificate that it names: kept for a while. */
  | {
      readonly status: 'waiting';
      /** Ancestors to be asked for; none where only a certificate is missing. */
      readonly missing: readonly RecordId[];
      /** Others that had to leave the waiting room for it. */
      readonly left: readonly RecordId[];
    }
  /** In the log now: the record and those that had waited for it, causes first. */
  | {
      readonly status: 'taken';
      readonly records: readonly SignedRecord[];
      /** Surplus children that left the log for it, effects first. */
      readonly forgotten: readonly RecordId[];
      /** Those that were the second child of their `previous`. */
      readonly forks: readonly SignedRecord[];
    };

/** The rooms behind the door. */
interface Rooms {
  readonly log: Log;
  readonly waiting: WaitingRoom;
  readonly window: Window | undefined;
  /** Whether something outside of the topic names a record: it is kept for that. */
  readonly isNamed: (id: RecordId) => boolean;
  readonly isCertified: (certificate: RecordId) => boolean;
}

type Named = Rooms['isNamed'];

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

/** The id that a claim gives itself, if it gives one. */
export const claimedId = (claim: Json): RecordId | undefined => {
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined;
  const id = (claim as { readonly id?: unknown }).id;
  return typeof id === 'string' ? (id as RecordId) : undefined;
};

/** What a record waits for: links that are not held, and the certificate that it names. */
const lackedBy = ({ log, isCertified }: Rooms, record: SignedRecord): readonly RecordId[] => {
  const missing = log.missing(record);
  const { certificate } = record;
  return certificate === undefined || isCertified(certificate)
    ? missing
    : [...missing, certificate];
};

/** Whether anything by another author, or a name from outside, rests on a held record. */
const carriesOthers = (log: Log, id: RecordId, isNamed: Named): boolean => {
  const author = log.entry(id)?.author;
  const seen = new Set<RecordId>([id]);
  for (const each of seen) {
    if (isNamed(each)) return true;
    for (const citer of log.entry(each)?.citers ?? []) {
      if (log.entry(citer)?.author !== author) return true;
      seen.add(citer);
    }
  }
  return false;
};

/** A held record and all that rests on it, effects first. */
const withDescendants = (log: Log, root: RecordId): LogEntry[] => {
  const found = new Set<RecordId>([root]);
  for (const id of found) for (const citer of log.entry(id)?.citers ?? []) found.add(citer);
  return [...found]
    .map((id) => log.entry(id))
    .filter((entry): entry is LogEntry => entry !== undefined)
    .sort((left, right) => right.depth - left.depth);
};

/** A held record and its author's records before it, back to the first. */
const stem = (log: Log, id: RecordId): LogEntry[] => {
  const entries: LogEntry[] = [];
  let entry = log.entry(id);
  while (entry) {
    entries.push(entry);
    entry = entry.previous === null ? undefined : log.entry(entry.previous);
  }
  return entries;
};

/**
 * Whether a fork has no room for one more child: two smaller ones are held, and nobody else's record
 * would rest on it. One that rests on it and lacks something else besides does not count yet.
 */
const isSurplus = ({ log, waiting, isNamed }: Rooms, record: SignedRecord): boolean => {
  const smaller = log
    .children(record.author, record.previous)
    .filter((id) => id < record.id).length;
  return smaller >= SIBLINGS_KEPT && !waiting.freesOthers(record.id, record.author, isNamed);
};

/**
 * Removes surplus children, of the forks that these records are in and of every fork where a removed
 * record had held one up. What stays is the same whatever the order: only records that nobody needs
 * are removed, and a removal never makes another one needed. Gives the ids, effects first.
 */
const dropSurplus = (log: Log, records: readonly SignedRecord[], isNamed: Named): RecordId[] => {
  const forgotten: RecordId[] = [];
  const forked = new Set(log.forked());
  const suspects: Pick<LogEntry, 'author' | 'previous'>[] = [...records];
  for (const { author, previous } of suspects) {
    if (previous !== null && !log.has(previous)) continue;
    const later = [...log.children(author, previous)].sort().slice(SIBLINGS_KEPT);
    for (const child of later) {
      if (carriesOthers(log, child, isNamed)) continue;
      const removed = withDescendants(log, child);
      for (const { id } of removed) {
        log.remove(id);
        forgotten.push(id);
      }
      // All of them are by one author and parents are by others: those that were held are held still.
      for (const parent of removed.flatMap(({ parents }) => parents)) {
        const named = log.entry(parent);
        if (!named || !forked.has(named.author)) continue;
        // One by one: a chain may be longer than a call can have arguments.
        for (const entry of stem(log, parent)) suspects.push(entry);
      }
    }
  }
  return forgotten;
};

/** Puts one record whose links are all held into the log; gives the refusal if it may not enter. */
const enter = (rooms: Rooms, record: SignedRecord): Admission | undefined => {
  if (isSurplus(rooms, record)) return refuseSurplus(record);
  if (rooms.log.add(record)) return undefined;
  return refuse(
    'record_links_malformed',
    `sequence ${record.sequence} does not follow ${record.previous ?? 'the start of a chain'}, or a parent is the author's own`,
  );
};

const refuseSurplus = ({ previous }: SignedRecord): Admission =>
  refuse(
    'record_surplus_child',
    `${SIBLINGS_KEPT} smaller children of ${previous ?? 'the start'} prove the fork already`,
  );

/**
 * A record that does not enter: what waits for it waits in vain, unless somebody else's record may yet save
 * it. A surplus child may be saved together with another, so it is kept in mind.
 */
const giveUp = ({ waiting, isNamed }: Rooms, record: SignedRecord, isSurplus: boolean): void => {
  if (!waiting.awaitedByOthers(record.id, record.author, isNamed)) waiting.abandon(record.id);
  else if (isSurplus) waiting.spare(record);
};

const isOfSurplus = (refusal: Admission): boolean =>
  refusal.status === 'refused' && refusal.event === 'record_surplus_child';

/** Takes a record and then, causes first, all that waited for it. */
const take = (rooms: Rooms, first: SignedRecord): Admission => {
  const { log, waiting } = rooms;
  const refusal = enter(rooms, first);
  if (refusal) {
    giveUp(rooms, first, isOfSurplus(refusal));
    return refusal;
  }
  const entered = [first];
  const forks: SignedRecord[] = [];
  for (const record of entered) {
    if (log.children(record.author, record.previous).length === 2) forks.push(record);
    const judge = (next: SignedRecord): void => {
      const refusal = enter(rooms, next);
      if (refusal) giveUp(rooms, next, isOfSurplus(refusal));
      else entered.push(next);
    };
    for (const next of waiting.arrived(record.id)) {
      // A link that was there when the record began to wait may have been a surplus child since.
      const lacked = lackedBy(rooms, next);
      if (lacked.length > 0) waiting.add(next, lacked);
      else judge(next);
    }
    for (const next of waiting.takeSpared()) {
      if (!log.has(next.id) && lackedBy(rooms, next).length === 0) judge(next);
    }
  }
  const crowded = entered.filter(
    ({ author, previous }) => log.children(author, previous).length > SIBLINGS_KEPT,
  );
  if (crowded.length === 0) return { status: 'taken', records: entered, forgotten: [], forks };
  const dropped = dropSurplus(log, crowded, rooms.isNamed);
  waiting.lost(dropped);
  for (const record of entered) if (!log.has(record.id)) giveUp(rooms, record, true);
  const fresh = new Set(entered.map(({ id }) => id));
  const records = entered.filter(({ id }) => log.has(id));
  if (records.length === 0) return refuseSurplus(first);
  return { status: 'taken', records, forgotten: dropped.filter((id) => !fresh.has(id)), forks };
};

/** The door. See the file's first lines. */
export const createAdmission = (records: Records, trust: Trust, rooms: Rooms) => {
  const { log, waiting, window } = rooms;

  /** Takes a record that is known to be one: our own, or one that was opened. */
  const admit = (record: SignedRecord): Admission => {
    if (!trust.mayPublish(record.topic, record.author)) {
      return refuse('record_not_permitted', `${record.author} may not publish in ${record.topic}`);
    }
    const outside = window?.refusal(record);
    if (outside) {
      const { sequence, author, timestamp } = record;
      return refuse(outside, `record ${sequence} of ${author}, dated ${timestamp} ms`);
    }
    const lacked = lackedBy(rooms, record);
    if (lacked.length === 0) return take(rooms, record);
    const left = waiting.add(record, lacked);
    return { status: 'waiting', missing: log.missing(record), left };
  };

  /** Takes a claim that came from anywhere. */
  const offer = (claim: Json): Admission => {
    const id = claimedId(claim);
    if (id !== undefined && (log.has(id) || waiting.has(id))) {
      return refuse('record_duplicate', `${id} is here already`);
    }
    const opened = records.open(claim);
    if (!opened.ok) return refuse(EVENTS[opened.status], opened.reason);
    const record = opened.value;
    if (record.topic !== log.topic) {
      return refuse('record_topic_unknown', `expected ${log.topic}, got ${record.topic}`);
    }
    return admit(record);
  };

  /** A link counts as missing no longer, or a certificate came: takes what waited for nothing else. */
  const free = (id: RecordId): readonly Admission[] =>
    waiting.arrived(id).map((record) => admit(record));

  return { admit, offer, free };
};
