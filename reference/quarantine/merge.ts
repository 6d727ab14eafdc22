/**
 * The merge report: entries go into the ledger one by one, and when the batch is through each is given
 * its place in the decision by what the ledger says of it then.
 *
 * Judged at the end and not on arrival, because an entry may be displaced by a later one of the same
 * batch: so within a batch the order does not matter, and the counts add up.
 */
import type { Content } from '#contracts/content.ts';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Conflict, Ledger } from '#contracts/ledger.ts';
import type { AuthorTips, ConflictPair, Discard, MergeFacts } from '#contracts/merge.ts';
import {
  REASON_OF,
  type MergeBatch,
  type QuarantineItem,
  type QuarantineOptions,
  type QuarantineReason,
  type QuarantineStatus,
} from '#contracts/quarantine.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { FATES, idIn } from './door.ts';

/** Characters of a reason that are kept. */
const DETAIL_MAX = 512;

/** What a batch found, before it is kept. */
export interface Findings {
  readonly facts: MergeFacts;
  /** For the inbox, in order: the quarantined with their claims, then those that a fork displaced. */
  readonly items: readonly { readonly item: QuarantineItem; readonly claim: Json }[];
}

const asJson = (record: SignedRecord): Json => record as unknown as Json;

/** The name of a claim in the inbox: of its content, so that a forged id is no other's name. */
export const keyOf = (content: Content, claim: Json, reason: QuarantineReason): string => {
  const text = content.canonicalize(claim);
  if (!text.ok) throw new Error(`quarantine: a claim has no canonical form: ${text.reason}`);
  return content.hash(`${text.value}\n${reason}`);
};

/** What the ledger holds against a record today; undefined where it counts, waits or is not there. */
export const objectionTo = (
  { ledger }: Pick<QuarantineOptions, 'ledger'>,
  { id, topic, author }: SignedRecord,
): { readonly status: QuarantineStatus; readonly detail: string } | undefined => {
  const [verdict, standing] = [ledger.verdict(id), ledger.standing(id)];
  // What waits may be void by its own form already, and is not decided before its ancestors are here.
  if (!verdict || standing === undefined) return undefined;
  if (verdict.status === 'accepted') {
    if (standing === 'stands') return undefined;
    const [fork] = ledger.conflicts(topic, new Set([author]));
    const { previous, children = [] } = fork ?? {};
    const detail = `its author signed ${children.length} records after ${previous ?? 'the start'}: ${children.join(', ')}`;
    return { status: 'fork', detail };
  }
  if (REASON_OF[verdict.status] === null) return undefined;
  return { status: verdict.status as QuarantineStatus, detail: verdict.reason };
};

interface Given {
  readonly record: SignedRecord;
  readonly peer: Did | undefined;
}

/** Who wrote entries, by topic. */
const authorsIn = (decided: ReadonlyMap<RecordId, Given>): ReadonlyMap<Topic, ReadonlySet<Did>> => {
  const authors = new Map<Topic, Set<Did>>();
  for (const { record } of decided.values()) {
    const { topic, author } = record;
    authors.set(topic, (authors.get(topic) ?? new Set()).add(author));
  }
  return authors;
};

/** The two children of each pair that shows a fork: the settled one first, or the smallest. */
const pairsOf = (
  { topic, author, previous, children }: Conflict,
  { standing, isSettled }: Pick<Ledger, 'standing' | 'isSettled'>,
): ConflictPair[] => {
  const settled = children.find((id) => isSettled(id));
  const winner = settled ?? children[0]!;
  const unsettled = standing(winner) === 'stands' ? 'smaller_id' : 'below_fork';
  const resolution = settled === undefined ? unsettled : 'settled';
  return children
    .filter((id) => id !== winner)
    .map((loser) => ({ topic, author, previous, winner, loser, resolution }));
};

/** A batch; `finish` is given what was found. */
export const createBatch = <Result>(
  options: QuarantineOptions,
  finish: (now: number, findings: Findings) => Result,
): Omit<MergeBatch, 'close'> & { close(now: number): Result } => {
  const { ledger, content, read } = options;
  /** Entries of this batch, and those that had waited and were decided by it. */
  const given = new Map<RecordId, Given>();
  const displaced = new Set<RecordId>();
  const discarded: Discard[] = [];
  const pending: RecordId[] = [];
  const atTheDoor: ((now: number) => Findings['items'][number])[] = [];

  const itemOf = (
    now: number,
    claim: Json,
    fields: Pick<QuarantineItem, 'id' | 'proven' | 'status'>,
    peer: Did | undefined,
    detail: string,
  ): Findings['items'][number] => {
    const reason = REASON_OF[fields.status];
    const { topic, author } = claim as { readonly topic: Topic; readonly author: Did };
    const key = keyOf(content, claim, reason);
    const about = { key, topic, author, peer: peer ?? null, reason };
    const item = { ...fields, ...about, detail: detail.slice(0, DETAIL_MAX), observedAt: now };
    return { item, claim };
  };

  const objectionItem = (
    now: number,
    { record, peer }: Given,
  ): Findings['items'][number] | undefined => {
    const objection = objectionTo(options, record);
    if (!objection) return undefined;
    const fields = { id: record.id, proven: true, status: objection.status };
    return itemOf(now, asJson(record), fields, peer, objection.detail);
  };

  /** Forks that a decided entry is a child of. Asked only where one left a trace. */
  const conflictsIn = (decided: ReadonlyMap<RecordId, Given>): ConflictPair[] => {
    const forked = [...decided.keys()].some((id) => ledger.standing(id) === 'fork');
    if (!forked && displaced.size === 0) return [];
    return [...authorsIn(decided)]
      .flatMap(([topic, authors]) => ledger.conflicts(topic, authors))
      .flatMap((conflict) => pairsOf(conflict, ledger))
      .filter(({ winner, loser }) => decided.has(winner) || decided.has(loser));
  };

  const tipsOf = (decided: ReadonlyMap<RecordId, Given>): AuthorTips[] =>
    [...authorsIn(decided)].flatMap(([topic, authors]) =>
      [...ledger.tips(topic, authors)].map(([author, ids]) => ({ topic, author, ids })),
    );

  return {
    add(record, peer) {
      const change = ledger.add(record);
      if (change.verdicts[0]?.verdict.status === 'duplicate') {
        discarded.push({ id: record.id, status: 'duplicate' });
        return change;
      }
      given.set(record.id, { record, peer });
      for (const { id } of change.verdicts) {
        const waited = given.has(id) ? undefined : read(id);
        if (waited) given.set(id, { record: waited, peer: undefined });
      }
      for (const id of change.displaced) displaced.add(id);
      return change;
    },

    moved(ids) {
      for (const id of ids) displaced.add(id);
    },

    note(event, claim, peer, detail) {
      const fate = FATES[event];
      const id = idIn(claim);
      if (fate.fate === 'discarded') discarded.push({ id, status: fate.status });
      if (id === null) return;
      if (fate.fate === 'pending') pending.push(id);
      if (fate.fate !== 'quarantined') return;
      const { status, proven } = fate;
      atTheDoor.push((now) => itemOf(now, claim, { id, status, proven }, peer, detail));
    },

    close(now) {
      const accepted: RecordId[] = [];
      const items = atTheDoor.map((make) => make(now));
      for (const [id, each] of given) {
        const item = objectionItem(now, each);
        if (item) items.push(item);
        else if (ledger.standing(id) === 'stands') accepted.push(id);
        else if (ledger.verdict(id)) pending.push(id);
        else discarded.push({ id, status: 'given_up' });
      }
      const quarantined = items.map(({ item }) => item);
      const earlier = [...displaced].filter((id) => !given.has(id)).sort();
      for (const id of earlier) {
        const record = ledger.verdict(id)?.status === 'accepted' ? read(id) : undefined;
        const item = record && objectionItem(now, { record, peer: undefined });
        if (item) items.push(item);
      }
      const decided = new Map(
        [...given].filter(([id]) => ledger.standing(id) !== undefined),
      ) as ReadonlyMap<RecordId, Given>;
      const lists = { accepted, discarded, quarantined, pending, displaced: earlier };
      const facts = { ...lists, tips: tipsOf(decided), conflicts: conflictsIn(decided) };
      return finish(now, { facts: { ...facts, timestamp: now }, items });
    },
  };
};
