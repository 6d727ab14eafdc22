/**
 * What may be asked of a node: one table, used by the control server of a running node and by the
 * command line on a node that is not running. Parameters are checked here, once.
 */
import { z } from 'zod';
import { ledgerTopic, type Did, type Json, type Topic } from '#contracts/identifiers.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import type { Candidate } from '#contracts/host.ts';
import { MEMO_BYTES_MAX } from '#contracts/records.ts';
import type { HistoryRow, Node } from '#contracts/node.ts';
import { parseAddress } from '#reference/transport/address.ts';
import { formatAmount, parseAmount } from './amounts.ts';
import { nameOf, resolvePerson } from './people.ts';

/** An answer is JSON; a refusal carries a status, of the method's own or of the ledger's. */
export type Answer = Outcome<Json, string>;

export interface Method {
  readonly summary: string;
  readonly params: z.ZodType;
  run(node: Node, params: never): Answer | Promise<Answer>;
}

const method = <Params>(
  summary: string,
  params: z.ZodType<Params>,
  run: (node: Node, params: Params) => Answer | Promise<Answer>,
): Method => ({ summary, params, run });

/** Rows in one page of history. */
export const HISTORY_ROWS_MAX = 1_000;

const currency = z.string().max(64).optional();
const person = z.string().min(1).max(128);
/** What a record has room for: a longer one would be signed and then refused by everybody. */
const memo = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= MEMO_BYTES_MAX, `at most ${MEMO_BYTES_MAX} bytes`)
  .refine((text) => !/\p{Surrogate}/u.test(text), 'half of a surrogate pair has no UTF-8');
const none = z.strictObject({});

const ok = (value: Json): Answer => ({ ok: true, value });

/** The currency asked for; the first of the network where none was. */
const currencyOf = (node: Node, name: string | undefined) => {
  const { currencies } = node.network.genesis;
  const found = name === undefined ? currencies[0] : currencies.find((each) => each.name === name);
  return found
    ? ({ ok: true, value: { ...found, topic: ledgerTopic(found.name) } } as const)
    : refused(
        'currency_unknown',
        `expected one of ${currencies.map((each) => each.name).join(', ')}, got ${name}`,
      );
};

const who = (node: Node, text: string) => resolvePerson(text, node.network.genesis, node.isDid);

const entryView = (node: Node, decimals: number, row: HistoryRow): Json => {
  const { record, verdict, standing, change } = row;
  return {
    id: record.id,
    author: nameOf(record.author, node.network.genesis),
    sequence: record.sequence,
    timestamp: record.timestamp,
    change: formatAmount(change, decimals, true),
    status: verdict.status,
    reason: verdict.reason,
    standing,
    memo: (record.body as { readonly memo?: string }).memo ?? null,
  };
};

const status = (node: Node): Answer =>
  ok({
    did: node.did,
    name: nameOf(node.did, node.network.genesis),
    network: { name: node.network.genesis.name, id: node.network.id },
    address: node.address ?? null,
    running: node.address !== undefined,
    peers: node.peers().length,
    cut: node.cutPeers.map((did) => nameOf(did, node.network.genesis)),
    records: node.topics().reduce((sum, { records }) => sum + records, 0),
    counters: Object.fromEntries(node.counters()),
  });

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
  const start = rows.findIndex(({ record }) => record.id === asked.after) + 1;
  if (asked.after !== undefined && start === 0) {
    return refused('cursor_unknown', `no entry ${asked.after} in this history`);
  }
  const page = rows.slice(start, start + asked.limit);
  const more = start + page.length < rows.length;
  return ok({
    account: nameOf(did, node.network.genesis),
    currency: found.value.name,
    entries: page.map((row) => entryView(node, found.value.decimals, row)),
    cursor: more ? (page.at(-1)?.record.id ?? null) : null,
  });
};

const transfer = async (
  node: Node,
  asked: {
    readonly to: string;
    readonly amount: string;
    readonly currency?: string | undefined;
    readonly memo?: string | undefined;
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
  const paid = await node.pay({
    currency: name,
    to: to.value,
    amount: amount.value,
    ...(asked.memo === undefined ? {} : { memo: asked.memo }),
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

const peers = (node: Node): Answer =>
  ok(
    node.peers().map(({ did, address, side, roundTripMs }) => ({
      name: nameOf(did, node.network.genesis),
      did,
      address,
      side,
      roundTripMs: roundTripMs === undefined ? null : Math.round(roundTripMs * 100) / 100,
    })),
  );

/** Records checked before other work gets its turn. */
const VERIFY_SLICE = 64;

const verify = async (node: Node): Promise<Answer> => {
  const run = node.verify();
  for (;;) {
    for (let count = 0; count < VERIFY_SLICE; count++) {
      const { done, value } = run.next();
      if (!done) continue;
      const records = node.topics().reduce((sum, topic) => sum + topic.records, 0);
      return value.length === 0
        ? ok({ records, problems: [] })
        : refused('store_inconsistent', value.slice(0, 20).join('; '));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const exported = (node: Node, asked: { readonly currency?: string | undefined }): Answer => {
  const found = currencyOf(node, asked.currency);
  return found.ok ? ok([...node.exported(found.value.topic)]) : found;
};

const imported = async (
  node: Node,
  asked: { readonly currency?: string | undefined; readonly lines: readonly string[] },
): Promise<Answer> => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const records: Json[] = [];
  for (const [index, line] of asked.lines.entries()) {
    try {
      records.push(JSON.parse(line) as Json);
    } catch {
      return refused('json_malformed', `line ${index + 1} is not JSON`);
    }
  }
  const { taken, refused: refusals } = await node.imported(found.value.topic, records);
  const { waiting, missing } = node.topics().find(({ topic }) => topic === found.value.topic) ?? {
    waiting: 0,
    missing: 0,
  };
  return ok({ offered: records.length, taken, refused: refusals, waiting, missing });
};

/** For what makes sense on a network alone. */
const notRunning = (node: Node): Answer | undefined =>
  node.address === undefined
    ? refused('node_not_running', 'the node is not running: start it first')
    : undefined;

const fault = (
  node: Node,
  asked: { readonly cut?: readonly string[] | undefined; readonly heal?: boolean | undefined },
): Answer => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  const dids: Did[] = [];
  for (const text of asked.cut ?? []) {
    const found = who(node, text);
    if (!found.ok) return found;
    dids.push(found.value);
  }
  if (asked.heal) node.heal();
  node.cut(dids);
  return ok({ cut: node.cutPeers.map((did) => nameOf(did, node.network.genesis)) });
};

const dial = (node: Node, { address }: { readonly address: string }): Answer => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  node.meet({ address, did: undefined } satisfies Candidate);
  return ok({ dialling: address });
};

/** Whether somebody can be dialled there: an address with a port, which is not 0. */
export const isDialable = (address: string): boolean => (parseAddress(address)?.port ?? 0) > 0;

/** Every method by its name on the wire. */
export const methods: { readonly [name: string]: Method } = {
  'network.status': method('who, where, how many', none, status),
  'network.peers': method('open links', none, peers),
  'network.dial': method(
    'dials an address until it answers',
    z.strictObject({
      address: z.string().refine(isDialable, 'expected host:port, such as 127.0.0.1:7001'),
    }),
    dial,
  ),
  'network.fault': method(
    'cuts the links with some peers, or heals all cuts: for demonstrations',
    z.strictObject({ cut: z.array(person).max(128).optional(), heal: z.boolean().optional() }),
    fault,
  ),
  'gossip.topics': method('what is held of each topic', none, (node) =>
    ok(node.topics().map((topic) => ({ ...topic }))),
  ),
  'ledger.transfer': method(
    'acknowledges a debt: pays whoever provided a service',
    z.strictObject({
      to: person,
      amount: z.string().max(64),
      currency,
      memo: memo.optional(),
    }),
    transfer,
  ),
  'ledger.balance': method('every account', z.strictObject({ currency }), balances),
  'ledger.history': method(
    'entries that name an account, oldest first',
    z.strictObject({
      account: person.optional(),
      currency,
      after: z.string().max(64).optional(),
      limit: z.int().min(1).max(HISTORY_ROWS_MAX).default(HISTORY_ROWS_MAX),
    }),
    history as (node: Node, params: unknown) => Answer,
  ),
  'ledger.verify': method('opens every record again and folds from nothing', none, verify),
  'ledger.export': method(
    'canonical records in causal order',
    z.strictObject({ currency }),
    exported,
  ),
  'ledger.import': method(
    'offers exported records',
    z.strictObject({ currency, lines: z.array(z.string().max(65_536)).max(100_000) }),
    imported,
  ),
};

/** Runs a method by name with unchecked parameters. Refuses `method_unknown` and `params_invalid`. */
export const runMethod = async (node: Node, name: string, params: unknown): Promise<Answer> => {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!found) return refused('method_unknown', `no method ${name.slice(0, 64)}`);
  const checked = found.params.safeParse(params ?? {});
  if (!checked.success) {
    const issue = checked.error.issues[0];
    return refused('params_invalid', `${issue?.path.join('.') || 'params'}: ${issue?.message}`);
  }
  return found.run(node, checked.data as never);
};
