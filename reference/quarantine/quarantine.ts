/**
 * Quarantine: the ledger decides, and this says what it decided, to people.
 *
 *     merge.ts    a batch of entries becomes a decision
 *     door.ts     what gossip refused before there was an entry
 *     inbox.ts    what an operator should see: bounded, by author and by peer, for seven days
 *     stored.ts   both on disk
 *     proof.ts    two signed records that convict their author, for anybody
 *
 * Nothing here decides anything about a balance. That is why an inbox may evict, forget and be wrong
 * about the time.
 */
import type { Write } from '#contracts/host.ts';
import type { MergeDecision, MergeFacts } from '#contracts/merge.ts';
import {
  QUARANTINE_BYTES_MAX,
  QUARANTINE_ITEMS_MAX,
  QUARANTINE_TTL_MS,
  REASON_OF,
  type CreateQuarantine,
  type Merged,
  type QuarantineLimits,
} from '#contracts/quarantine.ts';
import { RECORD_BYTES_MAX, type RecordStatus } from '#contracts/records.ts';
import { createInbox } from './inbox.ts';
import { createBatch, objectionTo, type Findings } from './merge.ts';
import { DECISION_KEY, decisionWrite, numberIn, readDecision, readItem } from './stored.ts';

const LIMITS: QuarantineLimits = {
  itemsMax: QUARANTINE_ITEMS_MAX,
  bytesMax: QUARANTINE_BYTES_MAX,
  ttlMs: QUARANTINE_TTL_MS,
};

/** Facts with the two questions that everybody asks of them. */
const decisionOf = (facts: MergeFacts): MergeDecision => ({
  ...facts,
  hasIssues: () =>
    [facts.quarantined, facts.conflicts, facts.displaced].some(({ length }) => length > 0),
  totalProcessed: () =>
    [facts.accepted, facts.discarded, facts.quarantined, facts.pending].reduce(
      (sum, { length }) => sum + length,
      0,
    ),
});

/** Whether a batch brought anything but what was known or has to wait. */
const isNews = ({ accepted, quarantined, displaced }: MergeFacts): boolean =>
  accepted.length + quarantined.length + displaced.length > 0;

/** A claim that opens no more is what its refusal says; a shape that changed with the program too. */
const REFUSED_AS: { readonly [Status in RecordStatus]: 'id_mismatch' | 'signature_invalid' } = {
  malformed: 'signature_invalid',
  network_mismatch: 'signature_invalid',
  id_mismatch: 'id_mismatch',
  signature_invalid: 'signature_invalid',
};

/** The reference filling of layer 9. */
export const create: CreateQuarantine = (options) => {
  const { ledger, records, limits = LIMITS } = options;
  const inbox = createInbox(limits);
  let last: MergeDecision | undefined;

  const keep = (now: number, { facts, items }: Findings): Merged => {
    const decision = decisionOf(facts);
    if (!isNews(facts)) return { decision, writes: [] };
    last = decision;
    const writes: Write[] = [decisionWrite(facts)];
    const expiresAt = now + limits.ttlMs;
    for (const { item, claim } of items) {
      const record = { ...item, claim, expiresAt };
      if (JSON.stringify(claim).length <= RECORD_BYTES_MAX) writes.push(...inbox.add(now, record));
    }
    return { decision, writes };
  };
  const begin = () => createBatch(options, keep);

  return {
    begin,
    mergeBatch(now, entries) {
      const batch = begin();
      for (const entry of entries) batch.add(entry);
      return batch.close(now);
    },
    lastDecision: () => last,

    list: inbox.list,
    get: inbox.get,
    count: (now) => inbox.list(now).length,
    drop: inbox.drop,
    purgeExpired(now) {
      const writes = inbox.purgeExpired(now);
      return { purged: writes.length, writes };
    },
    get evicted() {
      return inbox.evicted;
    },

    review(now, key) {
      const item = inbox.get(now, key);
      if (!item) return { worth: 'unknown' };
      const opened = records.open(item.claim);
      if (!opened.ok) {
        const reason = REASON_OF[REFUSED_AS[opened.status]];
        return { worth: 'refused', reason, detail: opened.reason };
      }
      const record = opened.value;
      const objection = objectionTo(options, record);
      if (objection) {
        const { status, detail } = objection;
        return { worth: 'refused', reason: REASON_OF[status], detail };
      }
      const isHeld = ledger.verdict(record.id)?.status === 'accepted';
      return { worth: isHeld ? 'stands' : 'admissible', record };
    },

    restore(entries) {
      const writes: Write[] = [];
      let damaged = 0;
      for (const [key, value] of entries) {
        if (key === DECISION_KEY) {
          const facts = readDecision(value);
          if (facts) last = decisionOf(facts);
          else damaged += 1;
          continue;
        }
        const number = numberIn(key);
        const item = readItem(value);
        if (number !== undefined && item) {
          writes.push(...inbox.restore(number, item));
          continue;
        }
        damaged += 1;
        writes.push({ key, value: undefined });
      }
      return { damaged, writes };
    },
  };
};
