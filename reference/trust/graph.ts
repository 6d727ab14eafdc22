/**
 * The graph: who said how far they trust whom, and what that makes of a peer here.
 *
 * A score is the larger of what this node says itself and the best product over one voucher, capped:
 * nobody becomes a Partner by hearsay, and a crowd of vouchers is worth no more than its best one, so
 * ten thousand invented identities that praise each other come to nothing. A further voucher never
 * lowers a score.
 *
 * A score is remembered until one of its reasons changes or expires: it can only fall by itself at the
 * moment when the statement it rests on expires. A query costs a look-up; one that must count again
 * looks at those alone who said something of that very peer.
 */
import {
  STATEMENTS_PER_AUTHOR_MAX,
  STRANGERS_MAX,
  VOUCHED_SCORE_MAX,
  type AttestationStatus,
  type Grounds,
  type Statement,
  type TrustOptions,
} from '#contracts/trust.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord, TrustBody } from '#contracts/records.ts';
import { createShelf } from './shelf.ts';

/** Peers whose score is remembered. */
const SCORES_MAX = 4_096;
/** Vouchers named as grounds. */
const GROUNDS_MAX = 8;

/** What one author last said of one subject. */
interface Edge {
  readonly score: number;
  /** Infinity in the genesis. */
  readonly expiresAt: number;
  /** Of the record in its author's chain; 0 in the genesis. */
  readonly sequence: number;
  readonly id: RecordId | undefined;
  /** The genesis has an edge between the two: the genesis itself bounds how many there are. */
  readonly founding: boolean;
}

interface Score {
  readonly value: number;
  /** Counted then, and right until then: outside of it, it is counted anew. */
  readonly from: number;
  readonly until: number;
}

/** Whether `next` is the later word: the higher sequence, and of a fork the smaller id. */
const isLater = (next: Edge, held: Edge): boolean =>
  next.sequence === held.sequence
    ? (next.id ?? '') < (held.id ?? '')
    : next.sequence > held.sequence;

const earliest = <Key>(edges: Iterable<readonly [Key, Edge]>): [Key, Edge] | undefined => {
  let found: [Key, Edge] | undefined;
  for (const [key, edge] of edges) {
    if (!edge.founding && (!found || isLater(found[1], edge))) found = [key, edge];
  }
  return found;
};

const statementOf = (author: Did, { score, expiresAt }: Edge): Statement => ({
  author,
  score,
  expiresAt: expiresAt === Infinity ? undefined : expiresAt,
});

export const createGraph = ({ self, genesis, now }: Omit<TrustOptions, 'accessOf'>) => {
  /** By author and subject. */
  const said = new Map<Did, Map<Did, Edge>>();
  /** The same by subject and author. */
  const about = new Map<Did, Map<Did, Edge>>();
  /** How many edges of an author the genesis does not know of; authors in order of their first one. */
  const attesting = new Map<Did, number>();
  const founders = new Set<Did>(genesis.trust.map(({ from }) => from));
  const scores = createShelf<Did, Score>(SCORES_MAX);

  /** Scores that may come out differently now. */
  const changed = (author: Did, subject: Did): void => {
    scores.delete(subject);
    if (author !== self) return;
    for (const each of said.get(subject)?.keys() ?? []) scores.delete(each);
  };

  const put = (author: Did, subject: Did, edge: Edge): void => {
    for (const [index, one, other] of [
      [said, author, subject],
      [about, subject, author],
    ] as const) {
      const edges = index.get(one) ?? new Map<Did, Edge>();
      index.set(one, edges.set(other, edge));
    }
    changed(author, subject);
  };

  const drop = (author: Did, subject: Did): void => {
    changed(author, subject);
    for (const [index, one, other] of [
      [said, author, subject],
      [about, subject, author],
    ] as const) {
      const edges = index.get(one);
      edges?.delete(other);
      if (edges?.size === 0) index.delete(one);
    }
  };

  for (const { from, to, score } of genesis.trust) {
    const held = said.get(from)?.get(to);
    if (from === to || (held && held.score >= score)) continue;
    put(from, to, { score, expiresAt: Infinity, sequence: 0, id: undefined, founding: true });
  }

  /** Somebody whose word counts for nothing here today, and may tomorrow. */
  const isStranger = (author: Did): boolean =>
    author !== self && !founders.has(author) && !((said.get(self)?.get(author)?.score ?? 0) > 0);

  /** Makes room for one more author whom nobody here trusts: those who came first leave. */
  const makeRoom = (): void => {
    const strangers = [...attesting.keys()].filter(isStranger);
    for (const author of strangers.slice(0, Math.max(0, strangers.length + 1 - STRANGERS_MAX))) {
      for (const subject of said.get(author)?.keys() ?? []) drop(author, subject);
      attesting.delete(author);
    }
  };

  const isLive = (edge: Edge | undefined, at: number): edge is Edge =>
    edge !== undefined && at < edge.expiresAt;

  const isPositive = (edge: Edge | undefined, at: number): edge is Edge =>
    isLive(edge, at) && edge.score > 0;

  /** Who vouches for a peer and is trusted by us, and what that is worth. */
  const vouchersOf = function* (peer: Did, at: number) {
    const own = said.get(self);
    for (const [author, edge] of about.get(peer) ?? []) {
      const confidence = author === self ? undefined : own?.get(author);
      if (!isPositive(edge, at) || !isPositive(confidence, at)) continue;
      yield { author, edge, confidence, product: confidence.score * edge.score };
    }
  };

  const count = (peer: Did, at: number): Score => {
    const direct = said.get(self)?.get(peer);
    let value = 0;
    let until = Infinity;
    for (const { edge, confidence, product } of vouchersOf(peer, at)) {
      if (product <= value) continue;
      value = product;
      until = Math.min(edge.expiresAt, confidence.expiresAt);
    }
    value = Math.min(VOUCHED_SCORE_MAX, value);
    return isLive(direct, at) && direct.score >= value
      ? { value: direct.score, from: at, until: direct.expiresAt }
      : { value, from: at, until };
  };

  const score = (peer: Did): number => {
    if (peer === self) return 1;
    const at = now();
    const known = scores.get(peer);
    // A clock that was set back may bring to life again what had expired.
    if (known && at >= known.from && at < known.until) return known.value;
    const counted = count(peer, at);
    scores.set(peer, counted);
    return counted.value;
  };

  return {
    score,

    attested(record: SignedRecord): AttestationStatus {
      if (record.kind !== 'icn/trust/1') return 'not_an_attestation';
      const { author, sequence, id } = record;
      const { subject, score, expiresAt } = record.body as TrustBody;
      if (author === subject) return 'about_itself';
      const held = said.get(author)?.get(subject);
      const founding = held?.founding ?? false;
      const edge: Edge = { score, expiresAt, sequence, id, founding };
      if (held && !isLater(edge, held)) return 'superseded';
      if (!held) {
        const size = attesting.get(author);
        if (size === undefined && isStranger(author)) makeRoom();
        if ((size ?? 0) >= STATEMENTS_PER_AUTHOR_MAX) {
          const first = earliest(said.get(author) ?? []);
          if (first && !isLater(edge, first[1])) return 'crowded_out';
          if (first) drop(author, first[0]);
        } else attesting.set(author, (size ?? 0) + 1);
      }
      put(author, subject, edge);
      return 'noted';
    },

    grounds(peer: Did): Grounds {
      const at = now();
      const direct = said.get(self)?.get(peer);
      const vouchers = [...vouchersOf(peer, at)]
        .map(({ author, edge, product }) => ({ ...statementOf(author, edge), product }))
        .sort(
          (left, right) => right.product - left.product || (left.author < right.author ? -1 : 1),
        )
        .slice(0, GROUNDS_MAX);
      return { direct: isLive(direct, at) ? statementOf(self, direct) : undefined, vouchers };
    },

    trusted: (): readonly Did[] =>
      [...about.keys()]
        .map((peer) => ({ peer, value: peer === self ? 0 : score(peer) }))
        .filter(({ value }) => value > 0)
        .sort((left, right) => right.value - left.value || (left.peer < right.peer ? -1 : 1))
        .map(({ peer }) => peer),
  };
};
