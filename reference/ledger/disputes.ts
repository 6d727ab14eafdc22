/**
 * Disputes: somebody says that an entry was wrong, and the others give back what it took, or do not.
 *
 * A dispute moves nothing, so it is kept beside the books. Whether its author may file it is decided in
 * its own past, as every verdict is. Whether it is settled is a question about all that is held, and is
 * answered when it is asked: disputes are few, and a running answer would have to follow every fork.
 */
import type { Dispute, Verdict } from '#contracts/ledger.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { DisputeBody, SignedRecord } from '#contracts/records.ts';
import { verdictOf } from './form.ts';
import type { Held } from './state.ts';

/** The entry that a dispute is about; undefined for every other record. */
export const disputedBy = ({ kind, body }: SignedRecord): RecordId | undefined =>
  kind === 'icn/dispute/1' ? (body as DisputeBody).entry : undefined;

/** The entry that an entry gives back. */
const refundedBy = ({ body }: SignedRecord): RecordId | undefined =>
  'refunds' in body ? body.refunds : undefined;

const netIn = ({ nets }: Held, did: Did): bigint | undefined =>
  nets.find(({ account }) => account.did === did)?.amount;

/** The author of an entry and every account that it names. */
const isParty = (entry: Held, did: Did): boolean =>
  entry.place?.chain.author === did || netIn(entry, did) !== undefined;

const isAccepted = ({ verdict }: Held): boolean => verdict.status === 'accepted';

/** Whether the author may file this dispute; `stoodThen` says whether an entry stands in its past. */
export const faultOfDispute = (
  { author }: SignedRecord,
  about: RecordId,
  entry: Held | undefined,
  stoodThen: (entry: Held) => boolean,
): Verdict | undefined => {
  // An accepted entry names accounts; a dispute names none, and is not to be disputed in turn.
  if (!entry || entry.nets.length === 0 || !isAccepted(entry) || !stoodThen(entry)) {
    return verdictOf('unauthorised', `no accepted entry ${about} stands in the dispute's past`);
  }
  if (isParty(entry, author)) return undefined;
  return verdictOf('unauthorised', `${author} is no party of entry ${about}`);
};

interface Filed {
  readonly held: Held;
  readonly filer: Did;
  readonly topic: Topic;
  readonly about: RecordId;
}

const byTime = (left: Filed, right: Filed): number =>
  left.held.timestamp - right.held.timestamp || (left.held.id < right.held.id ? -1 : 1);

/** Disputes and refunds by what they are about. */
export const createDisputes = (
  held: ReadonlyMap<RecordId, Held>,
  stands: (entry: Held) => boolean,
) => {
  const filed = new Map<RecordId, Filed>();
  const refunds = new Map<RecordId, Set<Held>>();
  const ruled = new Set<RecordId>();

  /** Whether an entry gives the filer something back for another, and counts. */
  const gives = (refund: Held, entry: Held, { filer, topic }: Filed): boolean => {
    const chain = refund.place?.chain;
    if (chain?.topic !== topic || chain.author === filer || !isParty(entry, chain.author)) {
      return false;
    }
    return isAccepted(refund) && stands(refund) && (netIn(refund, filer) ?? 0n) > 0n;
  };

  const viewOf = (dispute: Filed): Dispute => {
    const { filer, topic, about } = dispute;
    const { id } = dispute.held;
    const entry = held.get(about);
    const taken = -((entry && netIn(entry, filer)) ?? 0n);
    const naming = entry ? [...(refunds.get(about) ?? [])] : [];
    const counting = naming.filter((refund) => entry && gives(refund, entry, dispute));
    const due = taken > 0n ? taken : 1n;
    const returned = counting.reduce((sum, refund) => sum + (netIn(refund, filer) ?? 0n), 0n);
    const settled = returned >= due ? 'settled' : 'open';
    const unruled = entry && stands(entry) ? settled : 'moot';
    const state = ruled.has(id) ? 'ruled' : unruled;
    const ids = counting.map((refund) => refund.id).sort();
    return { id, topic, entry: about, filer, state, due, returned, refunds: ids };
  };

  return {
    /** Notes a record that has its verdict, if it is one of either kind. */
    note(record: SignedRecord, entry: Held): void {
      const about = disputedBy(record);
      const { author: filer, topic } = record;
      if (about !== undefined) filed.set(entry.id, { held: entry, filer, topic, about });
      const refunded = refundedBy(record);
      if (refunded === undefined) return;
      refunds.set(refunded, (refunds.get(refunded) ?? new Set()).add(entry));
    },
    /** Takes a record back. */
    forget(entry: Held): void {
      filed.delete(entry.id);
      for (const [about, group] of refunds) {
        if (group.delete(entry) && group.size === 0) refunds.delete(about);
      }
    },
    /** The stewards have decided it; it may come later. */
    rule: (id: RecordId): void => void ruled.add(id),
    /** Those that were accepted and stand. */
    in: (topic: Topic): readonly Dispute[] =>
      [...filed.values()]
        .filter((each) => each.topic === topic && isAccepted(each.held) && stands(each.held))
        .sort(byTime)
        .map(viewOf),
  };
};
