/**
 * The inbox: a ring with real eviction.
 *
 * Items lie in the order in which they came, whatever their clocks say, and the oldest leaves first. Three
 * crowds are bounded: what one author signed, what one peer brought, and everything. Whoever floods the
 * inbox fills a quarter of it and then pushes out its own. A forgery counts against the peer that brought
 * it and never against the author it names, or one could bury a stranger's evidence in its name.
 *
 * An item expires when somebody looks: `now >= expiresAt`. The clock may jump either way; order and bounds
 * do not depend on it.
 */
import type { Write } from '#contracts/host.ts';
import {
  QUARANTINE_SHARES,
  type QuarantineLimits,
  type QuarantineRecord,
} from '#contracts/quarantine.ts';
import { itemKey } from './stored.ts';

interface Slot {
  readonly number: number;
  readonly record: QuarantineRecord;
  /** As it is stored. */
  readonly bytes: number;
}

/** Who shares a bound. */
interface Crowd {
  readonly has: (slot: Slot) => boolean;
  readonly itemsMax: number;
  readonly bytesMax: number;
}

export interface Inbox {
  /** Takes an item, unless its like is here already. */
  add(now: number, record: QuarantineRecord): readonly Write[];
  /** Puts back what was stored under a number, numbers ascending. */
  restore(number: number, record: QuarantineRecord): readonly Write[];
  list(now: number): readonly QuarantineRecord[];
  get(now: number, key: string): QuarantineRecord | undefined;
  drop(now: number, key: string): readonly Write[] | undefined;
  purgeExpired(now: number): readonly Write[];
  readonly evicted: number;
}

const isExpired = (now: number, { record }: Slot): boolean => now >= record.expiresAt;

export const createInbox = ({ itemsMax, bytesMax }: QuarantineLimits): Inbox => {
  /** By key; a Map keeps the order of insertion. */
  const slots = new Map<string, Slot>();
  let nextNumber = 0;
  let evicted = 0;

  const share = {
    itemsMax: Math.max(1, Math.floor(itemsMax / QUARANTINE_SHARES)),
    bytesMax: Math.floor(bytesMax / QUARANTINE_SHARES),
  };

  /** The crowds that an item is part of, the narrow ones first. */
  const crowdsOf = ({ author, proven, peer }: QuarantineRecord): readonly Crowd[] => [
    ...(proven
      ? [{ ...share, has: ({ record }: Slot) => record.proven && record.author === author }]
      : []),
    ...(peer === null ? [] : [{ ...share, has: ({ record }: Slot) => record.peer === peer }]),
    { itemsMax, bytesMax, has: () => true },
  ];

  const remove = ({ number, record }: Slot): Write => {
    slots.delete(record.key);
    return { key: itemKey(number), value: undefined };
  };

  /** Takes the oldest out of a crowd until it is within its bounds. */
  const thin = (crowd: Crowd): Write[] => {
    const members = [...slots.values()].filter(crowd.has);
    let bytes = members.reduce((sum, slot) => sum + slot.bytes, 0);
    let count = members.length;
    const writes: Write[] = [];
    for (const oldest of members) {
      if (count <= crowd.itemsMax && bytes <= crowd.bytesMax) break;
      writes.push(remove(oldest));
      bytes -= oldest.bytes;
      count -= 1;
      evicted += 1;
    }
    return writes;
  };

  const put = (number: number, record: QuarantineRecord): Slot => {
    const slot = { number, record, bytes: Buffer.byteLength(JSON.stringify(record)) };
    nextNumber = Math.max(nextNumber, number + 1);
    slots.set(record.key, slot);
    return slot;
  };

  const purgeExpired = (now: number): Write[] =>
    [...slots.values()].filter((slot) => isExpired(now, slot)).map(remove);

  const live = (now: number, key: string): Slot | undefined => {
    const slot = slots.get(key);
    return slot && !isExpired(now, slot) ? slot : undefined;
  };

  return {
    add(now, record) {
      if (live(now, record.key)) return [];
      // The expired leave first: nobody's evidence makes way for what is not here any more.
      const gone = purgeExpired(now);
      const { number } = put(nextNumber, record);
      const added = { key: itemKey(number), value: JSON.stringify(record) };
      return [...gone, added, ...crowdsOf(record).flatMap(thin)];
    },
    restore(number, record) {
      if (slots.has(record.key)) return [{ key: itemKey(number), value: undefined }];
      put(number, record);
      return crowdsOf(record).flatMap(thin);
    },
    list: (now) =>
      [...slots.values()]
        .filter((slot) => !isExpired(now, slot))
        .map(({ record }) => record)
        .reverse(),
    get: (now, key) => live(now, key)?.record,
    drop(now, key) {
      const slot = live(now, key);
      return slot && [remove(slot)];
    },
    purgeExpired,
    get evicted() {
      return evicted;
    },
  };
};
