/**
 * Expressions: JSON in, a function from a run to a value out. What a document says is checked here, once; what
 * only a run can know (types, bounds, fuel) is checked where it happens.
 *
 *   {"integer":"5"} {"string":"x"} {"boolean":true} {"did":"did:key:..."} {"list":[...]} {"map":{...}}
 *   {"variable":"hours"} {"state":"total"} {"given":"caller"} {"given":"time"}
 *   {"add":[a,b]}, and whatever else OPERATORS has
 *   {"and":[a,b,...]} {"or":[a,b,...]} {"if":[condition,then,else]}   the parts that are needed, no others
 */
import type { ContractStatus, ValueType } from '#contracts/contract-language.ts';
import { NODES_MAX } from '#contracts/contract-language.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import * as values from './values.ts';
import { Halt, isEqual, soleEntry, type Value, type ValueOf } from './values.ts';

export interface Transfer {
  readonly provider: Did;
  readonly receiver: Did;
  readonly amount: bigint;
}

/** What changes while a rule runs; thrown away if it comes to nothing. */
export interface Run {
  readonly caller: Did;
  readonly time: number;
  fuel: number;
  readonly locals: Map<string, Value>;
  readonly state: Map<string, Value>;
  readonly transfers: Transfer[];
}

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

export const countNode = ({ reading }: Scope): void => {
  reading.nodes += 1;
  if (reading.nodes > NODES_MAX) throw new Flaw('too_many_nodes', `more than ${NODES_MAX}`);
};

export const spend = (run: Run, fuel: number): void => {
  run.fuel -= fuel;
  if (run.fuel < 0) throw new Halt('fuel_exhausted', 'the rule takes more steps than it may');
};

export const needType = <Type extends ValueType>(
  value: Value | undefined,
  type: Type,
  where: string,
): ValueOf<Type> => {
  if (value?.type !== type) {
    throw new Halt('type_mismatch', `${where}: expected ${type}, got ${value?.type ?? 'nothing'}`);
  }
  return value as ValueOf<Type>;
};

type Operator = (parts: readonly Value[], run: Run, name: string) => Value;

const arithmetic =
  (compute: (left: bigint, right: bigint) => bigint): Operator =>
  ([left, right], _run, name) =>
    values.integer(
      compute(needType(left, 'integer', name).value, needType(right, 'integer', name).value),
    );

const comparison =
  (holds: (left: bigint, right: bigint) => boolean): Operator =>
  ([left, right], _run, name) =>
    values.boolean(
      holds(needType(left, 'integer', name).value, needType(right, 'integer', name).value),
    );

const divisor = (right: bigint): bigint => {
  if (right === 0n) throw new Halt('division_by_zero', 'a division by zero');
  return right;
};

/** The part of a list or a map; undefined where there is none. */
const partOf = (whole: Value | undefined, key: Value | undefined, name: string) => {
  if (whole?.type === 'list') {
    const index = needType(key, 'integer', name).value;
    return index >= 0n ? whole.value[Number(index)] : undefined;
  }
  return needType(whole, 'map', name).value.get(needType(key, 'string', name).value);
};

/** By name: how many parts, and what becomes of them. All parts are evaluated, from left to right. */
export const OPERATORS: ReadonlyMap<string, readonly [parts: number, apply: Operator]> = new Map<
  string,
  readonly [number, Operator]
>([
  ['add', [2, arithmetic((left, right) => left + right)]],
  ['subtract', [2, arithmetic((left, right) => left - right)]],
  ['multiply', [2, arithmetic((left, right) => left * right)]],
  /** Towards zero, as the remainder has the sign of the left. */
  ['divide', [2, arithmetic((left, right) => left / divisor(right))]],
  ['remainder', [2, arithmetic((left, right) => left % divisor(right))]],
  ['less', [2, comparison((left, right) => left < right)]],
  ['lessOrEqual', [2, comparison((left, right) => left <= right)]],
  ['more', [2, comparison((left, right) => left > right)]],
  ['moreOrEqual', [2, comparison((left, right) => left >= right)]],
  ['not', [1, ([part], _run, name) => values.boolean(!needType(part, 'boolean', name).value)]],
  [
    'equal',
    [
      2,
      ([left, right], run) => {
        spend(run, Math.min(left!.weight, right!.weight));
        return values.boolean(isEqual(left!, right!));
      },
    ],
  ],
  /** A DID or an integer as a string: a key for a map. */
  [
    'spell',
    [
      1,
      ([part], _run, name) => {
        if (part?.type === 'integer') return values.string(String(part.value));
        return values.string(needType(part, 'did', name).value);
      },
    ],
  ],
  [
    'length',
    [
      1,
      ([whole], _run, name) =>
        values.integer(
          BigInt(
            whole?.type === 'list' ? whole.value.length : needType(whole, 'map', name).value.size,
          ),
        ),
    ],
  ],
  [
    'get',
    [
      2,
      ([whole, key], _run, name) => {
        const part = partOf(whole, key, name);
        if (part) return part;
        throw new Halt('key_unknown', `no ${String(key?.value).slice(0, 64)} in a ${whole?.type}`);
      },
    ],
  ],
  ['getOr', [3, ([whole, key, other], _run, name) => partOf(whole, key, name) ?? other!]],
  [
    'has',
    [2, ([whole, key], _run, name) => values.boolean(partOf(whole, key, name) !== undefined)],
  ],
  /** Whether a list has an equal part. */
  [
    'contains',
    [
      2,
      ([whole, part], run, name) => {
        const { value, weight } = needType(whole, 'list', name);
        spend(run, weight);
        return values.boolean(value.some((each) => isEqual(each, part!)));
      },
    ],
  ],
  [
    'append',
    [
      2,
      ([whole, part], run, name) => {
        const { value } = needType(whole, 'list', name);
        spend(run, value.length);
        return values.list([...value, part!]);
      },
    ],
  ],
  [
    'put',
    [
      3,
      ([whole, key, part], run, name) => {
        const { value } = needType(whole, 'map', name);
        spend(run, value.size);
        return values.map(new Map(value).set(needType(key, 'string', name).value, part!));
      },
    ],
  ],
  [
    'keys',
    [
      1,
      ([whole], run, name) => {
        const { value } = needType(whole, 'map', name);
        spend(run, value.size);
        return values.list([...value.keys()].map((key) => values.string(key)));
      },
    ],
  ],
]);

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
