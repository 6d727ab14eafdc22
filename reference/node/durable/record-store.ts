/**
 * The record store: where records live, under which keys, and how they are read back.
 *
 *   format                    version of this layout, network and owner
 *   record/ID                 the record, canonical JSON
 *   arrival/000000000042      ID: the order in which records were taken, causes first
 *   balance/TOPIC/ACCOUNT     minor units: a check on the fold, never its source
 *   heads/TOPIC               ids nobody names yet: the same check for the links
 *   council/accepted          certificates that the fold agreed with
 *   own/TOPIC                 the end of our own chain, where records are not stored
 *
 * One step writes all of it in one commit, so after a crash at any moment the store holds whole steps.
 * At start the records are read back in the order of arrival, folded again, and the fold is compared
 * with the balances and heads that were committed beside them. Other keys are left alone: stores of
 * earlier versions hold marks under `outbox/`, which nothing needs any more.
 *
 * Records of topics that forget stay in memory: peers bring them back. Only the end of the own chain is
 * committed, before the record is sent, so that no number is signed twice.
 */
import type { Content } from '#contracts/content.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { DurableStore, Write } from '#contracts/host.ts';
import type { Did, NetworkId, RecordId, Topic } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { OwnTip } from '#contracts/snapshot.ts';

const STORE_VERSION = 1;
/** Records kept in memory once they are durable and after a read, oldest out first: a peer that pulls asks for neighbours. */
const CACHE_MAX = 4_096;

const ACCEPTED = 'council/accepted';

const ARRIVAL_DIGITS = 12;

export interface RecordStore {
  /**
   * At start: visits every stored record in order of arrival, causes first, and gives what was noted
   * beside them.
   */
  load(visit: (record: SignedRecord) => void): Promise<Noted>;
  /** A stored record, uncommitted ones included. */
  read(id: RecordId): SignedRecord | undefined;
  /** As `read`, past the memory: what a restart would find, and what is still on its way to the disk. */
  stored(id: RecordId): SignedRecord | undefined;
  /** The writes that keep a record; it can be read from now on. */
  keep(record: SignedRecord): readonly Write[];
  /** The writes that give it up. */
  forget(id: RecordId): readonly Write[];
  /** The end of the own chain of a topic whose records are not stored, if it has begun. */
  ownTip(topic: Topic): OwnTip | undefined;
  balance(topic: Topic, account: Did, balance: bigint): Write;
  heads(topic: Topic, heads: readonly RecordId[]): Write;
  accepted(certificates: number): Write;
  /** As last committed; 0 before the first. */
  acceptedCount(): number;
  /** Writes of `keep` are durable now: the store itself can be read. */
  settled(ids: readonly RecordId[]): void;
}

/** What was noted beside the records, to hold the fold against. */
export interface Noted {
  readonly balances: ReadonlyMap<string, string>;
  readonly heads: ReadonlyMap<Topic, string>;
}

interface Format {
  readonly version: number;
  readonly network: NetworkId;
  readonly owner: Did;
}

/** What is stored was written by ourselves, so only damage makes it unreadable. */
const read = <Value extends object>(key: string, text: string): Value => {
  try {
    const value = JSON.parse(text) as Value | null;
    if (typeof value === 'object' && value !== null) return value;
    throw new Error(`expected an object, found ${text}`);
  } catch (error) {
    const reason = `${key} is damaged: ${messageOf(error)}`;
    throw new Fault('store_inconsistent', reason, { cause: error });
  }
};

/** Heads as they are noted. */
export const headsText = (heads: readonly RecordId[]): string => JSON.stringify(heads);

/** Key of a balance in `Noted.balances`. */
export const balanceKey = (topic: Topic, account: Did): string => `${topic}/${account}`;

/** The account of such a key, if it is one of this topic. */
export const accountIn = (topic: Topic, key: string): Did | undefined =>
  key.startsWith(`${topic}/`) ? (key.slice(topic.length + 1) as Did) : undefined;

/** The first write of a new store; refuses a store of another network, another owner or a newer layout. */
export const claimStore = (store: DurableStore, network: NetworkId, owner: Did): Write[] => {
  const text = store.get('format');
  const wanted: Format = { version: STORE_VERSION, network, owner };
  if (text === undefined) return [{ key: 'format', value: JSON.stringify(wanted) }];
  const found = read<Format>('format', text);
  if (found.version > STORE_VERSION) {
    throw new Fault(
      'store_newer',
      `the store has layout ${found.version}, this program knows ${STORE_VERSION}: update the program`,
    );
  }
  for (const name of ['network', 'owner'] as const) {
    if (found[name] !== wanted[name]) {
      throw new Fault(
        'network_other',
        `the store belongs to ${name} ${found[name]}, not ${wanted[name]}: use another data directory`,
      );
    }
  }
  return [];
};

const entriesUnder = async (
  store: DurableStore,
  prefix: string,
): Promise<(readonly [string, string])[]> => {
  const entries: (readonly [string, string])[] = [];
  for await (const [key, value] of store.load(prefix)) {
    entries.push([key.slice(prefix.length), value]);
  }
  return entries;
};

/** What was opened or signed has a canonical form; anything else is our own bug. */
const canonical = (content: Content, record: SignedRecord): string => {
  const text = content.canonicalize(record);
  if (!text.ok) throw new Error(`a record has no canonical form: ${text.reason}`);
  return text.value;
};

export interface RecordStoreOptions {
  readonly store: DurableStore;
  readonly content: Content;
  readonly owner: Did;
  /** Whether a topic's records are stored; those of others are remembered while the node runs. */
  readonly isDurable: (topic: Topic) => boolean;
  /** Ends of the own chain that were kept elsewhere too: the longer one counts. */
  readonly ownTips?: { readonly [topic: Topic]: OwnTip };
}

export const createRecordStore = (options: RecordStoreOptions): RecordStore => {
  const { store, content, owner, isDurable } = options;
  /** Written and perhaps not durable yet. */
  const unsettled = new Map<RecordId, SignedRecord>();
  const cache = new Map<RecordId, SignedRecord>();
  /** Of topics that forget: all that is held. */
  const remembered = new Map<RecordId, SignedRecord>();
  const ownTips = new Map<Topic, OwnTip>(Object.entries(options.ownTips ?? {}));
  let nextArrival = 0;

  /** Notes the end of the own chain; false where a longer one is noted already. */
  const noteOwn = (topic: Topic, tip: OwnTip): boolean => {
    if ((ownTips.get(topic)?.sequence ?? 0) >= tip.sequence) return false;
    ownTips.set(topic, tip);
    return true;
  };

  const rememberRecord = (record: SignedRecord): readonly Write[] => {
    remembered.set(record.id, record);
    const { topic, author, sequence, id, timestamp } = record;
    const tip = { sequence, id, timestamp };
    if (author !== owner || !noteOwn(topic, tip)) return [];
    return [{ key: `own/${topic}`, value: JSON.stringify(tip) }];
  };

  const remember = (record: SignedRecord): void => {
    cache.set(record.id, record);
    if (cache.size <= CACHE_MAX) return;
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      return;
    }
  };

  const stored = (id: RecordId): SignedRecord | undefined => {
    const underWay = remembered.get(id) ?? unsettled.get(id);
    if (underWay) return underWay;
    const text = store.get(`record/${id}`);
    return text === undefined ? undefined : read<SignedRecord>(`record/${id}`, text);
  };

  return {
    async load(visit) {
      const visited = new Set<string>();
      for await (const [key, id] of store.load('arrival/')) {
        nextArrival = Number(key.slice('arrival/'.length)) + 1;
        // A forgotten record leaves its arrival behind, and a second one if it is taken again.
        const text = store.get(`record/${id}`);
        if (text === undefined || visited.has(id)) continue;
        visited.add(id);
        visit(read<SignedRecord>(`record/${id}`, text));
      }
      for (const [topic, text] of await entriesUnder(store, 'own/')) {
        noteOwn(topic, read<OwnTip>(`own/${topic}`, text));
      }
      return {
        balances: new Map(await entriesUnder(store, 'balance/')),
        heads: new Map(await entriesUnder(store, 'heads/')),
      };
    },
    stored,
    read(id) {
      const known = cache.get(id);
      if (known) return known;
      const record = stored(id);
      if (record && !unsettled.has(id) && !remembered.has(id)) remember(record);
      return record;
    },
    keep(record) {
      if (!isDurable(record.topic)) return rememberRecord(record);
      unsettled.set(record.id, record);
      const arrival = String(nextArrival++).padStart(ARRIVAL_DIGITS, '0');
      return [
        { key: `record/${record.id}`, value: canonical(content, record) },
        { key: `arrival/${arrival}`, value: record.id },
      ];
    },
    forget(id) {
      if (remembered.delete(id)) return [];
      unsettled.delete(id);
      cache.delete(id);
      return [{ key: `record/${id}`, value: undefined }];
    },
    ownTip: (topic) => ownTips.get(topic),
    balance: (topic, account, balance) => ({
      key: `balance/${balanceKey(topic, account)}`,
      value: String(balance),
    }),
    heads: (topic, heads) => ({ key: `heads/${topic}`, value: headsText(heads) }),
    accepted: (certificates) => ({ key: ACCEPTED, value: String(certificates) }),
    acceptedCount: () => Number(store.get(ACCEPTED) ?? 0),
    settled(ids) {
      for (const id of ids) {
        const record = unsettled.get(id);
        // What came last is asked for next: by its author, whose next record follows it, and by peers.
        if (record) remember(record);
        unsettled.delete(id);
      }
    },
  };
};
