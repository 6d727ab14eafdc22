/** Planted faults in the ledger: what counts, for whom, and how much. */
import type { CreateLedger, Ledger, Verdict } from '#contracts/ledger.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';

type Mutant = (create: CreateLedger) => CreateLedger;

const balancing = (
  ledger: Ledger,
  balances: (topic: Topic) => ReadonlyMap<Did, bigint>,
): Ledger => ({
  ...ledger,
  balances,
  balance: (topic, account) => balances(topic).get(account) ?? 0n,
});

/** Gives its first account one minor unit more, on the page alone. */
export const mint: Mutant = (create) => (options) => {
  const ledger = create(options);
  return {
    ...ledger,
    balances: (topic) => {
      const balances = new Map(ledger.balances(topic));
      const [first] = balances.keys();
      if (first !== undefined) balances.set(first, (balances.get(first) ?? 0n) + 1n);
      return balances;
    },
  };
};

/** Keeps sums of hours in floating point and cuts off what is below a minor unit. */
export const floats: Mutant = (create) => (options) => {
  const ledger = create(options);
  const hours = new Map<Did, number>();
  const shown = (topic: Topic): ReadonlyMap<Did, bigint> =>
    new Map(
      [...ledger.balances(topic).keys()].map((account) => [
        account,
        BigInt(Math.trunc((hours.get(account) ?? 0) * 100)),
      ]),
    );
  return {
    ...balancing(ledger, shown),
    // What it notes on disk is right, or its next start would say so.
    balance: ledger.balance,
    add(record) {
      const change = ledger.add(record);
      for (const { account, balance } of change.balances) {
        const before = hours.get(account) ?? 0;
        hours.set(account, before + (Number(balance) / 100 - before));
      }
      return change;
    },
  };
};

/** Of two children of one record the one that came first counts. */
export const firstCome: Mutant = (create) => (options) => {
  const ledger = create(options);
  const first = new Map<string, RecordId>();
  const late = new Set<RecordId>();
  const placeOf = ({ topic, author, previous }: SignedRecord): string =>
    `${topic} ${author} ${previous}`;
  const verdict: Verdict = { status: 'accepted', reason: 'came later' };
  return {
    ...ledger,
    add(record) {
      const known = first.get(placeOf(record)) ?? record.id;
      first.set(placeOf(record), known);
      const isOnLate = record.previous !== null && late.has(record.previous);
      if (known === record.id && !isOnLate) return ledger.add(record);
      late.add(record.id);
      return { verdicts: [{ id: record.id, verdict }], displaced: [], balances: [] };
    },
    verdict: (id) => (late.has(id) ? verdict : ledger.verdict(id)),
  };
};

/** Refuses what is older than the newest it has seen: a verdict that depends on the order of arrival. */
export const stale: Mutant = (create) => (options) => {
  const ledger = create(options);
  const refused = new Map<RecordId, Verdict>();
  let newest = 0;
  return {
    ...ledger,
    add(record) {
      const change = ledger.add(record);
      newest = Math.max(newest, record.timestamp);
      if (record.timestamp === newest) return change;
      const reason = `${newest - record.timestamp} ms older than the newest`;
      const verdict: Verdict = { status: 'timestamp_conflict', reason };
      refused.set(record.id, verdict);
      return { ...change, verdicts: [{ id: record.id, verdict }] };
    },
    verdict: (id) => refused.get(id) ?? ledger.verdict(id),
  };
};
