/** What one record says by itself: its links, its lines, what they do to an account. */
import type { Did } from '#contracts/identifiers.ts';
import type { DisputeBody, EntryLine, SignedRecord } from '#contracts/records.ts';

export const sum = (amounts: readonly bigint[]) =>
  amounts.reduce((total, amount) => total + amount, 0n);
export const sorted = <Name extends string>(names: Iterable<Name>) => [...new Set(names)].sort();
export const byId = (left: SignedRecord, right: SignedRecord) => (left.id < right.id ? -1 : 1);
export const linksOf = ({ previous, parents }: SignedRecord) =>
  previous === null ? parents : [previous, ...parents];
export const linesOf = ({ body }: SignedRecord) => ('accounts' in body ? body.accounts : []);
export const accountsOf = (record: SignedRecord) =>
  sorted(linesOf(record).map(({ account }) => account));
export const amountOf = ({ debit, credit }: EntryLine) => BigInt(debit ?? credit ?? 0);

/** What lines do to one account: debits minus credits. */
export const netOfLines = (lines: readonly EntryLine[], account: Did) =>
  sum(
    lines
      .filter((line) => line.account === account)
      .map((line) => (line.debit === undefined ? -amountOf(line) : amountOf(line))),
  );
export const netOf = (record: SignedRecord, account: Did) => netOfLines(linesOf(record), account);

/** The entry that a dispute is about. */
export const disputedBy = ({ kind, body }: SignedRecord) =>
  kind === 'icn/dispute/1' ? (body as DisputeBody).entry : undefined;
export const refundedBy = ({ body }: SignedRecord) =>
  'refunds' in body ? body.refunds : undefined;
export const isParty = (entry: SignedRecord, did: Did) =>
  entry.author === did || accountsOf(entry).includes(did);

/** Whether a record is the next of its author's chain after `previous`, or the first of it. */
export const follows = (record: SignedRecord, previous: SignedRecord | undefined) =>
  record.previous === null
    ? record.sequence === 1
    : previous?.author === record.author &&
      previous.topic === record.topic &&
      previous.sequence + 1 === record.sequence;
