/**
 * The author: turns an acknowledgement into a signed entry.
 *
 * Whoever received a service states it: the provider is debited, the author credited. The entry names
 * what its author has seen, and the author's own ledger judges it before it is published: a refused
 * entry would occupy a number for nothing.
 */
import type { Effect } from '#contracts/effects.ts';
import { Fault } from '#contracts/faults.ts';
import type { Host } from '#contracts/host.ts';
import { ledgerTopic, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { Network, Payment, PaymentStatus } from '#contracts/node.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import {
  PARENTS_MAX,
  type EntryLine,
  type Records,
  type SignedRecord,
  type Signer,
} from '#contracts/records.ts';
import { gossipOf, type Gossips } from './topics.ts';

export interface AuthorOptions {
  readonly host: Pick<Host, 'now' | 'monotonic'>;
  readonly network: Network;
  readonly signer: Signer;
  readonly records: Records;
  readonly gossips: Gossips;
  readonly ledger: Ledger;
  /** A stored record, uncommitted ones included. */
  readonly read: (id: RecordId) => SignedRecord | undefined;
}

/** Where the next own record goes: what its author has seen. */
export interface Links {
  readonly sequence: number;
  readonly previous: RecordId | null;
  readonly parents: readonly RecordId[];
  /** Of `previous`; 0 without one. The next timestamp may not be smaller. */
  readonly previousTimestamp: number;
}

/**
 * The links of an author's next record: it follows the end of the longest branch of its own chain (the
 * smaller id where two are equally long) and names heads by others.
 */
export const linksOf = (knowledge: Knowledge, self: Did, read: AuthorOptions['read']): Links => {
  const held = (id: RecordId): SignedRecord => {
    const record = read(id);
    if (!record) throw new Fault('store_inconsistent', `record ${id} is indexed and not stored`);
    return record;
  };
  const length = knowledge.clock().get(self) ?? 0;
  const [previous = null] = length === 0 ? [] : knowledge.run(self, length, length).toSorted();
  const parents: RecordId[] = [];
  // One by one: there may be many heads, and each is read from the store.
  for (const id of knowledge.heads()) {
    if (parents.length === PARENTS_MAX) break;
    if (held(id).author !== self) parents.push(id);
  }
  return {
    sequence: length + 1,
    previous,
    parents,
    previousTimestamp: previous === null ? 0 : held(previous).timestamp,
  };
};

/** A signed entry and the effects that publish it. */
export interface Authored {
  readonly record: SignedRecord;
  readonly effects: readonly Effect[];
}

export type Author = (payment: Payment) => Outcome<Authored, PaymentStatus>;

export const createAuthor = (options: AuthorOptions): Author => {
  const { host, network, signer, records, gossips, ledger, read } = options;

  const draft = (topic: Topic, { to, amount, memo }: Payment): SignedRecord => {
    const { knowledge } = gossipOf(gossips, topic);
    const { previousTimestamp, ...links } = linksOf(knowledge, signer.did, read);
    const accounts: EntryLine[] = [
      { account: to, debit: String(amount) },
      { account: signer.did, credit: String(amount) },
    ];
    return records.sign(
      {
        kind: 'icn/entry/1',
        network: network.id,
        topic,
        author: signer.did,
        ...links,
        timestamp: Math.max(host.now(), previousTimestamp),
        body: { accounts, ...(memo === undefined ? {} : { memo }) },
      },
      signer,
    );
  };

  return (payment) => {
    const names = network.genesis.currencies.map(({ name }) => name);
    if (!names.includes(payment.currency)) {
      const reason = `expected one of ${names.join(', ')}, got ${payment.currency}`;
      return refused('currency_unknown', reason);
    }
    const topic = ledgerTopic(payment.currency);
    const record = draft(topic, payment);
    const { status, reason } = ledger.judge(record);
    if (status !== 'accepted') return refused(status, reason);
    const effects = gossipOf(gossips, topic).publish(host.monotonic(), record);
    return accepted({ record, effects });
  };
};
