/**
 * Limits: how much an account may owe.
 *
 * A grant of the genesis is a lease: a baseline to begin with, one more unit for every twenty provided,
 * a cap, and the last sequence of the account's own chain in which it counts. Where several leases run,
 * the best one counts; where none does, the account may owe nothing.
 */
import { PROVIDED_PER_LIMIT_UNIT, type Genesis, type Grant } from '#contracts/genesis.ts';
import { ledgerTopic, type Did, type Topic } from '#contracts/identifiers.ts';

/** What a limit depends on. */
export interface LimitQuestion {
  readonly topic: Topic;
  readonly account: Did;
  /** Of the account's own record that asks. */
  readonly sequence: number;
  /** Minor units that it had provided by then, by what it had seen. */
  readonly provided: bigint;
}

const limitUnder = ({ baseline, cap }: Grant, provided: bigint): bigint => {
  const earned = BigInt(baseline) + provided / PROVIDED_PER_LIMIT_UNIT;
  return earned < BigInt(cap) ? earned : BigInt(cap);
};

/** The limits that a genesis grants, in minor units, never negative. */
export const createLimits = (genesis: Genesis): ((question: LimitQuestion) => bigint) => {
  const leases = new Map<string, Grant[]>();
  for (const grant of genesis.grants) {
    const name = `${ledgerTopic(grant.currency)} ${grant.account}`;
    leases.set(name, [...(leases.get(name) ?? []), grant]);
  }
  return ({ topic, account, sequence, provided }) => {
    let limit = 0n;
    for (const grant of leases.get(`${topic} ${account}`) ?? []) {
      const granted = sequence <= grant.untilSequence ? limitUnder(grant, provided) : 0n;
      if (granted > limit) limit = granted;
    }
    return limit;
  };
};
