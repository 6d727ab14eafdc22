/** What may be asked of the merge report, of forks, and of the operator's inbox. */
import * as z from 'zod';
import type { Node } from '#contracts/node.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import { QUARANTINE_ITEMS_MAX, type QuarantineRecord } from '#contracts/quarantine.ts';
import { decisionView, itemView, proofViews, recordView } from '#reference/operations/decisions.ts';
import { idPrefix, onlyOne } from './entries.ts';
import {
  currency,
  currencyOf,
  change,
  method,
  none,
  ok,
  type Answer,
  type Methods,
} from './method.ts';

interface Asked {
  readonly id: string;
}

/** An item by the beginning of its key or of the id that it claims; a whole key is never ambiguous. */
const itemOf = (
  node: Node,
  prefix: string,
): Outcome<QuarantineRecord, 'quarantine_unknown' | 'quarantine_ambiguous'> => {
  const exact = node.quarantine.get(prefix);
  const found = exact
    ? [exact]
    : node.quarantine
        .list()
        .filter(({ key, id }) => [key, id].some((each) => each.startsWith(prefix)));
  return onlyOne(
    found,
    {
      what: `item ${prefix} in quarantine`,
      unknown: 'quarantine_unknown',
      ambiguous: 'quarantine_ambiguous',
    },
    ({ key, id, reason }) => `${key} (${reason}, record ${id})`,
  );
};

const report = (node: Node): Answer => {
  const decision = node.mergeReport();
  return ok(decision ? decisionView(node, decision) : null);
};

const conflicts = (node: Node, asked: { readonly currency?: string | undefined }): Answer => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  return ok(node.conflicts(found.value.topic).flatMap((view) => proofViews(node, view)));
};

const list = (node: Node): Answer => {
  const items = node.quarantine.list().map((item) => itemView(node, item));
  return ok({ items, count: items.length, itemsMax: QUARANTINE_ITEMS_MAX });
};

const get = (node: Node, { id }: Asked): Answer => {
  const item = itemOf(node, id);
  return item.ok ? ok(recordView(node, item.value)) : item;
};

const release = async (node: Node, { id }: Asked): Promise<Answer> => {
  const item = itemOf(node, id);
  if (!item.ok) return item;
  const released = await node.quarantine.release(item.value.key);
  return released.ok ? ok({ released: released.value, key: item.value.key }) : released;
};

const drop = async (node: Node, { id }: Asked): Promise<Answer> => {
  const item = itemOf(node, id);
  if (!item.ok) return item;
  const { key } = item.value;
  return (await node.quarantine.drop(key))
    ? ok({ dropped: item.value.id, key })
    : refused('quarantine_unknown', `${key} is not here any more`);
};

const byId = z.strictObject({ id: idPrefix });

export const quarantineMethods: Methods = {
  'ledger.merge.report': method(
    'what became of the entries of the last step that brought news',
    none,
    report,
  ),
  'ledger.conflicts': method(
    'every fork, with the two signed records that prove it',
    z.strictObject({ currency }),
    conflicts,
  ),
  'ledger.quarantine.list': method('the inbox, newest first, without the claims', none, list),
  'ledger.quarantine.get': method('one item with its claim', byId, get),
  'ledger.quarantine.release': change(
    'judges an item again; it leaves the inbox if it counts by now',
    byId,
    release,
  ),
  'ledger.quarantine.drop': change('takes an item out; the ledger does not change', byId, drop),
  'ledger.quarantine.purge': change('takes out what has expired', none, async (node) =>
    ok({ purged: await node.quarantine.purge() }),
  ),
};
