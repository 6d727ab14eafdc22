/** What may be asked of the ledger. */
import * as z from 'zod';
import type { Json, Topic } from '#contracts/identifiers.ts';
import { refused } from '#contracts/outcome.ts';
import { MEMO_BYTES_MAX, RECORD_BYTES_MAX } from '#contracts/records.ts';
import type { HistoryRow, Node } from '#contracts/node.ts';
import { formatAmount, parseAmount } from '#reference/operations/amounts.ts';
import { nameOf } from '#reference/operations/people.ts';
import { entryOf, idPrefix, onlyOne } from './entries.ts';
import {
  change,
  currency,
  currencyOf,
  method,
  none,
  ok,
  person,
  who,
  type Answer,
  type Methods,
} from './method.ts';

/** Rows in one page of history. */
export const HISTORY_ROWS_MAX = 1_000;

/** What a record has room for: a longer one would be signed and then refused by everybody. */
export const memo = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MEMO_BYTES_MAX, `at most ${MEMO_BYTES_MAX} bytes`)
  .refine((text) => !/\p{Surrogate}/u.test(text), 'half of a surrogate pair has no UTF-8');

const entryView = (node: Node, decimals: number, row: HistoryRow): Json => {
  const { record, verdict, standing, settled, change } = row;
  return {
    id: record.id,
    author: nameOf(record.author, node.network.genesis),
    sequence: record.sequence,
    timestamp: record.timestamp,
    change: formatAmount(change, decimals, true),
    status: verdict.status,
    reason: verdict.reason,
    standing,
    settled,
    certificate: record.certificate ?? null,
    memo: (record.body as { readonly memo?: string }).memo ?? null,
  };
};

const balances = (node: Node, asked: { readonly currency?: string | undefined }): Answer => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const { topic, name, decimals } = found.value;
  const rows = [...node.balances(topic)];
  const sum = rows.reduce((total, [, balance]) => total + balance, 0n);
  return ok({
    currency: name,
    accounts: rows.map(([did, balance]) => ({
      name: nameOf(did, node.network.genesis),
      did,
      balance: formatAmount(balance, decimals, true),
      limit: formatAmount(node.credit(topic, did).limit, decimals),
    })),
    sum: formatAmount(sum, decimals),
  });
};

const history = (
  node: Node,
  asked: {
    readonly account?: string | undefined;
    readonly currency?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Answer => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const account = asked.account === undefined ? node.did : who(node, asked.account);
  if (typeof account !== 'string' && !account.ok) return account;
  const did = typeof account === 'string' ? account : account.value;
  const rows = node.history(found.value.topic, did);
  const after = asked.after === undefined ? undefined : rowOf(rows, asked.after);
  if (after && !after.ok) return after;
  const start = after ? rows.indexOf(after.value) + 1 : 0;
  const page = rows.slice(start, start + asked.limit);
  const more = start + page.length < rows.length;
  return ok({
    account: nameOf(did, node.network.genesis),
    currency: found.value.name,
    entries: page.map((row) => entryView(node, found.value.decimals, row)),
    cursor: more ? (page.at(-1)?.record.id ?? null) : null,
  });
};

const rowOf = (rows: readonly HistoryRow[], prefix: string) =>
  onlyOne(
    rows.filter(({ record }) => record.id.startsWith(prefix)),
    {
      what: `entry ${prefix} in this history`,
      unknown: 'cursor_unknown',
      ambiguous: 'cursor_ambiguous',
    },
    ({ record }) => record.id,
  );

const transfer = async (
  node: Node,
  asked: {
    readonly to: string;
    readonly amount: string;
    readonly currency?: string | undefined;
    readonly memo?: string | undefined;
    readonly refunds?: string | undefined;
  },
): Promise<Answer> => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const { name, decimals } = found.value;
  const to = who(node, asked.to);
  if (!to.ok) return to;
  if (to.value === node.did) {
    return refused('person_self', `${asked.to} is this node itself: nobody owes themselves`);
  }
  const amount = parseAmount(asked.amount, decimals);
  if (!amount.ok) return amount;
  const refunds = asked.refunds === undefined ? undefined : entryOf(node, asked.refunds);
  if (refunds && !refunds.ok) return refunds;
  const paid = await node.pay({
    currency: name,
    to: to.value,
    amount: amount.value,
    ...(asked.memo === undefined ? {} : { memo: asked.memo }),
    ...(refunds && { refunds: refunds.value.record.id }),
  });
  if (paid.ok) {
    return ok({
      id: paid.value,
      to: nameOf(to.value, node.network.genesis),
      amount: formatAmount(amount.value, decimals),
      currency: name,
      peers: node.peers().length,
    });
  }
  return paid.status === 'over_limit'
    ? refused('over_limit', overLimit(node, found.value, amount.value))
    : paid;
};

/** The ledger's reason, in the units that people write. */
const overLimit = (
  node: Node,
  { topic, name, decimals }: { topic: Topic; name: string; decimals: number },
  amount: bigint,
): string => {
  const { balance, limit } = node.credit(topic, node.did);
  const [now, after] = [balance, balance - amount].map((each) => formatAmount(each, decimals));
  return `you stand at ${now} ${name} and would stand at ${after}; you may owe ${formatAmount(limit, decimals)} at most`;
};

/** Of problems as many as a line has room for. */
const PROBLEMS_SHOWN_MAX = 3;

const problemsText = (problems: readonly string[]): string => {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).join('; ');
  const more = problems.length - PROBLEMS_SHOWN_MAX;
  return `${shown}${more > 0 ? `; and ${more} more` : ''}. Export what you can, then sync a new store from peers`;
};

/** Records checked before other work gets its turn. */
const VERIFY_SLICE = 64;

const verify = async (node: Node): Promise<Answer> => {
  const run = node.verify();
  for (;;) {
    for (let count = 0; count < VERIFY_SLICE; count++) {
      const { done, value } = run.next();
      if (!done) continue;
      const stored = node.topics().filter(({ retention }) => retention === undefined);
      const records = stored.reduce((sum, topic) => sum + topic.records, 0);
      return value.length === 0
        ? ok({ records, problems: [] })
        : refused('store_inconsistent', problemsText(value));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
};

/** Ids in one answer; a network of many authors at once has more heads than anybody reads. */
const IDS_MAX = 1_000;

const head = (node: Node, asked: { readonly currency?: string | undefined }): Answer => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const knowledge = node.knowledge(found.value.topic);
  const [heads, tips] = [knowledge.heads(), knowledge.tips()];
  return ok({
    currency: found.value.name,
    records: knowledge.count,
    heads: heads.slice(0, IDS_MAX),
    tips: tips.slice(0, IDS_MAX).map(({ author, sequence, id }) => ({
      author: nameOf(author, node.network.genesis),
      sequence,
      id,
    })),
    more: Math.max(heads.length, tips.length, IDS_MAX) - IDS_MAX,
  });
};

const exported = (node: Node, asked: { readonly currency?: string | undefined }): Answer => {
  const found = currencyOf(node, asked.currency);
  return found.ok ? ok([...node.exported(found.value.topic)]) : found;
};

const imported = async (
  node: Node,
  asked: {
    readonly currency?: string | undefined;
    readonly lines: readonly string[];
    readonly before: number;
  },
): Promise<Answer> => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const records: Json[] = [];
  for (const [index, line] of asked.lines.entries()) {
    try {
      records.push(JSON.parse(line) as Json);
    } catch {
      return refused(
        'json_malformed',
        `line ${asked.before + index + 1} is not JSON: expected a file that "npm run node export FILE" wrote`,
      );
    }
  }
  const { taken, refused: refusals, reasons } = await node.imported(found.value.topic, records);
  const { waiting, missing } = node.topics().find(({ topic }) => topic === found.value.topic) ?? {
    waiting: 0,
    missing: 0,
  };
  return ok({ offered: records.length, taken, refused: refusals, reasons, waiting, missing });
};

export const ledgerMethods: Methods = {
  'ledger.transfer': change(
    'acknowledges a debt: pays whoever provided a service',
    z.strictObject({
      to: person,
      amount: z.string().max(64),
      currency,
      memo: memo.optional(),
      refunds: idPrefix.optional(),
    }),
    transfer,
  ),
  'ledger.balance': method('every account', z.strictObject({ currency }), balances),
  'ledger.history': method(
    'entries that name an account, oldest first',
    z.strictObject({
      account: person.optional(),
      currency,
      after: idPrefix.optional(),
      limit: z.int().min(1).max(HISTORY_ROWS_MAX).default(HISTORY_ROWS_MAX),
    }),
    history as (node: Node, params: unknown) => Answer,
  ),
  'ledger.head': method(
    'the records nobody cites yet, and the end of every chain',
    z.strictObject({ currency }),
    head,
  ),
  'ledger.verify': method('opens every record again and folds from nothing', none, verify),
  'ledger.export': method(
    'canonical records in causal order',
    z.strictObject({ currency }),
    exported,
  ),
  'ledger.import': change(
    'offers exported records',
    z.strictObject({
      currency,
      lines: z
        .array(
          z
            .string()
            .max(RECORD_BYTES_MAX, `longer than a record: ${RECORD_BYTES_MAX} characters at most`),
        )
        .max(100_000),
      /** Lines of the same file that were offered before: for naming a line. */
      before: z.int().min(0).default(0),
    }),
    imported as (node: Node, params: unknown) => Promise<Answer>,
  ),
};
