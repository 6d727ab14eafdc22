/**
 * The ledger as a fold, written as a fold: the executable specification of protocol section 5.
 *
 * `fold` takes a set of records that contains its ancestors and says what stands. It is used twice:
 * over the past of one record, to judge it, and over all that is held, to say who has what. Nothing is
 * remembered but the records and their verdicts, so nothing can go out of step. The price is a pass
 * over the whole past for every record.
 */
import { PROVIDED_PER_LIMIT_UNIT } from '#contracts/genesis.ts';
import { ledgerTopic, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import { AMOUNT_MAX, PENDING_MAX } from '#contracts/ledger.ts';
import type {
  Conflict,
  CreateLedger,
  Dispute,
  LedgerChange,
  LedgerStatus,
  Standing,
  Verdict,
} from '#contracts/ledger.ts';
import type { DisputeBody, EntryLine, SignedRecord } from '#contracts/records.ts';

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
const sorted = <Name extends string>(names: Iterable<Name>) => [...new Set(names)].sort();
const byId = (left: SignedRecord, right: SignedRecord) => (left.id < right.id ? -1 : 1);
const linksOf = ({ previous, parents }: SignedRecord) =>
  previous === null ? parents : [previous, ...parents];
const linesOf = ({ body }: SignedRecord) => ('accounts' in body ? body.accounts : []);
const accountsOf = (record: SignedRecord) => sorted(linesOf(record).map(({ account }) => account));
const amountOf = ({ debit, credit }: EntryLine) => BigInt(debit ?? credit ?? 0);

/** What a record does to one account: debits minus credits. */
const netOf = (record: SignedRecord, account: Did) => {
  const lines = linesOf(record).filter((line) => line.account === account);
  return sum(lines.map((line) => (line.debit === undefined ? -amountOf(line) : amountOf(line))));
};

/** The entry that a dispute is about. */
const disputedBy = ({ kind, body }: SignedRecord) =>
  kind === 'icn/dispute/1' ? (body as DisputeBody).entry : undefined;
const refundedBy = ({ body }: SignedRecord) => ('refunds' in body ? body.refunds : undefined);
const isParty = (entry: SignedRecord, did: Did) =>
  entry.author === did || accountsOf(entry).includes(did);

/** Whether a record is the next of its author's chain after `previous`, or the first of it. */
const follows = (record: SignedRecord, previous: SignedRecord | undefined) =>
  record.previous === null
    ? record.sequence === 1
    : previous?.author === record.author &&
      previous.topic === record.topic &&
      previous.sequence + 1 === record.sequence;

/** What stands in a set that contains its ancestors, given in an order in which ancestors come first. */
const fold = (records: readonly SignedRecord[]) => {
  const linked = new Map<RecordId | null, SignedRecord>();
  const families = new Map<string, SignedRecord[]>();
  const nameOf = ({ topic, author, previous }: SignedRecord) => `${topic} ${author} ${previous}`;
  const siblings = (record: SignedRecord) => families.get(nameOf(record)) ?? [];
  for (const record of records) {
    if (!follows(record, linked.get(record.previous))) continue;
    linked.set(record.id, record);
    families.set(nameOf(record), [...siblings(record), record].sort(byId));
  }
  // Along each chain an only child goes on; of several the smallest stands, and nothing after it.
  const stands = new Set<RecordId>();
  for (const record of linked.values()) {
    const previous = linked.get(record.previous);
    const open = !previous || (stands.has(previous.id) && siblings(previous).length === 1);
    if (open && siblings(record)[0] === record) stands.add(record.id);
  }
  return { linked, stands, families: [...families.values()] };
};

export const create: CreateLedger = ({ genesis }) => {
  const held = new Map<RecordId, SignedRecord>(); // ancestors first
  const verdicts = new Map<RecordId, Verdict>();
  const waiting = new Map<RecordId, SignedRecord>(); // oldest first
  const isAccepted = ({ id }: SignedRecord) => verdicts.get(id)?.status === 'accepted';
  const missing = (record: SignedRecord) => linksOf(record).find((id) => !held.has(id));

  const pastOf = (record: SignedRecord) => {
    const seen = new Set(linksOf(record));
    for (const id of seen) for (const link of linksOf(held.get(id)!)) seen.add(link);
    return [...held.values()].filter(({ id }) => seen.has(id));
  };

  /** The records of a topic that count, by what stands in a set. */
  const counted = (records: readonly SignedRecord[], topic: Topic) => {
    const { stands } = fold(records);
    return records.filter(
      (each) => each.topic === topic && stands.has(each.id) && isAccepted(each),
    );
  };

  /** The credit that an account finds in a set, for its next record after `tip` of its own chain. */
  const creditIn = (
    records: readonly SignedRecord[],
    topic: Topic,
    account: Did,
    tip: SignedRecord | undefined,
  ) => {
    const others = counted(records, topic).filter(({ author }) => author !== account);
    const provided = sum(others.map((record) => netOf(record, account)));
    let balance = provided;
    for (let own = tip; own; own = held.get(own.previous as RecordId)) {
      if (isAccepted(own)) balance += netOf(own, account);
    }
    let limit = 0n;
    for (const grant of genesis.grants) {
      if (ledgerTopic(grant.currency) !== topic || grant.account !== account) continue;
      if ((tip?.sequence ?? 0) + 1 > grant.untilSequence) continue;
      const earned = BigInt(grant.baseline) + provided / PROVIDED_PER_LIMIT_UNIT;
      const granted = earned < BigInt(grant.cap) ? earned : BigInt(grant.cap);
      if (granted > limit) limit = granted;
    }
    return { balance, limit };
  };

  const statusOf = (record: SignedRecord): LedgerStatus => {
    const { id, author, topic } = record;
    const amounts = linesOf(record).map(amountOf);
    const nets = accountsOf(record).map((account) => netOf(record, account));
    const falling = accountsOf(record).filter((account) => netOf(record, account) < 0n);
    if (held.has(id) || waiting.has(id)) return 'duplicate';
    const about = disputedBy(record);
    if (amounts.length < 2 && about === undefined) return 'empty';
    if (amounts.some((amount) => amount <= 0n)) return 'amount_not_positive';
    if (amounts.some((amount) => amount > AMOUNT_MAX)) return 'overflow';
    if (sum(nets) !== 0n) return 'unbalanced';
    if (falling.some((account) => account !== author)) return 'unauthorised';
    if (missing(record) !== undefined) return 'pending';
    const past = pastOf(record);
    if (about !== undefined) {
      const entry = counted(past, topic).find((each) => each.id === about);
      if (!entry || disputedBy(entry) || !isParty(entry, author)) return 'unauthorised';
    }
    const previous = fold(past).linked.get(record.previous);
    if (!follows(record, previous)) return 'sequence_conflict';
    if (previous && record.timestamp < previous.timestamp) return 'timestamp_conflict';
    const { balance, limit } = creditIn(past, topic, author, previous);
    const short = balance + netOf(record, author) < -limit;
    return falling.length > 0 && short ? 'over_limit' : 'accepted';
  };

  const judge = (record: SignedRecord): Verdict => {
    const status = statusOf(record);
    return { status, reason: `record ${record.sequence} of ${record.author} is ${status}` };
  };

  // --- The state: the fold of all that is held --------------------------------------------------

  const all = () => [...held.values()];
  let state = fold([]);
  const standing = (id: RecordId): Standing | undefined => {
    if (!state.linked.has(id)) return held.has(id) ? 'unlinked' : undefined;
    return state.stands.has(id) ? 'stands' : 'fork';
  };
  const balances = (topic: Topic) => {
    const records = counted(all(), topic);
    const total = (account: Did) => sum(records.map((record) => netOf(record, account)));
    return new Map(sorted(records.flatMap(accountsOf)).map((did) => [did, total(did)] as const));
  };
  const balance = (topic: Topic, account: Did) => balances(topic).get(account) ?? 0n;
  /** A dispute beside the refunds that count: those by other parties that gave its filer something. */
  const quarrel = ({ id, topic, author: filer, body }: SignedRecord): Dispute => {
    const about = (body as DisputeBody).entry;
    const counting = counted(all(), topic);
    const entry = counting.find((each) => each.id === about);
    const disputed = held.get(about);
    const refunds = counting.filter(
      (each) =>
        refundedBy(each) === about &&
        each.author !== filer &&
        disputed !== undefined &&
        isParty(disputed, each.author) &&
        netOf(each, filer) > 0n,
    );
    const returned = sum(refunds.map((refund) => netOf(refund, filer)));
    const taken = disputed ? -netOf(disputed, filer) : 0n;
    const due = taken > 0n ? taken : 1n;
    const settled = returned >= due ? 'settled' : 'open';
    const state = entry ? settled : 'moot';
    const ids = sorted(refunds.map((refund) => refund.id));
    return { id, topic, entry: about, filer, state, due, returned, refunds: ids };
  };
  const linkedIn = (topic: Topic) =>
    [...state.linked.values()].filter((each) => each.topic === topic);

  /** Decides a record, and then whatever had waited and lacks nothing any more. */
  const settle = (arrived: SignedRecord) => {
    const decided: { id: RecordId; verdict: Verdict }[] = [];
    const ready = () => [...waiting.values()].find((record) => missing(record) === undefined);
    for (let next: SignedRecord | undefined = arrived; next; next = ready()) {
      waiting.delete(next.id);
      const verdict = judge(next);
      verdicts.set(next.id, verdict);
      held.set(next.id, next);
      decided.push({ id: next.id, verdict });
    }
    state = fold(all());
    return decided;
  };

  const add = (record: SignedRecord): LedgerChange => {
    const { id } = record;
    const verdict = judge(record);
    const unchanged = { verdicts: [{ id, verdict }], displaced: [], balances: [] };
    if (verdict.status === 'duplicate') return unchanged;
    if (missing(record) !== undefined) {
      verdicts.set(id, verdict);
      waiting.set(id, record);
      if (waiting.size > PENDING_MAX) forget([...waiting.keys()][0]!);
      return unchanged;
    }
    const stood = [...held.keys()].map((id) => ({ id, before: standing(id) }));
    const had = new Map(topics().map((topic) => [topic, balances(topic)]));
    const decided = settle(record);
    return {
      verdicts: decided,
      displaced: sorted(
        stood.filter(({ id, before }) => standing(id) !== before).map(({ id }) => id),
      ),
      balances: topics().flatMap((topic) =>
        moved(topic, had.get(topic) ?? new Map(), balances(topic)),
      ),
    };
  };
  const topics = () => sorted(all().map(({ topic }) => topic));
  const moved = (topic: Topic, before: Map<Did, bigint>, after: Map<Did, bigint>) =>
    sorted([...before.keys(), ...after.keys()])
      .filter((account) => (before.get(account) ?? 0n) !== (after.get(account) ?? 0n))
      .map((account) => ({ topic, account, balance: after.get(account) ?? 0n }));

  const forget = (id: RecordId): void => {
    waiting.delete(id);
    verdicts.delete(id);
    held.delete(id);
    for (const { id: child } of all().filter(({ previous }) => previous === id)) forget(child);
    state = fold(all());
  };

  return {
    add,
    judge,
    forget,
    standing,
    balance,
    balances,
    verdict: (id) => verdicts.get(id),
    credit(topic, account) {
      const own = linkedIn(topic).filter((record) => record.author === account);
      const tip = own.filter(({ id }) => state.stands.has(id)).at(-1);
      return creditIn(all(), topic, account, tip);
    },
    tips(topic, only) {
      const cited = new Set(linkedIn(topic).map(({ previous }) => previous));
      const ends = linkedIn(topic).filter(({ id }) => !cited.has(id));
      const endsOf = (did: Did) => ends.filter(({ author }) => author === did).map(({ id }) => id);
      const wanted = ends.filter(({ author }) => only?.has(author) ?? true);
      const authors = sorted(wanted.map(({ author }) => author));
      return new Map(authors.map((author) => [author, sorted(endsOf(author))]));
    },
    conflicts(topic, only) {
      const forks = state.families.filter(
        ([first, second]) => second && first?.topic === topic && (only?.has(first.author) ?? true),
      );
      const conflicts = forks.map((family) => {
        const { author, previous } = family[0]!;
        return { topic, author, previous, children: family.map(({ id }) => id) };
      });
      const nameOf = ({ author, previous }: Conflict) => `${author} ${previous ?? ''}`;
      return conflicts.sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
    },
    disputes(topic) {
      const filed = counted(all(), topic).filter((each) => disputedBy(each) !== undefined);
      return filed.sort((a, b) => a.timestamp - b.timestamp || byId(a, b)).map(quarrel);
    },
    history(topic, account) {
      const named = all().filter(
        (each) => each.topic === topic && accountsOf(each).includes(account),
      );
      return named.sort((a, b) => a.timestamp - b.timestamp || byId(a, b)).map(({ id }) => id);
    },
  };
};
