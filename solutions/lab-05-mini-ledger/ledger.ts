/**
 * The ledger as a fold, written as a fold: the executable specification of protocol section 5.
 *
 * `fold` takes a set of records that contains its ancestors and says what stands. It is used twice:
 * over the past of one record, to judge it, and over all that is held, to say who has what. Nothing is
 * remembered but the records and their verdicts, so nothing can go out of step. The price is a pass
 * over the whole past for every record.
 */
import type { Certified, Ruling } from '#contracts/certificates.ts';
import { PROVIDED_PER_LIMIT_UNIT } from '#contracts/genesis.ts';
import { ledgerTopic, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import { AMOUNT_MAX, PENDING_MAX } from '#contracts/ledger.ts';
import type {
  Conflict,
  CreateLedger,
  Dispute,
  Ledger,
  LedgerChange,
  LedgerStatus,
  Standing,
  Verdict,
} from '#contracts/ledger.ts';
import { accepted, refused } from '#contracts/outcome.ts';
import type { DisputeBody, SignedRecord } from '#contracts/records.ts';
import {
  accountsOf,
  amountOf,
  byId,
  disputedBy,
  follows,
  isParty,
  linesOf,
  linksOf,
  netOf,
  netOfLines,
  refundedBy,
  sorted,
  sum,
} from './entries.ts';

/**
 * What stands in a set that contains its ancestors, given in an order in which ancestors come first;
 * `heads` are what checkpoints named.
 */
const fold = (records: readonly SignedRecord[], heads: ReadonlySet<RecordId> = new Set()) => {
  const linked = new Map<RecordId | null, SignedRecord>();
  const families = new Map<string, SignedRecord[]>();
  const nameOf = ({ topic, author, previous }: SignedRecord) => `${topic} ${author} ${previous}`;
  const siblings = (record: SignedRecord) => families.get(nameOf(record)) ?? [];
  for (const record of records) {
    if (!follows(record, linked.get(record.previous))) continue;
    linked.set(record.id, record);
    families.set(nameOf(record), [...siblings(record), record].sort(byId));
  }
  // What is on the way to a named head is settled.
  const settled = new Set<RecordId>();
  for (const head of heads) {
    for (let record = linked.get(head); record; record = linked.get(record.previous)) {
      settled.add(record.id);
    }
  }
  // Along each chain an only child goes on; of several the settled one stands and goes on; where none is,
  // the smallest stands, and nothing after it.
  const stands = new Set<RecordId>();
  const goesOn = (record: SignedRecord) => siblings(record).length === 1 || settled.has(record.id);
  for (const record of linked.values()) {
    const previous = linked.get(record.previous);
    const open = !previous || (stands.has(previous.id) && goesOn(previous));
    const chosen = siblings(record).find(({ id }) => settled.has(id)) ?? siblings(record)[0];
    if (open && chosen === record) stands.add(record.id);
  }
  return { linked, stands, settled, families: [...families.values()] };
};

/** A linked record and those before it in its chain. */
const wayTo = (linked: ReadonlyMap<RecordId | null, SignedRecord>, head: RecordId) => {
  const way: RecordId[] = [];
  for (let record = linked.get(head); record; record = linked.get(record.previous)) {
    way.push(record.id);
  }
  return way;
};

export const create: CreateLedger = ({ genesis }) => {
  const held = new Map<RecordId, SignedRecord>(); // ancestors first
  const verdicts = new Map<RecordId, Verdict>();
  const waiting = new Map<RecordId, SignedRecord>(); // oldest first
  const isAccepted = ({ id }: SignedRecord) => verdicts.get(id)?.status === 'accepted';
  const learned = new Map<RecordId, Certified>();
  const missing = (record: SignedRecord) => {
    const { certificate } = record;
    const unknown = certificate === undefined || learned.has(certificate) ? undefined : certificate;
    return linksOf(record).find((id) => !held.has(id)) ?? unknown;
  };
  /** The newest certificate that one of these names, by its number. */
  const seenIn = (records: readonly SignedRecord[]) =>
    Math.max(0, ...records.map(({ certificate }) => learned.get(certificate!)?.number ?? 0));

  const pastOf = (record: SignedRecord) => {
    const seen = new Set(linksOf(record));
    for (const id of seen) for (const link of linksOf(held.get(id)!)) seen.add(link);
    return [...held.values()].filter(({ id }) => seen.has(id));
  };

  /** The records of a topic that count, by what stands in a set. */
  const counted = (records: readonly SignedRecord[], topic: Topic, heads?: Set<RecordId>) => {
    const { stands } = fold(records, heads);
    return records.filter(
      (each) => each.topic === topic && stands.has(each.id) && isAccepted(each),
    );
  };

  /**
   * The credit that an account finds in a set, for its next record after `tip` of its own chain, with the
   * certificates up to number `seen`.
   */
  const creditIn = (
    records: readonly SignedRecord[],
    topic: Topic,
    account: Did,
    tip: SignedRecord | undefined,
    seen: number,
  ) => {
    const others = counted(records, topic).filter(({ author }) => author !== account);
    const provided = sum(others.map((record) => netOf(record, account)));
    let balance = provided;
    for (let own = tip; own; own = held.get(own.previous as RecordId)) {
      if (isAccepted(own)) balance += netOf(own, account);
    }
    let limit = 0n;
    const certified = [...learned.values()].flatMap(({ number, decision }) =>
      number <= seen && decision.kind === 'grant' ? decision.grants : [],
    );
    for (const grant of [...genesis.grants, ...certified]) {
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
    const { balance, limit } = creditIn(past, topic, author, previous, seenIn([...past, record]));
    const short = balance + netOf(record, author) < -limit;
    return falling.length > 0 && short ? 'over_limit' : 'accepted';
  };

  const judge = (record: SignedRecord): Verdict => {
    const status = statusOf(record);
    return { status, reason: `record ${record.sequence} of ${record.author} is ${status}` };
  };

  // --- The state: the fold of all that is held --------------------------------------------------

  const all = () => [...held.values()];
  const heads = new Set<RecordId>(); // named by checkpoints
  const rulings = new Map<RecordId, Ruling>();
  let state = fold([]);
  const standing = (id: RecordId): Standing | undefined => {
    if (!state.linked.has(id)) return held.has(id) ? 'unlinked' : undefined;
    return state.stands.has(id) ? 'stands' : 'fork';
  };
  const balances = (topic: Topic) => {
    return balancesOf(topic, counted(all(), topic, heads));
  };
  /** What records come to, and the rulings with them. */
  const balancesOf = (topic: Topic, records: readonly SignedRecord[]) => {
    const ruled = [...rulings.values()].filter((ruling) => ruling.topic === topic);
    const total = (account: Did) =>
      sum(records.map((record) => netOf(record, account))) +
      sum(ruled.map(({ accounts }) => netOfLines(accounts, account)));
    const named = ruled.flatMap(({ accounts }) => accounts.map(({ account }) => account));
    const accounts = sorted([...records.flatMap(accountsOf), ...named]);
    return new Map(accounts.map((did) => [did, total(did)] as const));
  };
  const balance = (topic: Topic, account: Did) => balances(topic).get(account) ?? 0n;
  /** A dispute beside the refunds that count: those by other parties that gave its filer something. */
  const quarrel = ({ id, topic, author: filer, body }: SignedRecord): Dispute => {
    const about = (body as DisputeBody).entry;
    const counting = counted(all(), topic, heads);
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
    const unruled = entry ? settled : 'moot';
    const isRuled = [...rulings.values()].some(({ dispute }) => dispute === id);
    const state = isRuled ? 'ruled' : unruled;
    const ids = sorted(refunds.map((refund) => refund.id));
    return { id, topic, entry: about, filer, state, due, returned, refunds: ids };
  };
  const linkedIn = (topic: Topic) =>
    [...state.linked.values()].filter((each) => each.topic === topic);

  /** Decides a record, and then whatever had waited and lacks nothing any more. */
  const settle = (arrived?: SignedRecord) => {
    const decided: { id: RecordId; verdict: Verdict }[] = [];
    const ready = () => [...waiting.values()].find((record) => missing(record) === undefined);
    for (let next = arrived ?? ready(); next; next = ready()) {
      waiting.delete(next.id);
      const verdict = judge(next);
      verdicts.set(next.id, verdict);
      held.set(next.id, next);
      decided.push({ id: next.id, verdict });
    }
    state = fold(all(), heads);
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
    return observed(() => settle(record));
  };

  /** What a step changes. */
  const observed = (step: () => LedgerChange['verdicts']): LedgerChange => {
    const stood = [...held.keys()].map((id) => ({ id, before: standing(id) }));
    const had = new Map(topics().map((topic) => [topic, balances(topic)]));
    return {
      verdicts: step(),
      displaced: sorted(
        stood.filter(({ id, before }) => standing(id) !== before).map(({ id }) => id),
      ),
      balances: topics().flatMap((topic) =>
        moved(topic, had.get(topic) ?? new Map(), balances(topic)),
      ),
    };
  };
  const topics = () =>
    sorted([...all(), ...rulings.values()].map(({ topic }: { readonly topic: Topic }) => topic));
  const moved = (topic: Topic, before: Map<Did, bigint>, after: Map<Did, bigint>) =>
    sorted([...before.keys(), ...after.keys()])
      .filter((account) => (before.get(account) ?? 0n) !== (after.get(account) ?? 0n))
      .map((account) => ({ topic, account, balance: after.get(account) ?? 0n }));

  const forget = (id: RecordId): void => {
    waiting.delete(id);
    verdicts.delete(id);
    held.delete(id);
    for (const { id: child } of all().filter(({ previous }) => previous === id)) forget(child);
    state = fold(all(), heads);
  };

  // --- The stewards decide ----------------------------------------------------------------------

  const learn = (certificate: Certified): LedgerChange =>
    observed(() => {
      learned.set(certificate.id, certificate);
      return settle();
    });

  const certificateFor: Ledger['certificateFor'] = (topic, author, links) => {
    const lends = ({ decision }: Certified) =>
      decision.kind === 'grant' &&
      decision.grants.some(
        (each) => each.account === author && ledgerTopic(each.currency) === topic,
      );
    const newest = [...learned.values()].findLast(lends);
    const known = new Set(links);
    for (const id of known) for (const link of linksOf(held.get(id)!)) known.add(link);
    return newest && seenIn([...known].map((id) => held.get(id)!)) < newest.number
      ? newest.id
      : undefined;
  };

  const certify = ({ id, decision }: Certified): LedgerChange =>
    observed(() => {
      if (decision.kind === 'checkpoint') for (const head of decision.heads) heads.add(head);
      if (decision.kind === 'ruling') rulings.set(id, decision);
      state = fold(all(), heads);
      return [];
    });

  const cut: Ledger['cut'] = (named) => {
    const { linked, settled } = state;
    const chainOf = ({ topic, author }: SignedRecord) => `${topic} ${author}`;
    const chains = new Map<string, SignedRecord>();
    for (const head of named) {
      const record = held.get(head);
      if (!record) return refused('head_unknown', head);
      const way = wayTo(linked, head);
      const before = [...settled].filter((id) => chainOf(linked.get(id)!) === chainOf(record));
      const ahead = !settled.has(head) && before.every((id) => way.includes(id));
      if (way.length === 0 || !ahead) return refused('head_not_ahead', head);
      if (chains.has(chainOf(record))) return refused('head_twice', head);
      chains.set(chainOf(record), record);
    }
    const ids = sorted([...settled, ...named.flatMap((head) => wayTo(linked, head))]);
    const counting = ids.map((id) => held.get(id)!).filter(isAccepted);
    const rows = topics().flatMap((topic) => {
      const balances = balancesOf(
        topic,
        counting.filter((each) => each.topic === topic),
      );
      return [...balances].map(([account, balance]) => ({ topic, account, balance }));
    });
    return accepted({ ids, balances: rows });
  };

  return {
    add,
    judge,
    forget,
    learn,
    certificateFor,
    certify,
    isSettled: (id) => state.settled.has(id),
    cut,
    standing,
    balance,
    balances,
    verdict: (id) => verdicts.get(id),
    credit(topic, account) {
      const own = linkedIn(topic).filter((record) => record.author === account);
      const tip = own.filter(({ id }) => state.stands.has(id)).at(-1);
      return creditIn(all(), topic, account, tip, learned.size);
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
      const filed = counted(all(), topic, heads).filter((each) => disputedBy(each) !== undefined);
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
