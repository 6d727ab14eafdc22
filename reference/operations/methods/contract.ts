/** What may be asked of a contract on this node's ledger. The document comes with the question. */
import * as z from 'zod';
import {
  NAME_PATTERN,
  PARAMETERS_MAX,
  type Contract,
  type Parameter,
} from '#contracts/contract-language.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import { MEMO_BYTES_MAX, type EntryLine } from '#contracts/records.ts';
import { memoOf, ownCapability, readAgreement, stateOf } from '#reference/operations/agreements.ts';
import { formatAmount, parseAmount } from '#reference/operations/amounts.ts';
import { nameOf } from '#reference/operations/people.ts';
import { change, currencyOf, method, ok, who, type Answer, type Methods } from './method.ts';

const document = z.json();
/** What people type for one argument. */
const ARGUMENT_CHARACTERS_MAX = 4_096;

const invalid = (name: string, expected: string, text: string) =>
  refused('argument_invalid', `${name}: expected ${expected}, got ${text.slice(0, 64)}`);

/** A text as the value of a parameter. A list is names separated by commas, or JSON; a map is JSON. */
const argumentOf = (
  node: Node,
  { name, type }: Parameter,
  text: string,
  decimals: number,
): Outcome<Json, string> => {
  switch (type) {
    case 'integer':
      return /^-?\d{1,19}$/.test(text)
        ? ok({ integer: String(BigInt(text)) })
        : invalid(name, 'a whole number', text);
    case 'amount': {
      const amount = parseAmount(text, decimals);
      return amount.ok ? ok({ integer: String(amount.value) }) : invalid(name, 'an amount', text);
    }
    case 'string':
      return ok({ string: text });
    case 'boolean':
      return text === 'true' || text === 'false'
        ? ok({ boolean: text === 'true' })
        : invalid(name, 'true or false', text);
    case 'did': {
      const found = who(node, text);
      return found.ok ? ok({ did: found.value }) : found;
    }
    case 'list':
    case 'map':
      return /^[[{]/.test(text) ? jsonOf(name, type, text) : namesOf(node, name, type, text);
  }
};

const jsonOf = (name: string, type: 'list' | 'map', text: string): Outcome<Json, string> => {
  try {
    return ok({ [type]: JSON.parse(text) as Json });
  } catch {
    return invalid(name, `the JSON of a ${type}`, text);
  }
};

const namesOf = (node: Node, name: string, type: 'list' | 'map', text: string) => {
  if (type === 'map') return invalid(name, 'the JSON of a map', text);
  const people: Json[] = [];
  for (const each of text.split(',')) {
    const found = who(node, each);
    if (!found.ok) return found;
    people.push({ did: found.value });
  }
  return ok({ list: people });
};

type Arguments = { readonly [name: string]: Json };

const argumentsOf = (
  node: Node,
  contract: Contract,
  asked: { readonly rule: string; readonly arguments: { readonly [name: string]: string } },
  decimals: number,
): Outcome<Arguments, string> => {
  const rule = contract.rules.find(({ name }) => name === asked.rule);
  if (!rule) {
    const names = contract.rules.map(({ name }) => name).join(', ');
    return refused('rule_unknown', `expected one of ${names}, got ${asked.rule.slice(0, 64)}`);
  }
  const values: [string, Json][] = [];
  for (const [name, text] of Object.entries(asked.arguments)) {
    const parameter = rule.parameters.find((each) => each.name === name);
    if (!parameter) {
      const names = rule.parameters.map((each) => `${each.name}=${each.type.toUpperCase()}`);
      return refused('argument_invalid', `expected ${names.join(' ') || 'nothing'}, got ${name}`);
    }
    const value = argumentOf(node, parameter, text, decimals);
    if (!value.ok) return value;
    values.push([name, value.value]);
  }
  return { ok: true, value: Object.fromEntries(values) };
};

const lineView = (node: Node, { account, debit, credit }: EntryLine, decimals: number): Json => ({
  name: nameOf(account, node.network.genesis),
  did: account,
  change: formatAmount(BigInt(debit ?? `-${credit}`), decimals, true),
});

const agreementOf = (node: Node, given: Json) => {
  const read = readAgreement(given, node.isDid);
  if (!read.ok) return read;
  const currency = currencyOf(node, read.value.currency);
  return currency.ok
    ? ({ ok: true, value: { contract: read.value, ...currency.value } } as const)
    : currency;
};

interface RunAsked {
  readonly document: Json;
  readonly rule: string;
  readonly arguments: { readonly [name: string]: string };
  readonly dry: boolean;
  readonly most?: string | undefined;
}

const run = async (node: Node, asked: RunAsked): Promise<Answer> => {
  const agreement = agreementOf(node, asked.document);
  if (!agreement.ok) return agreement;
  const { contract, decimals } = agreement.value;
  const values = argumentsOf(node, contract, asked, decimals);
  if (!values.ok) return values;
  const most = asked.most === undefined ? undefined : parseAmount(asked.most, decimals);
  if (most && !most.ok) return most;
  const call = { rule: asked.rule, arguments: values.value, time: Date.now() };
  const { state } = stateOf(node, contract);
  const capabilities = ownCapability(node.did, most?.value);
  const ran = contract.run(state, { ...call, caller: node.did, capabilities });
  if (!ran.ok) return ran;
  const { accounts, fuelUsed } = ran.value;
  if (accounts.length === 0) {
    return refused('nothing_moved', `${asked.rule} moves nothing: there is no entry to sign`);
  }
  const memo = memoOf(call);
  if (Buffer.byteLength(memo) > MEMO_BYTES_MAX) {
    return refused('argument_invalid', `the arguments take more than ${MEMO_BYTES_MAX} bytes`);
  }
  const body = { accounts, memo, contract: contract.id };
  const view = {
    contract: contract.name,
    rule: asked.rule,
    currency: contract.currency,
    lines: accounts.map((line) => lineView(node, line, decimals)),
    state: { ...ran.value.state } as Json,
    fuelUsed,
  };
  if (asked.dry) return ok({ ...view, id: null, body: body as unknown as Json });
  const entered = await node.enter(contract.currency, body);
  return entered.ok ? ok({ ...view, id: entered.value, body: null }) : entered;
};

const state = (node: Node, asked: { readonly document: Json }): Answer => {
  const agreement = agreementOf(node, asked.document);
  if (!agreement.ok) return agreement;
  const { contract } = agreement.value;
  const { state: agreed, counted, passedOver } = stateOf(node, contract);
  return ok({
    contract: contract.name,
    id: contract.id,
    state: { ...agreed } as Json,
    counted,
    passedOver,
  });
};

export const contractMethods: Methods = {
  'contract.run': change(
    'runs a rule of a contract and signs the entry it gives, or only shows it',
    z.strictObject({
      document,
      rule: z.string().max(64),
      arguments: z
        .record(z.string().regex(NAME_PATTERN), z.string().max(ARGUMENT_CHARACTERS_MAX))
        .refine((given) => Object.keys(given).length <= PARAMETERS_MAX, 'too many'),
      dry: z.boolean().default(false),
      most: z.string().max(64).optional(),
    }),
    run as (node: Node, params: unknown) => Promise<Answer>,
  ),
  'contract.state': method(
    'the state of a contract, from the entries that name it',
    z.strictObject({ document }),
    state as (node: Node, params: unknown) => Answer,
  ),
};
