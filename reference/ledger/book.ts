/**
 * The book of one topic: who stands where, and what everybody's balance is.
 *
 * A balance is a sum over the records that stand, and what stands of a chain is a path. So when a new
 * record moves the end of that path, the book takes back what the path loses and enters what it gains.
 * For an honest author that is one record. For a fork it is everything above it, once: a frozen author
 * does not move again, except to a smaller child or a lower fork. An entry leaves whole, so the sum
 * over all accounts stays zero.
 */
import type { Conflict, Cut, LedgerChange, Verdict } from '#contracts/ledger.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import { createChain, meet, tipsOf } from './chain.ts';
import { standingPlace } from './sight.ts';
import type { Account, Chain, Net, Place } from './state.ts';

/** Accounts and chains of one topic. */
export interface Book {
  readonly accounts: Map<Did, Account>;
  readonly chains: Map<Did, Chain>;
}

/** What one call has changed so far. */
export interface Changes {
  readonly verdicts: { readonly id: RecordId; readonly verdict: Verdict }[];
  readonly displaced: Set<RecordId>;
  /** The balance before the call of each account touched. */
  readonly before: Map<Account, bigint>;
}

/** Nothing has changed yet. */
export const createChanges = (): Changes => ({
  verdicts: [],
  displaced: new Set(),
  before: new Map(),
});

/** An empty book. */
export const createBook = (): Book => ({ accounts: new Map(), chains: new Map() });

const openAccount = (book: Book, topic: Topic, did: Did): Account => {
  let account = book.accounts.get(did);
  if (!account) {
    const balances = { balance: 0n, mentions: 0, ruled: 0n, rulings: 0 };
    account = { topic, did, ...balances, named: [], payers: new Set(), receipts: new Map() };
    book.accounts.set(did, account);
  }
  return account;
};

/** What a record says of each account, the accounts opened if need be. */
export const openNets = (
  book: Book,
  topic: Topic,
  nets: ReadonlyMap<Did, bigint>,
): readonly Net[] =>
  [...nets].map(([did, amount]) => ({ account: openAccount(book, topic, did), amount }));

/** The chain of this author, begun if need be; `index` is the next free column. */
export const openChain = (book: Book, topic: Topic, author: Did, index: number): Chain => {
  const chain = book.chains.get(author) ?? createChain(index, topic, author);
  book.chains.set(author, chain);
  return chain;
};

/** Counts what something moves once more (1) or once less (-1). */
const count = (counts: readonly Net[], times: 1 | -1, changes: Changes): void => {
  for (const { account, amount } of counts) {
    if (!changes.before.has(account)) changes.before.set(account, account.balance);
    account.balance += times === 1 ? amount : -amount;
    account.mentions += times;
  }
};

/** Who moves and moves back within one call was not displaced. */
const turn = (displaced: Set<RecordId>, id: RecordId): void => {
  if (!displaced.delete(id)) displaced.add(id);
};

/** Moves the end of what stands of a chain to where `sighting` says. */
export const restand = (
  places: readonly Place[],
  chain: Chain,
  sighting: number,
  changes: Changes,
): void => {
  const from = standingPlace(places, chain.sighting) ?? chain.root;
  const to = standingPlace(places, sighting) ?? chain.root;
  const meeting = meet(from, to);
  chain.sighting = sighting;
  for (let place: Place | null = from; place && place !== meeting; place = place.previous) {
    count(place.counts, -1, changes);
    turn(changes.displaced, place.id);
  }
  for (let place: Place | null = to; place && place !== meeting; place = place.previous) {
    count(place.counts, 1, changes);
    turn(changes.displaced, place.id);
  }
};

/** Enters the lines of a ruling: they count whatever stands. */
export const rule = (nets: readonly Net[], changes: Changes): void => {
  for (const { account, amount } of nets) account.ruled += amount;
  for (const { account } of nets) account.rulings += 1;
  count(nets, 1, changes);
};

/** What the call answers. Records that it decided itself were not there before: they moved nowhere. */
export const summarise = ({ verdicts, displaced, before }: Changes): LedgerChange => {
  for (const { id } of verdicts) displaced.delete(id);
  const balances = [...before].filter(([{ balance }, earlier]) => balance !== earlier);
  return {
    verdicts,
    displaced: [...displaced].sort(),
    balances: balances.map(([{ topic, did, balance }]) => ({ topic, account: did, balance })),
  };
};

const byName = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Accounts named by a record that counts, sorted. */
export const balancesIn = (book: Book): ReadonlyMap<Did, bigint> =>
  new Map(
    [...book.accounts.values()]
      .filter(({ mentions }) => mentions > 0)
      .sort((left, right) => byName(left.did, right.did))
      .map(({ did, balance }) => [did, balance]),
  );

/** Every chain up to a given end, or to where it is settled, and what all of them come to. */
export const cutOf = (topics: ReadonlyMap<Topic, Book>, ends: ReadonlyMap<Chain, Place>): Cut => {
  const ids: RecordId[] = [];
  const balances: Cut['balances'][number][] = [];
  for (const topic of [...topics.keys()].sort()) {
    const { accounts, chains } = topics.get(topic)!;
    const totals = new Map<Account, bigint>();
    const add = (account: Account, amount: bigint): void =>
      void totals.set(account, (totals.get(account) ?? 0n) + amount);
    for (const account of accounts.values()) if (account.rulings > 0) add(account, account.ruled);
    for (const chain of chains.values()) {
      const end = ends.get(chain) ?? chain.settled;
      for (let place = end ?? null; place && place !== chain.root; place = place.previous) {
        ids.push(place.id);
        for (const { account, amount } of place.counts) add(account, amount);
      }
    }
    const rows = [...totals].sort(([left], [right]) => byName(left.did, right.did));
    balances.push(...rows.map(([{ did }, balance]) => ({ topic, account: did, balance })));
  }
  return { ids: ids.sort(), balances };
};

/** Chains that have records, all or those of some authors, sorted by author. */
const chainsIn = (book: Book, authors?: Iterable<Did>): Chain[] =>
  [...(authors ?? book.chains.keys())]
    .flatMap((author) => book.chains.get(author) ?? [])
    .filter((chain) => tipsOf(chain).length > 0)
    .sort((left, right) => byName(left.author, right.author));

const idsOf = (places: Iterable<Place>): RecordId[] => [...places].map(({ id }) => id).sort();

/** The ends of every chain, or of those of some authors, by author. */
export const tipsIn = (
  book: Book,
  authors?: ReadonlySet<Did>,
): ReadonlyMap<Did, readonly RecordId[]> =>
  new Map(chainsIn(book, authors).map((chain) => [chain.author, idsOf(tipsOf(chain))]));

/** Every fork, or those of some authors, by author, then by the place it left; a root's id is empty, so it comes first. */
export const conflictsIn = (book: Book, authors?: ReadonlySet<Did>): readonly Conflict[] =>
  chainsIn(book, authors).flatMap(({ topic, author, root, forks }) =>
    [...forks]
      .sort((left, right) => byName(left.id, right.id))
      .map((fork) => ({
        topic,
        author,
        previous: fork === root ? null : fork.id,
        children: idsOf(fork.children),
      })),
  );
