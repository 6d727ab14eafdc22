/**
 * Reconciliation: clocks first, and where they end, filters and ranges.
 *
 *   clocks differ                  pull runs of sequences: exact, and 60 bytes an author
 *   clocks agree, and yet          up to 8 192 records: pull with our filter, the other sends what is
 *   fingerprints differ            not in it; beyond: compare ranges of ids, from the largest down
 *
 * What hides from clocks are forks: two branches of equal length look alike. A topic in which always
 * something is on its way may never show equal clocks; so a digest now and then brings a filter, and its
 * receiver offers what the sender lacks though its clock claims it.
 *
 * Every filter has a new salt. What it hides by mistake it hides once.
 *
 * The rooms of this layer:
 *
 *   plain.ts      clocks alone: a whole reconciliation in one page
 *   clocks.ts     who lacks what by count; the fingerprint
 *   filter.ts     the adaptive Bloom filter
 *   ranges.ts     comparing ranges of ids; id-tree.ts their fingerprints, kept up to date
 *   salted.ts     the keyed hash under both
 *   serving.ts    the order of an answer, its budget and its cursor
 */
import type { RecordId } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import { BATCH_MAX, type Filter } from '#contracts/messages.ts';
import type {
  Audience,
  Comparison,
  CreateReconciliation,
  Pull,
  Summary,
} from '#contracts/reconciliation.ts';
import { claimOf, createWindows, fingerprintOf, isAhead, lacking, tipsToOffer } from './clocks.ts';
import { fill, FILTER_IDS_MAX, openFilter, type OpenFilter } from './filter.ts';
import { createIdTree } from './id-tree.ts';
import {
  claimsAt,
  differingIn,
  firstClaims,
  nameLeaves,
  refusalOf,
  unnamedIn,
  type Index,
} from './ranges.ts';
import {
  beyond,
  inOrder,
  placedById,
  placedByRuns,
  placeIn,
  placeOf,
  withinBytes,
  type Placed,
} from './serving.ts';

/** Of so many digests that find a difference one brings a filter, whatever clocks say. */
const SWEEP_EVERY = 8;
/** Records that are held against somebody's filter; with more we answer by clocks and ranges alone. */
const SCANNED_MAX = 2 * FILTER_IDS_MAX;

/** What we hold, the sender's clock claims and its filter shows it to lack: the first few, causes first. */
const lackedBySender = (
  knowledge: Knowledge,
  digest: Summary,
  filter: OpenFilter,
): readonly RecordId[] => {
  const lacked: RecordId[] = [];
  for (const [author, held] of knowledge.clock()) {
    const claimed = Math.min(held, claimOf(digest, author));
    if (claimed === 0) continue;
    for (const id of knowledge.run(author, 1, claimed)) if (!filter.has(id)) lacked.push(id);
  }
  const placed = lacked.map(placeIn(knowledge)).sort(inOrder);
  return placed.slice(0, BATCH_MAX).map(({ id }) => id);
};

/**
 * What the owner of a filter lacks, causes first. Whoever lacks a record lacks all that rests on it, so a
 * filter that shows one of those as held is mistaken: a mistake costs the first record of a branch at most.
 */
function* lackedByOwner(knowledge: Knowledge, filter: OpenFilter): Generator<Placed> {
  const lacked = new Set<RecordId>();
  const restsOnLacked = (id: RecordId): boolean =>
    knowledge.links?.(id).some((link) => lacked.has(link)) ?? false;
  for (const id of knowledge.ordered()) {
    if (filter.has(id) && !restsOnLacked(id)) continue;
    lacked.add(id);
    yield { id, depth: knowledge.depth(id) };
  }
}

/** The reference filling of layer 8. */
export const create: CreateReconciliation = ({ content }) => {
  const window = createWindows();
  /** Digests so far that found a difference. */
  let found = 0;

  const isEqual = (knowledge: Knowledge, { fingerprint }: Summary): boolean =>
    fingerprint === fingerprintOf(content, knowledge);

  const indexOf = (knowledge: Knowledge): Index => {
    if (knowledge.index) return knowledge.index;
    const index = createIdTree(content);
    for (const id of knowledge.ordered()) index.add(id);
    return index;
  };

  /** What a clock and a fingerprint say together. */
  const judge = (knowledge: Knowledge, digest: Summary) => {
    const behind = lacking(knowledge, digest).length > 0;
    const ahead = isAhead(knowledge, digest);
    const differs = !isEqual(knowledge, digest);
    return { behind, ahead, differs, hidden: differs && !behind && !ahead };
  };

  /** A filter for somebody whose last digest said something else than ours will; mostly clocks explain it. */
  const filterFor = (knowledge: Knowledge, audience: Audience | undefined): Filter | undefined => {
    const count = knowledge.count;
    if (!audience?.claim || count === 0 || count > FILTER_IDS_MAX) return undefined;
    const { differs, hidden } = judge(knowledge, audience.claim);
    if (!differs) return undefined;
    const isSwept = ++found % SWEEP_EVERY === 0;
    if (!hidden && !isSwept && knowledge.forked().length === 0) return undefined;
    return fill(knowledge.ordered(), audience.salt);
  };

  return {
    summarise(knowledge, audience) {
      const filter = filterFor(knowledge, audience);
      return {
        topic: knowledge.topic,
        clock: window(knowledge),
        count: knowledge.count,
        fingerprint: fingerprintOf(content, knowledge),
        ...(filter && { filter }),
      };
    },

    compare(knowledge, digest): Comparison {
      const { behind, ahead, differs, hidden } = judge(knowledge, digest);
      if (!differs) return { behind, ahead, hidden, offer: [] };
      const tips = tipsToOffer(knowledge, hidden);
      if (!digest.filter || knowledge.count > SCANNED_MAX) {
        return { behind, ahead, hidden, offer: tips };
      }
      const filter = openFilter(digest.filter);
      if (!filter.ok) return { behind, ahead, hidden, offer: tips, refused: filter.reason };
      return { behind, ahead, hidden, offer: lackedBySender(knowledge, digest, filter.value) };
    },

    request(knowledge, digest, salt): Pull {
      const { topic } = knowledge;
      const ranges = lacking(knowledge, digest);
      if (ranges.length > 0 || salt === undefined || isEqual(knowledge, digest)) {
        return { topic, ranges };
      }
      if (Math.max(knowledge.count, digest.count) <= FILTER_IDS_MAX) {
        return { topic, ranges, filter: fill(knowledge.ordered(), salt) };
      }
      const claims = firstClaims(knowledge, indexOf(knowledge), digest.count, salt);
      return { topic, ranges, claims };
    },

    next(knowledge, { topic, filter, claims, cursor }, answer, salt) {
      const after = placeOf(answer.cursor);
      const before = placeOf(cursor);
      // An answer whose end does not move on would be asked for again for ever.
      const goesOn = answer.truncated && after && (!before || inOrder(after, before) > 0);
      const place = goesOn ? { cursor: answer.cursor! } : undefined;
      if (filter) {
        return place && { topic, ranges: [], filter: fill(knowledge.ordered(), salt), ...place };
      }
      if (!claims) return undefined;
      const index = indexOf(knowledge);
      const asked = new Set(Object.keys(claims.branches));
      const differing = answer.differing?.filter((prefix) => asked.has(prefix.slice(0, -1)));
      if (differing && differing.length > 0) {
        return { topic, ranges: [], claims: claimsAt(knowledge, index, differing, salt) };
      }
      const leaves = Object.keys(claims.leaves);
      if (!place || leaves.length === 0) return undefined;
      return {
        topic,
        ranges: [],
        claims: nameLeaves(knowledge, index, leaves, salt, after),
        ...place,
      };
    },

    serve(knowledge, pull, bytesMax, read) {
      const after = placeOf(pull.cursor);
      const nothing = { records: [], truncated: false };
      if (pull.claims) {
        if (refusalOf(pull.claims) !== undefined) return nothing;
        const index = indexOf(knowledge);
        if (Object.keys(pull.claims.branches).length > 0) {
          return { ...nothing, differing: differingIn(index, pull.claims) };
        }
        const ids = unnamedIn(index, pull.claims);
        return withinBytes(placedById(knowledge, ids, after), bytesMax, read);
      }
      if (pull.filter) {
        const filter = openFilter(pull.filter);
        if (!filter.ok || knowledge.count > SCANNED_MAX) return nothing;
        const placed = lackedByOwner(knowledge, filter.value);
        return withinBytes(beyond(after, placed), bytesMax, read);
      }
      return withinBytes(beyond(after, placedByRuns(knowledge, pull)), bytesMax, read);
    },

    refusal({ filter, claims }) {
      const opened = filter && openFilter(filter);
      if (opened && !opened.ok) return opened.reason;
      return claims && refusalOf(claims);
    },

    index: () => createIdTree(content),
  };
};
