/** One run under way: what it knows, what it has left, and what it has gathered. */
import type { ValueType } from '#contracts/contract-language.ts';
import type { Did } from '#contracts/identifiers.ts';
import { Halt, type Value, type ValueOf } from './values.ts';

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
