/**
 * Histories of journal entries, by hand and at random.
 *
 * A ledger trusts id and signature (the records layer has checked them), so these records are shaped
 * but not signed: the id is a hash of the content, the signature is empty. That makes a thousand of
 * them a matter of milliseconds, and lets a test write what no honest author would sign.
 *
 * A random history is a list of moves. Each move is a few small numbers that `build` reads against the
 * records so far: who writes, after which of its own records (the last one, or an older one: a fork),
 * citing whom, moving how much, spoilt in which way. Lists of small numbers shrink well, so a failing
 * history comes out short.
 */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { Genesis } from '#contracts/genesis.ts';
import type { Did, NetworkId, RecordId, Topic } from '#contracts/identifiers.ts';
import { AMOUNT_MAX, type Ledger } from '#contracts/ledger.ts';
import type { EntryLine, SignedRecord } from '#contracts/records.ts';

export const HOURS: Topic = 'ledger:hours';
export const EUROS: Topic = 'ledger:euros';
export const TOPICS: readonly Topic[] = [HOURS, EUROS];

const [alice, bob, charlie, dora, emil] = ['alice', 'bob', 'charlie', 'dora', 'emil'].map(
  (name) => `did:key:z6Mk-${name}` as Did,
) as [Did, Did, Did, Did, Did];
export { alice, bob, charlie, dora, emil };
/** Alice and Bob have credit, Charlie's ends after three records, Dora has two grants, Emil none. */
export const DIDS: readonly Did[] = [alice, bob, charlie, dora, emil];

const grant = (account: Did, baseline: number, cap: number, untilSequence = 1_000_000) => ({
  account,
  currency: 'hours',
  baseline,
  cap,
  untilSequence,
});

/** A cooperative in which every kind of credit occurs. */
export const genesis: Genesis = {
  kind: 'icn/genesis/1',
  name: 'test',
  stewards: [],
  quorum: 1,
  currencies: [
    { name: 'hours', decimals: 2 },
    { name: 'euros', decimals: 2 },
  ],
  grants: [
    grant(alice, 1_000, 1_050),
    grant(bob, 1_000, 100_000),
    grant(charlie, 500, 5_000, 3),
    grant(dora, 300, 310),
    grant(dora, 200, 1_000, 6),
    { ...grant(alice, 700, 9_000), currency: 'euros' },
    { ...grant(bob, 700, 9_000), currency: 'euros' },
  ],
  trust: [],
  names: {},
};

/** What a test says of a record; the rest is filled in. */
export interface Sketch {
  readonly author: Did;
  readonly topic?: Topic;
  /** The record it follows; left out: none, so it is a first record. */
  readonly after?: SignedRecord | undefined;
  readonly seeing?: readonly SignedRecord[];
  readonly lines?: readonly EntryLine[];
  readonly sequence?: number;
  readonly timestamp?: number;
  /** The record that this one disputes: then it is a dispute, and has no lines. */
  readonly disputes?: RecordId | undefined;
  /** The entry that it gives back. */
  readonly refunds?: RecordId | undefined;
  /** The certificate that it names. */
  readonly certificate?: RecordId | undefined;
  /** Chooses the id where the order of ids matters. */
  readonly id?: string;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const NETWORK = hash('network') as NetworkId;

/** A record as the ledger would be given it. */
export const sketch = (wish: Sketch): SignedRecord => {
  const { author, after, topic = after?.topic ?? HOURS } = wish;
  const { disputes, refunds, certificate } = wish;
  const entry = { accounts: wish.lines ?? [], ...(refunds && { refunds }) };
  const draft = {
    kind: disputes ? ('icn/dispute/1' as const) : ('icn/entry/1' as const),
    network: NETWORK,
    topic,
    author,
    sequence: wish.sequence ?? (after ? after.sequence + 1 : 1),
    previous: after?.id ?? null,
    parents: (wish.seeing ?? []).map(({ id }) => id).sort(),
    timestamp: wish.timestamp ?? (after ? after.timestamp + 1 : 1_000),
    ...(certificate && { certificate }),
    body: disputes ? { entry: disputes, reason: 'not what was agreed' } : entry,
  };
  return { ...draft, id: (wish.id ?? hash(JSON.stringify(draft))) as RecordId, signature: '' };
};

/** The lines of a payment: `provider` is owed, `receiver` owes. */
export const lines = (receiver: Did, provider: Did, amount: number | bigint): EntryLine[] => [
  { account: provider, debit: String(amount) },
  { account: receiver, credit: String(amount) },
];

/** A payment by `author` to `provider`. */
export const pay = (
  author: Did,
  provider: Did,
  amount: number | bigint,
  links: Omit<Sketch, 'author' | 'lines'> = {},
): SignedRecord => sketch({ ...links, author, lines: lines(author, provider, amount) });

/** A dispute by `author` about an entry. */
export const dispute = (
  author: Did,
  about: Pick<SignedRecord, 'id'>,
  links: Omit<Sketch, 'author' | 'lines'> = {},
): SignedRecord => sketch({ ...links, author, disputes: about.id });

// --- At random ------------------------------------------------------------------------------------

const SPOILS = [
  'sequence',
  'stranger',
  'topic',
  'early',
  'empty',
  'zero',
  'overflow',
  'unbalanced',
  'theft',
  'itself',
  'third',
] as const;

/** One record to come, in numbers that mean something only beside the records so far. */
export interface Move {
  readonly author: number;
  readonly provider: number;
  readonly amount: number;
  readonly topic: Topic;
  /** Undefined: after the author's last record. Else an older one, or none: mostly a fork. */
  readonly back: number | undefined;
  /** Undefined: everything that nobody cites yet. Else these. */
  readonly cites: readonly number[] | undefined;
  readonly spoil: (typeof SPOILS)[number] | undefined;
  /** Undefined: a payment for its own sake. Else about another record: which, counted from the last. */
  readonly about: { readonly back: number; readonly how: 'dispute' | 'refund' } | undefined;
  /** The certificate that it names; none in a random history, unless a test says so. */
  readonly certificate?: RecordId | undefined;
}

/** Mostly nothing; once in `times` a value. */
const rarely = <Value>(times: number, arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const moveArbitrary: fc.Arbitrary<Move> = fc.record({
  author: fc.nat(DIDS.length - 1),
  provider: fc.nat(DIDS.length - 1),
  amount: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(1), fc.constant(1_000)),
  topic: rarely(12, fc.constant(EUROS)).map((topic) => topic ?? HOURS),
  back: rarely(6, fc.nat(30)),
  cites: rarely(3, fc.array(fc.nat(60), { maxLength: 4 })),
  spoil: rarely(7, fc.constantFrom(...SPOILS)),
  about: rarely(
    4,
    fc.record({ back: fc.nat(5), how: fc.constantFrom('dispute' as const, 'refund' as const) }),
  ),
});

/** Random histories of up to `length` moves. */
export const movesOf = (length: number): fc.Arbitrary<readonly Move[]> =>
  fc.array(moveArbitrary, { minLength: 1, maxLength: length, size: 'max' });

const spoiltLines = (move: Move, author: Did, provider: Did): readonly EntryLine[] => {
  const { amount, spoil } = move;
  const [debit, credit] = lines(author, provider, amount) as [EntryLine, EntryLine];
  switch (spoil) {
    case 'empty':
      return [debit];
    case 'zero':
      return [debit, credit, { account: provider, debit: '0' }];
    case 'overflow':
      return lines(author, provider, AMOUNT_MAX + BigInt(amount));
    case 'unbalanced':
      return [debit, { account: author, credit: String(amount + 1) }];
    case 'theft':
      return lines(provider, author, amount);
    case 'itself':
      return lines(author, author, amount);
    case 'third': {
      const third = DIDS[amount % DIDS.length]!;
      return [debit, { account: third, debit: '1' }, { account: author, credit: `${amount + 1}` }];
    }
    default:
      return [debit, credit];
  }
};

/** What nobody of `records` names yet, in one topic, by others. */
const heads = (records: readonly SignedRecord[], topic: Topic, author: Did): SignedRecord[] => {
  const cited = new Set(records.flatMap(({ previous, parents }) => [previous, ...parents]));
  return records.filter(
    (record) => record.topic === topic && record.author !== author && !cited.has(record.id),
  );
};

const pick = <Item>(items: readonly Item[], index: number): Item | undefined =>
  items.length === 0 ? undefined : items[index % items.length];

/** The record that a move is about: the entry itself where that is a dispute. */
const subjectOf = ({ about }: Move, records: readonly SignedRecord[]): SignedRecord | undefined => {
  const found = about && pick(records.toReversed(), about.back);
  const disputed = found && 'entry' in found.body ? found.body.entry : undefined;
  return records.find(({ id }) => id === disputed) ?? found;
};

/** Who writes a move and whom it pays: mostly the parties of what it is about, so that some are settled. */
const partiesOf = (move: Move, subject: SignedRecord | undefined): readonly [Did, Did] => {
  const anybody = [DIDS[move.author]!, DIDS[move.provider]!] as const;
  if (!subject || move.amount % 5 === 0 || !('accounts' in subject.body)) return anybody;
  if (move.about?.how === 'dispute') return [subject.author, anybody[1]];
  return [subject.body.accounts[0]?.account ?? anybody[0], subject.author];
};

const writeMove = (move: Move, records: readonly SignedRecord[]): SignedRecord => {
  const { topic, back, cites, spoil } = move;
  const subject = subjectOf(move, records);
  const [author, provider] = partiesOf(move, subject);
  const own = records.filter((record) => record.author === author && record.topic === topic);
  const older = back === undefined ? own.at(-1) : pick([...own, undefined], back);
  const after = spoil === 'stranger' ? pick(records, move.amount) : older;
  const seeing =
    cites === undefined
      ? heads(records, topic, author)
      : cites.map((index) => pick(records, index)).filter((record) => record !== undefined);
  const sequence = (after?.sequence ?? 0) + (spoil === 'sequence' ? 2 : 1);
  const timestamp = (after?.timestamp ?? 1_000) + (spoil === 'early' ? -1 : move.amount % 3);
  const elsewhere = spoil === 'topic' ? TOPICS.find((each) => each !== topic) : topic;
  return sketch({
    author,
    topic: elsewhere ?? topic,
    after,
    seeing,
    sequence,
    timestamp,
    lines: spoiltLines(move, author, provider),
    certificate: move.certificate,
    ...(move.about?.how === 'dispute' ? { disputes: subject?.id } : { refunds: subject?.id }),
  });
};

/** Reads moves as records, each after those it names; never the same record twice. */
export const build = (moves: readonly Move[]): readonly SignedRecord[] => {
  const records = new Map<RecordId, SignedRecord>();
  for (const move of moves) {
    const record = writeMove(move, [...records.values()]);
    records.set(record.id, record);
  }
  return [...records.values()];
};

/** How records reach a ledger. */
export interface Delivery {
  /** Sorts the records: any order. */
  readonly order: readonly number[];
  /** Comes again, each at a place of its own. */
  readonly again: readonly { readonly which: number; readonly when: number }[];
  /** Never comes. */
  readonly lost: readonly number[];
}

/** Random deliveries; losing some for ever only where asked. */
export const deliveryOf = (length: number, losing: boolean): fc.Arbitrary<Delivery> => {
  const place = fc.nat(length * 2);
  return fc.record({
    order: fc.array(place, { minLength: length, maxLength: length, size: 'max' }),
    again: fc.array(fc.record({ which: place, when: place }), { maxLength: 5 }),
    lost: losing ? fc.array(place, { maxLength: 2 }) : fc.constant([]),
  });
};

/** The records as they come: out of order, some twice, some not at all. */
export const deliver = (
  records: readonly SignedRecord[],
  { order, again, lost }: Delivery,
): readonly SignedRecord[] => {
  const gone = new Set(lost.map((index) => pick(records, index)));
  const weighed = records.map((record, index) => ({ record, weight: order[index] ?? index }));
  // A stable sort by random weights; shrunk to equal weights, it is the order of writing.
  const coming = weighed
    .sort((left, right) => left.weight - right.weight)
    .map(({ record }) => record)
    .filter((record) => !gone.has(record));
  for (const { which, when } of again) {
    const record = pick(coming, which);
    if (record) coming.splice(when % coming.length, 0, record);
  }
  return coming;
};

/** Everything that can be asked of a ledger about these records, in a form that compares and prints. */
export const observe = (ledger: Ledger, records: readonly SignedRecord[]) => ({
  records: Object.fromEntries(
    [...new Map(records.map((record) => [record.id, record])).keys()]
      .sort()
      .map((id) => [id, `${ledger.verdict(id)?.status} ${ledger.standing(id)}`]),
  ),
  topics: TOPICS.map((topic) => ({
    balances: [...ledger.balances(topic)],
    tips: [...ledger.tips(topic)],
    conflicts: ledger.conflicts(topic),
    disputes: ledger.disputes(topic),
    ofTwo: [
      [...ledger.tips(topic, new Set([bob, emil]))],
      ledger.conflicts(topic, new Set([bob, emil])),
    ],
    accounts: DIDS.map((did) => ({
      balance: ledger.balance(topic, did),
      credit: ledger.credit(topic, did),
      history: ledger.history(topic, did),
    })),
  })),
});
