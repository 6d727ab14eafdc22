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
import fc from 'fast-check';
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
  /** Chooses the id where the order of ids matters. */
  readonly id?: string;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const NETWORK = hash('network') as NetworkId;

/** A record as the ledger would be given it. */
export const sketch = (wish: Sketch): SignedRecord => {
  const { author, after, topic = after?.topic ?? HOURS } = wish;
  const draft = {
    kind: 'icn/entry/1' as const,
    network: NETWORK,
    topic,
    author,
    sequence: wish.sequence ?? (after ? after.sequence + 1 : 1),
    previous: after?.id ?? null,
    parents: (wish.seeing ?? []).map(({ id }) => id).sort(),
    timestamp: wish.timestamp ?? (after ? after.timestamp + 1 : 1_000),
    body: { accounts: wish.lines ?? [] },
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
}

const moveArbitrary: fc.Arbitrary<Move> = fc.record({
  author: fc.nat(DIDS.length - 1),
  provider: fc.nat(DIDS.length - 1),
  amount: fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(1), fc.constant(1_000)),
  topic: fc.oneof(
    { weight: 12, arbitrary: fc.constant(HOURS) },
    { weight: 1, arbitrary: fc.constant(EUROS) },
  ),
  back: fc.option(fc.nat(30), { nil: undefined, freq: 5 }),
  cites: fc.option(fc.array(fc.nat(60), { maxLength: 4 }), { nil: undefined, freq: 2 }),
  spoil: fc.option(fc.constantFrom(...SPOILS), { nil: undefined, freq: 6 }),
});
// `freq` is how often a value comes for one undefined; here undefined is the ordinary case.
