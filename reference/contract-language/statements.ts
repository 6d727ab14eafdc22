/**
 * Statements: JSON in, a function that changes a run out.
 *
 *   {"let":["name", expression]}                    a variable, new or changed
 *   {"set":["name", expression]}                    a state, of the type it has
 *   {"when":[condition, [statements], [statements]]} the second list may be left out
 *   {"each":["name", list or map, [statements]]}    a list in its order; of a map the keys, sorted
 *   {"transfer":{"provider":did,"receiver":did,"amount":integer}}
 *
 * Of a transfer the provider is debited and the receiver credited; the amount is above zero.
 */
import { NAME_PATTERN } from '#contracts/contract-language.ts';
import type { Json } from '#contracts/identifiers.ts';
import { Flaw, countNode, readExpression, type Evaluate, type Scope } from './expressions.ts';
import { needType, spend, type Run } from './run.ts';
import { Halt, soleEntry, string, type Value } from './values.ts';

/** A statement that was read: changes the run, and burns its fuel. */
export type Execute = (run: Run) => void;

const readList = (json: Json, where: string, min: number, max: number): readonly Json[] => {
  if (Array.isArray(json) && json.length >= min && json.length <= max) return json as Json[];
  throw new Flaw(
    'malformed',
    `${where}: expected a list of ${min === max ? min : `${min} to ${max}`}`,
  );
};

/** A name that a document gives. Throws Flaw. */
export const readName = (json: Json | undefined, where: string): string => {
  if (typeof json === 'string' && NAME_PATTERN.test(json)) return json;
  throw new Flaw('name_invalid', `${where}: expected a name such as hoursWorked`);
};

const readLet = (json: Json, scope: Scope, where: string): readonly [Execute, Scope] => {
  const [given, expression] = readList(json, where, 2, 2);
  const name = readName(given, where);
  const evaluate = readExpression(expression!, scope, `${where}[1]`);
  const variables = new Set([...scope.variables, name]);
  return [(run) => void run.locals.set(name, evaluate(run)), { ...scope, variables }];
};

const readSet = (json: Json, scope: Scope, where: string): Execute => {
  const [given, expression] = readList(json, where, 2, 2);
  const name = readName(given, where);
  if (!scope.states.has(name))
    throw new Flaw('name_unknown', `${where}: no state is called ${name}`);
  const evaluate = readExpression(expression!, scope, `${where}[1]`);
  return (run) => {
    const { type } = run.state.get(name)!;
    run.state.set(name, needType(evaluate(run), type, where));
  };
};

const readWhen = (json: Json, scope: Scope, where: string): Execute => {
  const [given, then, otherwise] = readList(json, where, 2, 3);
  const condition = readExpression(given!, scope, `${where}[0]`);
  const ifTrue = readBody(then!, scope, `${where}[1]`);
  const ifFalse = otherwise === undefined ? undefined : readBody(otherwise, scope, `${where}[2]`);
  return (run) => {
    if (needType(condition(run), 'boolean', where).value) ifTrue(run);
    else ifFalse?.(run);
  };
};

const walked = (value: Value, where: string): readonly Value[] =>
  value.type === 'map'
    ? [...value.value.keys()].map((key) => string(key))
    : needType(value, 'list', where).value;

const readEach = (json: Json, scope: Scope, where: string): Execute => {
  const [given, whole, body] = readList(json, where, 3, 3);
  const name = readName(given, where);
  const evaluate = readExpression(whole!, scope, `${where}[1]`);
  const inner = { ...scope, variables: new Set([...scope.variables, name]) };
  const execute = readBody(body!, inner, `${where}[2]`);
  return (run) => {
    for (const each of walked(evaluate(run), where)) {
      spend(run, 1);
      run.locals.set(name, each);
      execute(run);
    }
  };
};

const TRANSFER_KEYS = ['amount', 'provider', 'receiver'];

const readTransfer = (json: Json, scope: Scope, where: string): Execute => {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  if (!isObject || Object.keys(json).sort().join() !== TRANSFER_KEYS.join()) {
    throw new Flaw('malformed', `${where}: expected provider, receiver and amount`);
  }
  const given = json as { readonly [key: string]: Json };
  const part = (key: string): Evaluate => readExpression(given[key]!, scope, `${where}.${key}`);
  const [providerOf, receiverOf, amountOf] = [part('provider'), part('receiver'), part('amount')];
  return (run) => {
    const provider = needType(providerOf(run), 'did', where).value;
    const receiver = needType(receiverOf(run), 'did', where).value;
    const amount = needType(amountOf(run), 'integer', where).value;
    if (amount <= 0n) throw new Halt('amount_not_positive', `${where}: an amount of ${amount}`);
    if (provider === receiver)
      throw new Halt('transfer_to_self', `${where}: from ${provider} to itself`);
    run.transfers.push({ provider, receiver, amount });
  };
};

/** Reads one statement; gives what later ones may name. */
const readStatement = (json: Json, scope: Scope, where: string): readonly [Execute, Scope] => {
  countNode(scope);
  const [name, rest] = soleEntry(json) ?? [];
  const at = `${where}.${name?.slice(0, 32)}`;
  switch (name) {
    case undefined:
      throw new Flaw('malformed', `${where}: expected an object with one key`);
    case 'let':
      return readLet(rest!, scope, at);
    case 'set':
      return [readSet(rest!, scope, at), scope];
    case 'when':
      return [readWhen(rest!, scope, at), scope];
    case 'each':
      return [readEach(rest!, scope, at), scope];
    case 'transfer':
      return [readTransfer(rest!, scope, at), scope];
    default:
      throw new Flaw('node_unknown', `${where}: no statement is ${name.slice(0, 64)}`);
  }
};

/** Reads statements one after the other. Throws Flaw. */
export const readBody = (json: Json, scope: Scope, where: string): Execute => {
  const steps: Execute[] = [];
  let inner = scope;
  for (const [index, each] of readList(json, where, 0, 4_096).entries()) {
    const [execute, next] = readStatement(each, inner, `${where}[${index}]`);
    steps.push(execute);
    inner = next;
  }
  return (run) => {
    for (const execute of steps) {
      spend(run, 1);
      execute(run);
    }
  };
};
