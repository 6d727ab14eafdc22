/**
 * Given: what every gossip needs and teaches no gossip. Read it, use it, leave it as it is.
 *
 *   createView   the questions about a log that labs 08 and 09 ask
 *   linksOf      what a record names; claimedId what a claim goes by
 *   few, nonce   chance: whom to tell, and names for questions
 *   createPace   how long until the next digest
 */
import type { GossipSettings } from '#contracts/gossip.ts';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Knowledge, Tip } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';

/** The ids that a record names: its author's record before, and the heads by others that it saw. */
export const linksOf = ({ previous, parents }: SignedRecord): readonly RecordId[] =>
  previous === null ? parents : [previous, ...parents];

/** A record as it travels: its schema makes it JSON. */
export const asJson = (record: SignedRecord): Json => record as unknown as Json;

/** The id that a claim goes by, if it has one. Nothing says yet that it is right. */
export const claimedId = (claim: Json): RecordId | undefined =>
  (claim as { readonly id?: RecordId } | null)?.id;

/** Gives every record a value that follows from the values of what it names; causes come first in `all`. */
export const fold = <Value>(
  all: readonly SignedRecord[],
  valueOf: (record: SignedRecord, below: Value[]) => Value,
): ReadonlyMap<RecordId, Value> => {
  const values = new Map<RecordId, Value>();
  for (const record of all) {
    const below = linksOf(record).map((id) => values.get(id)!);
    values.set(record.id, valueOf(record, below));
  }
  return values;
};

const idOf = ({ id }: SignedRecord) => id;
const byAuthor = (left: Tip, right: Tip) => {
  if (left.author !== right.author) return left.author < right.author ? -1 : 1;
  return left.sequence - right.sequence || (left.id < right.id ? -1 : 1);
};

export type View = Pick<
  Knowledge,
  'topic' | 'tips' | 'heads' | 'run' | 'depth' | 'forked' | 'ordered'
>;

/** What can be asked of a log, as passes over all that is held; `all` gives it, causes first. */
export const createView = (topic: Topic, all: () => readonly SignedRecord[]): View => {
  const depths = () => fold<number>(all(), (_, below) => Math.max(-1, ...below) + 1);
  const chainOf = (did: Did) => all().filter(({ author }) => author === did);
  return {
    topic,
    tips() {
      const followed = new Set(all().map(({ previous }) => previous));
      const last = all().filter(({ id }) => !followed.has(id));
      return last.map(({ author, sequence, id }) => ({ author, sequence, id })).sort(byAuthor);
    },
    heads() {
      const cited = new Set(all().flatMap(linksOf));
      return all()
        .map(idOf)
        .filter((id) => !cited.has(id))
        .sort();
    },
    run: (author, from, to) =>
      chainOf(author)
        .filter(({ sequence }) => from <= sequence && sequence <= to)
        .map(idOf),
    depth: (id) => depths().get(id)!,
    forked() {
      const authors = [...new Set(all().map(({ author }) => author))];
      const numbers = (did: Did) => new Set(chainOf(did).map(({ sequence }) => sequence));
      return authors.filter((did) => chainOf(did).length > numbers(did).size).sort();
    },
    ordered() {
      const depth = depths();
      return all()
        .map(idOf)
        .sort()
        .sort((left, right) => depth.get(left)! - depth.get(right)!);
    },
  };
};

/** A few of those who listen, drawn anew each time: more the more there are, so that news needs few hops. */
export const few = (listeners: Iterable<Did>, random: () => number): readonly Did[] => {
  const drawn = [...listeners].map((did) => ({ did, place: random() }));
  const count = Math.ceil(Math.log2(drawn.length + 1)) + 1;
  const sorted = drawn.sort((left, right) => left.place - right.place);
  return sorted.slice(0, Math.min(10, Math.max(3, count))).map(({ did }) => did);
};

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A name for a question that nobody guesses: 16 bytes as base64url, as the wire wants it. */
export const nonce = (random: () => number): string => {
  const letters = Array.from({ length: 21 }, () => LETTERS[Math.floor(random() * 64)]!);
  return [...letters, LETTERS[Math.floor(random() * 4) * 16]].join('');
};

/** How long until the next digest: longer and longer while nothing happens, soon after news. */
export interface Pace {
  /** A digest is said now: the delay until the next. */
  next(): number;
  /** Something new came: a shorter delay, if the one under way has grown. */
  sooner(): number | undefined;
}

export const createPace = (settings: GossipSettings, random: () => number): Pace => {
  const { digestIntervalMs, digestIntervalMsMax, digestJitterMs } = settings;
  let intervalMs = digestIntervalMs / 2;
  const jittered = () => Math.round(intervalMs + (2 * random() - 1) * digestJitterMs);
  return {
    next() {
      intervalMs = Math.min(intervalMs * 2, digestIntervalMsMax);
      return jittered();
    },
    sooner() {
      if (intervalMs <= digestIntervalMs) return undefined;
      intervalMs = digestIntervalMs;
      return jittered();
    },
  };
};
