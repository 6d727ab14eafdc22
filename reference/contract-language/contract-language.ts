/**
 * The contract language: reads a document into a contract, and runs its rules.
 *
 * A run works on copies: its state, its transfers and its fuel are thrown away when it comes to nothing, so a
 * rule that fails half way has changed neither the state nor the ledger. Its transfers become the lines of one
 * entry, an account's together; whoever falls by it is the one who pays, and has to sign.
 *
 * Rejected: an expression language of others (JSONLogic, CEL). Neither bounds the work of a document, and the
 * numbers of both are floats, or 64 bits that wrap.
 */
import {
  DOCUMENT_BYTES_MAX,
  FUEL_MAX,
  PARAMETERS_MAX,
  PARAMETER_TYPES,
  PARTICIPANTS_MAX,
  RULES_MAX,
  STATES_MAX,
  type Call,
  type Contract,
  type ContractLanguageOptions,
  type ContractState,
  type CreateContractLanguage,
  type Effects,
  type Parameter,
  type ParameterType,
  type RunStatus,
} from '#contracts/contract-language.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { linesOf } from './entry.ts';
import { Flaw, readExpression, type Evaluate, type Scope } from './expressions.ts';
import { needType, spend, type Run } from './run.ts';
import { readBody, readName, type Execute } from './statements.ts';
import { Halt, decode, encode, type Value } from './values.ts';

interface Rule {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly requires: readonly { readonly says: string; readonly holds: Evaluate }[];
  readonly body: Execute;
}

type Fields = { readonly [key: string]: Json };

/** The fields of an object that has these keys, all of them and no others. */
const fieldsOf = (json: Json | undefined, keys: readonly string[], where: string): Fields => {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  if (!isObject || Object.keys(json).sort().join() !== [...keys].sort().join()) {
    throw new Flaw('malformed', `${where}: expected the keys ${keys.join(', ')}`);
  }
  return json as Fields;
};

const listOf = (json: Json | undefined, max: number, where: string): readonly Json[] => {
  if (Array.isArray(json) && json.length <= max) return json as readonly Json[];
  throw new Flaw('malformed', `${where}: expected a list of at most ${max}`);
};

const textOf = (json: Json | undefined, max: number, where: string): string => {
  if (typeof json === 'string' && json.length > 0 && json.length <= max) return json;
  throw new Flaw('malformed', `${where}: expected a text of 1 to ${max} characters`);
};

const unique = (names: readonly string[], where: string): void => {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Flaw('name_taken', `${where}: ${twice} is said twice`);
};

const readParticipants = (json: Json | undefined, isDid: (text: string) => boolean) => {
  if (json === 'everybody') return undefined;
  const dids = listOf(json, PARTICIPANTS_MAX, 'participants').map((each) => {
    if (typeof each === 'string' && isDid(each)) return each as Did;
    throw new Flaw('malformed', 'participants: expected DIDs, or "everybody"');
  });
  unique(dids, 'participants');
  return dids;
};

const readState = (
  json: Json | undefined,
  isDid: (text: string) => boolean,
): Map<string, Value> => {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const entries = isObject ? Object.entries(json as Fields) : [];
  if (!isObject || entries.length > STATES_MAX) {
    throw new Flaw('malformed', `state: expected an object of at most ${STATES_MAX} values`);
  }
  return new Map(
    entries.map(([name, given]) => {
      readName(name, 'state');
      const value = decode(given, isDid);
      if (!value) throw new Flaw('value_invalid', `state.${name}: expected a value`);
      return [name, value] as const;
    }),
  );
};

const readParameters = (json: Json | undefined, where: string): readonly Parameter[] => {
  const parameters = listOf(json, PARAMETERS_MAX, where).map((each, index): Parameter => {
    const at = `${where}[${index}]`;
    const { name, type } = fieldsOf(each, ['name', 'type'], at);
    if (!PARAMETER_TYPES.includes(type as ParameterType)) {
      throw new Flaw('malformed', `${at}: expected a type of ${PARAMETER_TYPES.join(', ')}`);
    }
    return { name: readName(name, at), type: type as ParameterType };
  });
  unique(
    parameters.map(({ name }) => name),
    where,
  );
  return parameters;
};

const readRule = (json: Json, scope: Scope, where: string): Rule => {
  const given = fieldsOf(json, ['name', 'parameters', 'requires', 'body'], where);
  const parameters = readParameters(given['parameters'], `${where}.parameters`);
  const inner = { ...scope, variables: new Set(parameters.map(({ name }) => name)) };
  const requires = listOf(given['requires'], 64, `${where}.requires`).map((each, index) => {
    const at = `${where}.requires[${index}]`;
    const { says, holds } = fieldsOf(each, ['says', 'holds'], at);
    return {
      says: textOf(says, 256, `${at}.says`),
      holds: readExpression(holds!, inner, `${at}.holds`),
    };
  });
  return {
    name: readName(given['name'], `${where}.name`),
    parameters,
    requires,
    body: readBody(given['body']!, inner, `${where}.body`),
  };
};

/** What was given for a parameter. Throws Halt. */
const argumentOf = (
  call: Call,
  { name, type }: Parameter,
  isDid: (text: string) => boolean,
): Value => {
  const given = Object.hasOwn(call.arguments, name) ? call.arguments[name] : undefined;
  const value = decode(given, isDid);
  const isAmount = value?.type === 'integer' && value.value > 0n;
  if (value && (type === 'amount' ? isAmount : value.type === type)) return value;
  throw new Halt(
    'argument_invalid',
    `${name}: expected ${type === 'amount' ? 'an integer above 0' : type}`,
  );
};

/** State and lines of one run. Throws Halt. */
const execute = (
  rule: Rule,
  before: ReadonlyMap<string, Value>,
  call: Call,
  participants: readonly Did[] | undefined,
  isDid: (text: string) => boolean,
): Effects => {
  const extra = Object.keys(call.arguments).find(
    (given) => !rule.parameters.some(({ name }) => name === given),
  );
  if (extra !== undefined) {
    throw new Halt('argument_invalid', `${rule.name} has no parameter ${extra.slice(0, 64)}`);
  }
  const fuelMax = Math.min(call.fuelMax ?? FUEL_MAX, FUEL_MAX);
  const run: Run = {
    caller: call.caller,
    time: call.time,
    fuel: fuelMax,
    locals: new Map(rule.parameters.map((each) => [each.name, argumentOf(call, each, isDid)])),
    state: new Map(before),
    transfers: [],
  };
  for (const { says, holds } of rule.requires) {
    spend(run, 1);
    if (!needType(holds(run), 'boolean', 'requires').value)
      throw new Halt('requirement_failed', says);
  }
  rule.body(run);
  const accounts = linesOf(run.transfers, participants, call.capabilities);
  return { state: encodeState(run.state), accounts, fuelUsed: fuelMax - run.fuel };
};

const encodeState = (state: ReadonlyMap<string, Value>): ContractState =>
  Object.fromEntries([...state].map(([name, value]) => [name, encode(value)]));

const readContract = (document: Json, id: string, isDid: (text: string) => boolean): Contract => {
  const keys = ['kind', 'name', 'participants', 'currency', 'state', 'rules'];
  const given = fieldsOf(document, keys, 'contract');
  if (given['kind'] !== 'icn/contract/1') {
    throw new Flaw('malformed', 'kind: expected icn/contract/1');
  }
  const participants = readParticipants(given['participants'], isDid);
  const initial = readState(given['state'], isDid);
  const scope: Scope = {
    variables: new Set(),
    states: new Set(initial.keys()),
    isDid,
    reading: { nodes: 0 },
  };
  const rules = listOf(given['rules'], RULES_MAX, 'rules').map((each, index) =>
    readRule(each, scope, `rules[${index}]`),
  );
  unique(
    rules.map(({ name }) => name),
    'rules',
  );

  const stateOf = (state: ContractState): ReadonlyMap<string, Value> => readState(state, isDid);

  return {
    id,
    name: textOf(given['name'], 128, 'name'),
    participants,
    currency: textOf(given['currency'], 32, 'currency'),
    rules: rules.map(({ name, parameters }) => ({ name, parameters })),
    initial: encodeState(initial),
    run(state, call): Outcome<Effects, RunStatus> {
      const rule = rules.find(({ name }) => name === call.rule);
      if (!rule) return refused('rule_unknown', `no rule ${call.rule.slice(0, 64)}`);
      if (participants && !participants.includes(call.caller)) {
        return refused('caller_not_participant', `${call.caller} is no participant`);
      }
      const before = stateOf(state);
      try {
        return accepted(execute(rule, before, call, participants, isDid));
      } catch (error) {
        if (error instanceof Halt) return refused(error.status, error.message);
        throw error;
      }
    },
  };
};

export const create: CreateContractLanguage = ({ content, isDid }: ContractLanguageOptions) => ({
  read(document) {
    const canonical = content.canonicalize(document);
    if (!canonical.ok) return refused('document_invalid', canonical.reason);
    const bytes = new TextEncoder().encode(canonical.value).length;
    if (bytes > DOCUMENT_BYTES_MAX) {
      return refused('document_invalid', `${bytes} bytes; at most ${DOCUMENT_BYTES_MAX}`);
    }
    try {
      return accepted(readContract(document, content.hash(canonical.value), isDid));
    } catch (error) {
      if (error instanceof Flaw) return refused(error.status, error.message);
      // A literal above a bound, in the state a contract begins with.
      if (error instanceof Halt) return refused('value_invalid', error.message);
      throw error;
    }
  },
});
