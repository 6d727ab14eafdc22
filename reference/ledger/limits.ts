/**
 * Limits: how much an account may owe.
 *
 * A grant is a lease: a baseline to begin with, one more unit for every twenty provided, a cap, and the
 * last sequence of the account's own chain in which it counts. Genesis has the first ones, certificates
 * add others; one of a certificate counts for a record that has seen it. Where several leases run, the
 * best one counts, so who hides a certificate wins nothing; where none does, the account may owe nothing.
 */
import type { Certified } from '#contracts/certificates.ts';
import { PROVIDED_PER_LIMIT_UNIT, type Genesis, type Grant } from '#contracts/genesis.ts';
import { ledgerTopic, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';

/** What a limit depends on. */
export interface LimitQuestion {
  readonly topic: Topic;
  readonly account: Did;
  /** Of the account's own record that asks. */
  readonly sequence: number;
  /** Number of the newest certificate in its past; 0 without one. */
  readonly seen: number;
  /** Minor units that it had provided by then, by what it had seen. */
  readonly provided: bigint;
}

const limitUnder = ({ baseline, cap }: Grant, provided: bigint): bigint => {
  const earned = BigInt(baseline) + provided / PROVIDED_PER_LIMIT_UNIT;
  return earned < BigInt(cap) ? earned : BigInt(cap);
};

/** What was granted by genesis, and by certificates since. */
export interface Limits {
  /** In minor units, never negative. */
  limitOf(question: LimitQuestion): bigint;
  /** Notes a certificate; in the order of the numbers, each once. */
  learn(certificate: Certified): void;
  /** Its number; undefined while it is not learned. */
  numberOf(certificate: RecordId): number | undefined;
  /** The newest certificate that grants something to an account. */
  newestFor(topic: Topic, account: Did): Certified | undefined;
  /** The number of the newest certificate. */
  readonly newest: number;
}

interface Lease {
  readonly grant: Grant;
  /** Of the certificate that grants it; 0: genesis. */
  readonly number: number;
}

export const createLimits = (genesis: Genesis): Limits => {
  const leases = new Map<string, Lease[]>();
  const numbers = new Map<RecordId, number>();
  const newestFor = new Map<string, Certified>();
  let newest = 0;

  const nameOf = (topic: Topic, account: Did): string => `${topic} ${account}`;

  const note = (grant: Grant, number: number): string => {
    const name = nameOf(ledgerTopic(grant.currency), grant.account);
    const noted = leases.get(name) ?? [];
    leases.set(name, noted);
    noted.push({ grant, number });
    return name;
  };
  for (const grant of genesis.grants) note(grant, 0);

  return {
    limitOf({ topic, account, sequence, seen, provided }) {
      let limit = 0n;
      for (const { grant, number } of leases.get(nameOf(topic, account)) ?? []) {
        if (number > seen || sequence > grant.untilSequence) continue;
        const granted = limitUnder(grant, provided);
        if (granted > limit) limit = granted;
      }
      return limit;
    },
    learn(certificate) {
      const { id, number, decision } = certificate;
      if (number !== newest + 1) throw new Error(`ledger: certificate ${number} after ${newest}`);
      newest = number;
      numbers.set(id, number);
      if (decision.kind !== 'grant') return;
      for (const grant of decision.grants) newestFor.set(note(grant, number), certificate);
    },
    numberOf: (id) => numbers.get(id),
    newestFor: (topic, account) => newestFor.get(nameOf(topic, account)),
    get newest() {
      return newest;
    },
  };
};
