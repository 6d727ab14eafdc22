/** What may be asked of disputes: file one, see them, give back. */
import * as z from 'zod';
import { HASH_PATTERN, type Json, type RecordId, type Topic } from '#contracts/identifiers.ts';
import type { DisputeView, Node } from '#contracts/node.ts';
import { refused } from '#contracts/outcome.ts';
import type { DisputeBody } from '#contracts/records.ts';
import { formatAmount } from '#reference/operations/amounts.ts';
import { nameOf } from '#reference/operations/people.ts';
import { entryOf, idPrefix } from './entries.ts';
import { memo } from './ledger.ts';
import { currency, currencyOf, change, method, ok, type Answer, type Methods } from './method.ts';

const file = async (
  node: Node,
  asked: { readonly entry: string; readonly reason: string },
): Promise<Answer> => {
  const found = entryOf(node, asked.entry);
  if (!found.ok && !HASH_PATTERN.test(asked.entry)) return found;
  // Of an entry that names others alone the ledger itself says that it is none of ours.
  const first = currencyOf(node, undefined);
  if (!first.ok) return first;
  const about: readonly [Topic, RecordId] = found.ok
    ? [found.value.record.topic, found.value.record.id]
    : [first.value.topic, asked.entry as RecordId];
  const filed = await node.dispute(...about, asked.reason);
  return filed.ok ? ok({ id: filed.value, entry: about[1], peers: node.peers().length }) : filed;
};

const disputeView = (node: Node, decimals: number, { dispute, record }: DisputeView): Json => ({
  id: dispute.id,
  entry: dispute.entry,
  filer: nameOf(dispute.filer, node.network.genesis),
  state: dispute.state,
  due: formatAmount(dispute.due, decimals),
  returned: formatAmount(dispute.returned, decimals),
  refunds: dispute.refunds,
  timestamp: record.timestamp,
  reason: (record.body as DisputeBody).reason,
});

const list = (node: Node, asked: { readonly currency?: string | undefined }): Answer => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const { topic, decimals } = found.value;
  return ok(node.disputes(topic).map((each) => disputeView(node, decimals, each)));
};

/** Gives back what an entry gave this node, to whoever signed it. */
const refund = async (
  node: Node,
  asked: { readonly entry: string; readonly memo?: string | undefined },
): Promise<Answer> => {
  const found = entryOf(node, asked.entry);
  if (!found.ok) return found;
  const { record, change } = found.value;
  const currencies = node.network.genesis.currencies;
  const { name, decimals } = currencies.find((each) => record.topic === `ledger:${each.name}`)!;
  if (record.author === node.did || change <= 0n) {
    const gave = formatAmount(change, decimals, true);
    return refused(
      'nothing_to_refund',
      `entry ${record.id} changed your balance by ${gave} ${name}`,
    );
  }
  const paid = await node.pay({
    currency: name,
    to: record.author,
    amount: change,
    refunds: record.id,
    ...(asked.memo === undefined ? {} : { memo: asked.memo }),
  });
  if (!paid.ok) return paid;
  return ok({
    id: paid.value,
    refunds: record.id,
    to: nameOf(record.author, node.network.genesis),
    amount: formatAmount(change, decimals),
    currency: name,
    peers: node.peers().length,
  });
};

export const disputeMethods: Methods = {
  'ledger.dispute': change(
    'files a dispute about an entry that names this account',
    z.strictObject({ entry: idPrefix, reason: memo.min(1) }),
    file,
  ),
  'ledger.disputes': method(
    'every dispute and what was given back',
    z.strictObject({ currency }),
    list,
  ),
  'ledger.refund': change(
    'gives back what an entry gave',
    z.strictObject({ entry: idPrefix, memo: memo.optional() }),
    refund,
  ),
};
