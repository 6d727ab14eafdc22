/** Operators: what an expression may do with values. New ones go into the table, and nowhere else. */
import { needType, spend, type Run } from './run.ts';
import * as values from './values.ts';
import { Halt, isEqual, type Value } from './values.ts';

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
