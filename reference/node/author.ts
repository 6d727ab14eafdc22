/**
 * The author: turns an acknowledgement into a signed entry.
 *
 * Whoever received a service states it: the provider is debited, the author credited. The entry names
 * what its author has seen, and the author's own ledger judges it before it is published: a refused
 * entry would occupy a number for nothing.
 */
import type { Effect } from '#contracts/effects.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Host } from '#contracts/host.ts';
import { ledgerTopic, type Topic } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { Network, Payment, PaymentStatus } from '#contracts/node.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import type { EntryLine, Records, SignedRecord, Signer } from '#contracts/records.ts';

export interface AuthorOptions {
  readonly host: Pick<Host, 'now' | 'monotonic'>;
  readonly network: Network;
  readonly signer: Signer;
  readonly records: Records;
  readonly gossip: Gossip;
  readonly ledger: Ledger;
}

/** A signed entry and the effects that publish it. */
export interface Authored {
  readonly record: SignedRecord;
  readonly effects: readonly Effect[];
}

export type Author = (payment: Payment) => Outcome<Authored, PaymentStatus>;

export const createAuthor = (options: AuthorOptions): Author => {
  const { host, network, signer, records, gossip, ledger } = options;

  const draft = (topic: Topic, { to, amount, memo }: Payment): SignedRecord => {
    const { previousTimestamp, ...links } = gossip.links(topic);
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
    const record = draft(ledgerTopic(payment.currency), payment);
    const { status, reason } = ledger.judge(record);
    if (status !== 'accepted') return refused(status, reason);
    return accepted({ record, effects: gossip.publish(host.monotonic(), record) });
  };
};
