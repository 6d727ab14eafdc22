/**
 * Expressions: JSON in, a function from a run to a value out. What a document says is checked here, once; what
 * only a run can know (types, bounds, fuel) is checked where it happens.
 *
 *   {"integer":"5"} {"string":"x"} {"boolean":true} {"did":"did:key:..."} {"list":[...]} {"map":{...}}
 *   {"variable":"hours"} {"state":"total"} {"given":"caller"} {"given":"time"}
 *   {"add":[a,b]}, and whatever else OPERATORS has
 *   {"and":[a,b,...]} {"or":[a,b,...]} {"if":[condition,then,else]}   the parts that are needed, no others
 */
import { NODES_MAX, type ContractStatus } from '#contracts/contract-language.ts';
import type { Json } from '#contracts/identifiers.ts';
import { OPERATORS } from './operators.ts';
import { needType, spend, type Run } from './run.ts';
import * as values from './values.ts';
import { Halt, soleEntry, type Value } from './values.ts';

/** An expression that was read: gives its value in a run, and burns its fuel. */
export type Evaluate = (run: Run) => Value;

/** Ends the reading of a document. It never leaves the interpreter: `read` turns it into a refusal. */
export class Flaw extends Error {
  readonly status: ContractStatus;

  constructor(status: ContractStatus, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** What a piece of a document may name, and how much of it was read. */
export interface Scope {
  readonly variables: ReadonlySet<string>;
  readonly states: ReadonlySet<string>;
  readonly isDid: (text: string) => boolean;
  readonly reading: { nodes: number };
}

/**
 * Counts one more expression or statement of the document. Throws a Flaw, `too_many_nodes`, above NODES_MAX.
 */
export const countNode = ({ reading }: Scope): void => {
  reading.nodes += 1;
  if (reading.nodes > NODES_MAX) throw new Flaw('too_many_nodes', `more than ${NODES_MAX}`);
};

const partsOf = (json: Json, scope: Scope, where: string, min: number, max: number): Evaluate[] => {
  if (!Array.isArray(json) || json.length < min || json.length > max) {
    throw new Flaw(
      'malformed',
      `${where}: expected ${min === max ? min : `${min} to ${max}`} parts`,
    );
  }
  return json.map((each: Json, index) => readExpression(each, scope, `${where}[${index}]`));
};

const known = (json: Json, names: ReadonlySet<string>, where: string): string => {
  if (typeof json === 'string' && names.has(json)) return json;
  throw new Flaw(
    'name_unknown',
    `${where}: nothing is called ${JSON.stringify(json).slice(0, 64)} here`,
  );
};

/** And and or: parts from left to right, until one decides. */
const readLogic = (json: Json, scope: Scope, where: string, decides: boolean): Evaluate => {
  const parts = partsOf(json, scope, where, 2, 64);
  return (run) =>
    values.boolean(
      parts.some((part) => needType(part(run), 'boolean', where).value === decides)
        ? decides
        : !decides,
    );
};

const readGiven = (json: Json, where: string): Evaluate => {
  if (json === 'caller') return ({ caller }) => values.did(caller);
  if (json === 'time') return ({ time }) => values.integer(BigInt(time));
  throw new Flaw('name_unknown', `${where}: expected caller or time`);
};

const readLiteral = (json: Json, scope: Scope, where: string): Value => {
  try {
    const value = values.decode(json, scope.isDid);
    if (value) return value;
  } catch (error) {
    if (error instanceof Halt) throw new Flaw('value_invalid', `${where}: ${error.message}`);
    throw error;
  }
  throw new Flaw('value_invalid', `${where}: ${JSON.stringify(json).slice(0, 64)} is no value`);
};

/** Lists and maps may have expressions in them; their parts are evaluated in order. */
const readCollection = (type: string, json: Json, scope: Scope, where: string): Evaluate => {
  if (type === 'list') {
    const parts = partsOf(json, scope, where, 0, NODES_MAX);
    return (run) => values.list(parts.map((part) => part(run)));
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Flaw('value_invalid', `${where}: expected an object`);
  }
  const parts = Object.entries(json as { readonly [key: string]: Json })
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(
      ([key, each]) => [key, readExpression(each, scope, `${where}.${key.slice(0, 32)}`)] as const,
    );
  return (run) => values.map(parts.map(([key, part]) => [key, part(run)] as const));
};

const readNode = (name: string, json: Json, scope: Scope, where: string): Evaluate => {
  switch (name) {
    case 'integer':
    case 'string':
    case 'boolean':
    case 'did': {
      const value = readLiteral({ [name]: json }, scope, where);
      return () => value;
    }
    case 'list':
    case 'map':
      return readCollection(name, json, scope, where);
    case 'variable': {
      const variable = known(json, scope.variables, where);
      return (run) => run.locals.get(variable)!;
    }
    case 'state': {
      const state = known(json, scope.states, where);
      return (run) => run.state.get(state)!;
    }
    case 'given':
      return readGiven(json, where);
    case 'and':
      return readLogic(json, scope, where, false);
    case 'or':
      return readLogic(json, scope, where, true);
    case 'if': {
      const [condition, then, otherwise] = partsOf(json, scope, where, 3, 3);
      return (run) =>
        needType(condition!(run), 'boolean', where).value ? then!(run) : otherwise!(run);
    }
    default: {
      const operator = OPERATORS.get(name);
      if (!operator)
        throw new Flaw('node_unknown', `${where}: no expression is ${name.slice(0, 64)}`);
      const [count, apply] = operator;
      const parts = partsOf(json, scope, where, count, count);
      return (run) =>
        apply(
          parts.map((part) => part(run)),
          run,
          where,
        );
    }
  }
};

/** Reads one expression and all within it. Throws Flaw. */
export const readExpression = (json: Json, scope: Scope, where: string): Evaluate => {
  countNode(scope);
  const [name, rest] = soleEntry(json) ?? [];
  if (name === undefined) throw new Flaw('malformed', `${where}: expected an object with one key`);
  const evaluate = readNode(name, rest!, scope, `${where}.${name.slice(0, 32)}`);
  return (run) => {
    spend(run, 1);
    return evaluate(run);
  };
};
