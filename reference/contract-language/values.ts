/**
 * Values: what a contract counts with. They never change; each knows its weight and depth, so that a bound is
 * checked when a value is made and not by walking through it.
 */
import {
  VALUE_DEPTH_MAX,
  VALUE_WEIGHT_MAX,
  type JsonValue,
  type RunStatus,
  type ValueType,
} from '#contracts/contract-language.ts';
import type { Did, Json } from '#contracts/identifiers.ts';

interface Sized {
  /** Itself and all within it. */
  readonly weight: number;
  readonly depth: number;
}

export type Value =
  | (Sized & { readonly type: 'integer'; readonly value: bigint })
  | (Sized & { readonly type: 'string'; readonly value: string })
  | (Sized & { readonly type: 'boolean'; readonly value: boolean })
  | (Sized & { readonly type: 'did'; readonly value: Did })
  | (Sized & { readonly type: 'list'; readonly value: readonly Value[] })
  /** Keys in UTF-16 order. */
  | (Sized & { readonly type: 'map'; readonly value: ReadonlyMap<string, Value> });

export type ValueOf<Type extends ValueType> = Extract<Value, { readonly type: Type }>;

/** Ends a run with its status. It never leaves the interpreter: `run` turns it into a refusal. */
export class Halt extends Error {
  readonly status: RunStatus;

  constructor(status: RunStatus, reason: string) {
    super(reason);
    this.status = status;
  }
}

const INTEGER_MAX = 2n ** 63n - 1n;
const CHARACTERS_PER_WEIGHT = 32;
const INTEGER_PATTERN = /^(?:0|-?[1-9][0-9]{0,18})$/;

const bounded = <Any extends Value>(value: Any): Any => {
  if (value.weight > VALUE_WEIGHT_MAX || value.depth > VALUE_DEPTH_MAX) {
    throw new Halt(
      'value_too_large',
      `a ${value.type} of weight ${value.weight} and depth ${value.depth}; at most ${VALUE_WEIGHT_MAX} and ${VALUE_DEPTH_MAX}`,
    );
  }
  return value;
};

const sizeOf = (parts: Iterable<Value>): Sized => {
  let weight = 1;
  let depth = 0;
  for (const part of parts) {
    weight += part.weight;
    depth = Math.max(depth, part.depth);
  }
  return { weight, depth: depth + 1 };
};

export const integer = (value: bigint): ValueOf<'integer'> => {
  if (value > INTEGER_MAX || value < -INTEGER_MAX - 1n) {
    throw new Halt('integer_overflow', 'an integer beyond the signed 64-bit range');
  }
  return { type: 'integer', value, weight: 1, depth: 0 };
};

export const string = (value: string): ValueOf<'string'> =>
  bounded({
    type: 'string',
    value,
    weight: 1 + Math.ceil(value.length / CHARACTERS_PER_WEIGHT),
    depth: 0,
  });

export const boolean = (value: boolean): ValueOf<'boolean'> => ({
  type: 'boolean',
  value,
  weight: 1,
  depth: 0,
});

export const did = (value: Did): ValueOf<'did'> => ({ type: 'did', value, weight: 3, depth: 0 });

export const list = (value: readonly Value[]): ValueOf<'list'> =>
  bounded({ type: 'list', value, ...sizeOf(value) });

export const map = (entries: Iterable<readonly [string, Value]>): ValueOf<'map'> => {
  const value = new Map([...entries].sort(([left], [right]) => (left < right ? -1 : 1)));
  const { weight, depth } = sizeOf(value.values());
  let keys = 0;
  for (const key of value.keys()) keys += string(key).weight;
  return bounded({ type: 'map', value, weight: weight + keys, depth });
};

/** The same type and the same content. */
export const isEqual = (left: Value, right: Value): boolean => {
  if (left.type === 'list' && right.type === 'list') {
    return (
      left.value.length === right.value.length &&
      left.value.every((each, index) => isEqual(each, right.value[index]!))
    );
  }
  if (left.type === 'map' && right.type === 'map') {
    return (
      left.value.size === right.value.size &&
      [...left.value].every(([key, each]) => {
        const other = right.value.get(key);
        return other !== undefined && isEqual(each, other);
      })
    );
  }
  return left.type === right.type && left.value === right.value;
};

/** The one entry of an object that has one. */
export const soleEntry = (json: Json | undefined): readonly [string, Json] | undefined => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const entries = Object.entries(json as { readonly [key: string]: Json });
  return entries.length === 1 ? entries[0] : undefined;
};

/** Reads a value; undefined for what is none. Throws Halt where it is above a bound. */
export const decode = (
  json: Json | undefined,
  isDid: (text: string) => boolean,
  depthLeft = VALUE_DEPTH_MAX,
): Value | undefined => {
  // Checked on the way in: the stack is bounded too.
  if (depthLeft < 0) throw new Halt('value_too_large', `deeper than ${VALUE_DEPTH_MAX}`);
  const [type, given] = soleEntry(json) ?? [];
  switch (type) {
    case 'integer':
      return typeof given === 'string' && INTEGER_PATTERN.test(given)
        ? integer(BigInt(given))
        : undefined;
    case 'string':
      return typeof given === 'string' ? string(given) : undefined;
    case 'boolean':
      return typeof given === 'boolean' ? boolean(given) : undefined;
    case 'did':
      return typeof given === 'string' && isDid(given) ? did(given as Did) : undefined;
    case 'list': {
      if (!Array.isArray(given) || given.length > VALUE_WEIGHT_MAX) return undefined;
      const parts = given.map((each: Json) => decode(each, isDid, depthLeft - 1));
      return parts.every((each) => each !== undefined) ? list(parts) : undefined;
    }
    case 'map': {
      if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
      const parts = Object.entries(given as { readonly [key: string]: Json }).map(
        ([key, each]) => [key, decode(each, isDid, depthLeft - 1)] as const,
      );
      return parts.every((each): each is readonly [string, Value] => each[1] !== undefined)
        ? map(parts)
        : undefined;
    }
    default:
      return undefined;
  }
};

/** The other way. Own keys only, `__proto__` among them: an object literal would lose that one. */
export const encode = (value: Value): JsonValue => {
  switch (value.type) {
    case 'integer':
      return { integer: String(value.value) };
    case 'string':
      return { string: value.value };
    case 'boolean':
      return { boolean: value.value };
    case 'did':
      return { did: value.value };
    case 'list':
      return { list: value.value.map((each) => encode(each) as Json) };
    case 'map':
      return {
        map: Object.fromEntries([...value.value].map(([key, each]) => [key, encode(each) as Json])),
      };
  }
};
