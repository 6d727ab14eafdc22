/**
 * Form: what a journal entry says by itself, before anybody's past is looked at.
 *
 * An entry moves amounts between accounts. It is well formed when every amount is positive and within
 * the signed 64-bit range, when what some receive others provided, and when nobody but its author
 * falls. Nets are taken per account first: an account debited 5 and credited 5 was named, not moved.
 * A dispute has no lines and moves nothing, so by itself it is always well formed.
 */
import { AMOUNT_MAX, type LedgerStatus, type Verdict } from '#contracts/ledger.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { EntryLine, SignedRecord } from '#contracts/records.ts';

/** What a record says of itself. */
export interface Form {
  /** Debits minus credits per account named, in minor units. */
  readonly nets: ReadonlyMap<Did, bigint>;
  /** The first rule it breaks, if any. */
  readonly fault: Verdict | undefined;
}

/** A verdict, with a reason for people. */
export const verdictOf = (status: LedgerStatus, reason: string): Verdict => ({ status, reason });

const linesOf = ({ body }: SignedRecord): readonly EntryLine[] =>
  'accounts' in body ? body.accounts : [];

const amountOf = (line: EntryLine): bigint => BigInt(line.debit ?? line.credit ?? '0');

/** Debits minus credits per account, in minor units. */
export const netsOf = (
  lines: readonly EntryLine[],
  amounts = lines.map(amountOf),
): Map<Did, bigint> => {
  const nets = new Map<Did, bigint>();
  for (const [index, { account, debit }] of lines.entries()) {
    const amount = amounts[index]!;
    nets.set(account, (nets.get(account) ?? 0n) + (debit === undefined ? -amount : amount));
  }
  return nets;
};

const faultOfAmounts = (amounts: readonly bigint[]): Verdict | undefined => {
  if (amounts.length < 2) return verdictOf('empty', `${amounts.length} lines, at least 2 needed`);
  const low = amounts.find((amount) => amount <= 0n);
  if (low !== undefined) return verdictOf('amount_not_positive', `an amount of ${low}`);
  const high = amounts.find((amount) => amount > AMOUNT_MAX);
  if (high === undefined) return undefined;
  return verdictOf('overflow', `an amount of ${high}, at most ${AMOUNT_MAX} allowed`);
};

const faultOfNets = (author: Did, nets: ReadonlyMap<Did, bigint>): Verdict | undefined => {
  let sum = 0n;
  for (const net of nets.values()) sum += net;
  if (sum !== 0n) return verdictOf('unbalanced', `debits exceed credits by ${sum}`);
  for (const [account, net] of nets) {
    if (net >= 0n || account === author) continue;
    return verdictOf('unauthorised', `${account} would fall by ${-net}, signed by ${author}`);
  }
  return undefined;
};

/** Reads a record; what is neither an entry nor a dispute has no lines, and is `empty`. */
export const formOf = (record: SignedRecord): Form => {
  if (record.kind === 'icn/dispute/1') return { nets: new Map(), fault: undefined };
  const lines = linesOf(record);
  const amounts = lines.map(amountOf);
  const nets = netsOf(lines, amounts);
  return { nets, fault: faultOfAmounts(amounts) ?? faultOfNets(record.author, nets) };
};
