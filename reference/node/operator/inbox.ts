/**
 * The operator's desk: what a node answers of its inbox, and what an operator may do with it.
 *
 * A release asks again from the first byte: is it a record, does the ledger hold it, does it count? What
 * never was a record is offered to the topic's own door, like anything from a file. An item leaves the
 * inbox only if the answer is yes.
 */
import type { Effect } from '#contracts/effects.ts';
import type { DurableStore, Host, Write } from '#contracts/host.ts';
import type { Json, Topic } from '#contracts/identifiers.ts';
import type { Node, NodeQuarantine, ReleaseStatus } from '#contracts/node.ts';
import { accepted, refused, type Refused } from '#contracts/outcome.ts';
import type { Quarantine, QuarantineItem, Review } from '#contracts/quarantine.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Gossips } from '../topics/topics.ts';

export interface InboxOptions {
  readonly quarantine: Quarantine;
  readonly host: Pick<Host, 'now' | 'monotonic'>;
  readonly gossips: Gossips;
  /** Resolves when the writes are durable. */
  readonly write: (writes: readonly Write[]) => Promise<void>;
  /** Resolves when the effects are durable and said. */
  readonly performed: (topic: Topic, effects: readonly Effect[]) => Promise<void>;
}

/** Reads the inbox back; gives the writes that clean it, and how much of it was damaged. */
export const restoreInbox = async (
  store: DurableStore,
  quarantine: Quarantine,
): Promise<ReturnType<Quarantine['restore']>> => {
  const entries: (readonly [string, string])[] = [];
  for (const prefix of ['quarantine/', 'merge/']) {
    for await (const entry of store.load(prefix)) entries.push(entry);
  }
  return quarantine.restore(entries);
};

export const createInbox = (options: InboxOptions): Pick<Node, 'mergeReport' | 'quarantine'> => {
  const { quarantine, host, gossips, write, performed } = options;
  /** Keys that somebody is releasing. */
  const underWay = new Set<string>();

  /** Lets the door of its topic look at a record that the ledger does not hold. */
  const offer = async (record: SignedRecord): Promise<void> => {
    const claim = record as unknown as Json; // Its schema makes it JSON.
    const effects = gossips.get(record.topic)?.import(host.monotonic(), [claim]);
    if (effects) await performed(record.topic, effects);
  };

  const refusalOf = (
    { reason, detail }: QuarantineItem,
    review: Review,
  ): Refused<ReleaseStatus> => {
    if (review.worth === 'unknown') return refused('quarantine_unknown', 'it is not here any more');
    const today = review.worth === 'refused' ? review : { reason, detail };
    return refused('still_refused', `${today.reason}: ${today.detail}`);
  };

  const release: NodeQuarantine['release'] = async (key) => {
    if (underWay.has(key)) return refused('quarantine_busy', `${key} is being released`);
    const item = quarantine.get(host.now(), key);
    if (!item) return refused('quarantine_unknown', `nothing in quarantine has the key ${key}`);
    underWay.add(key);
    try {
      const first = quarantine.review(host.now(), key);
      if (first.worth === 'admissible') await offer(first.record);
      const review = quarantine.review(host.now(), key);
      const writes = review.worth === 'stands' ? quarantine.drop(host.now(), key) : undefined;
      if (!writes) return refusalOf(item, review);
      await write(writes);
      return accepted(item.id);
    } finally {
      underWay.delete(key);
    }
  };

  return {
    mergeReport: () => quarantine.lastDecision(),
    quarantine: {
      list: () => quarantine.list(host.now()),
      get: (key) => quarantine.get(host.now(), key),
      release,
      async drop(key) {
        const writes = quarantine.drop(host.now(), key);
        if (writes) await write(writes);
        return writes !== undefined;
      },
      async purge() {
        const { purged, writes } = quarantine.purgeExpired(host.now());
        if (purged > 0) await write(writes);
        return purged;
      },
    },
  };
};
