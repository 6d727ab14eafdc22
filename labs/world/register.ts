/** The register of a world: every entry that exists, by the name under which people read of it. */
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { content, TOPIC, write, type Author, type Wish } from './entries.ts';
import type { Entry, Written } from './run.ts';

export interface Register {
  readonly written: { readonly [entry: Entry]: Written };
  /** Ids and names, in the order in which they were noted. */
  readonly names: ReadonlyMap<RecordId, Entry>;
  /** The name of an id; `unknown` and its first letters for one that nobody noted. */
  entryOf(id: unknown): Entry;
  /** The entry that a record is; what goes by the name of another is called altered. */
  recordOf(record: SignedRecord): Entry;
  /** Signs an entry and notes it, once. `bad`: no node may hold it. */
  note(author: Author, wish: Wish, bad?: boolean): SignedRecord;
}

const LETTERS = 'bcdefghijklmnop'.split('');

/** The one spelling of a record; what has none is spelled by the reason. */
const textOf = (record: SignedRecord): string => {
  const text = content.canonicalize(record);
  return text.ok ? text.value : text.reason;
};

/** Why no node may hold an entry that is signed as it should be. */
const whyBad = (author: Author, { topic = TOPIC }: Wish): string | undefined => {
  if (author === 'outlaw') return 'whose author may not publish here';
  return topic === TOPIC ? undefined : 'which is of another topic';
};

export const createRegister = (): Register => {
  const names = new Map<RecordId, Entry>();
  const texts = new Map<RecordId, string>();
  const written: { [entry: Entry]: Written } = {};
  const isTaken = (entry: Entry): boolean => Object.hasOwn(written, entry);

  const entryOf = (id: unknown): Entry =>
    names.get(id as RecordId) ?? `unknown ${String(id).slice(0, 6)}`;

  return {
    written,
    names,
    entryOf,
    recordOf(record) {
      const genuine = texts.get(record.id);
      const same = genuine === undefined || genuine === textOf(record);
      return same ? entryOf(record.id) : `altered ${entryOf(record.id)}`;
    },
    note(author, wish, bad = false) {
      const record = write(author, wish);
      if (names.has(record.id)) return record;
      const { sequence, previous, parents = [] } = wish;
      const plain = `${author}#${sequence}`;
      // The second child of a fork is called ann#2b.
      const letter = isTaken(plain) ? LETTERS.find((each) => !isTaken(plain + each)) : '';
      const entry = `${plain}${letter}`;
      const links = [previous, ...parents].filter((id) => id !== null).map(entryOf);
      names.set(record.id, entry);
      texts.set(record.id, textOf(record));
      const why = whyBad(author, wish);
      written[entry] = { author, sequence, links, bad, ...(why !== undefined && { why }) };
      return record;
    },
  };
};
