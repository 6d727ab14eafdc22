/**
 * Plain reconciliation: compare clocks, ask for runs.
 *
 * Chains have no holes, so a clock says everything about an honest author: whoever shows 7 where we
 * have 4 holds 5, 6 and 7. Only forks hide from clocks: two branches of equal length look alike, and a
 * longer branch may be the one that must go. The fingerprint, a hash over all tips, shows that
 * something differs; then each side offers the tips of the forked authors it knows of, or all its tips
 * if the clocks agree, and the other asks for what it never saw.
 *
 * A clock is a claim. It moves us to ask and for nothing else: a liar wins one empty answer.
 */
import type { Content } from '#contracts/content.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import { CLOCK_COMPONENTS_MAX, type SequenceRange } from '#contracts/messages.ts';
import type { CreateReconciliation, Pull, Summary } from '#contracts/reconciliation.ts';

/** Runs in one request, and the most that one run may span: a claimed 2^53 costs nothing. */
const RANGES_MAX = 256;
const RANGE_SPAN_MAX = 100_000;
/** Of a run that is served so much is looked up at a time. */
const RUN_SPAN = 256;

const fingerprint = (content: Content, knowledge: Knowledge): string =>
  content.hash(
    knowledge
      .tips()
      .map(({ author, sequence, id }) => `${author} ${sequence} ${id}\n`)
      .join(''),
  );

/** A digest with as many components as fit may have left some out: it says nothing of those. */
const isPartial = ({ clock }: Summary): boolean =>
  Object.keys(clock).length >= CLOCK_COMPONENTS_MAX;

/** Claimed components that exceed ours. */
const lacking = (knowledge: Knowledge, digest: Summary): SequenceRange[] => {
  const clock = knowledge.clock();
  const ranges: SequenceRange[] = [];
  for (const [name, claimed] of Object.entries(digest.clock)) {
    const author = name as Did; // The message schema has checked the keys.
    const held = clock.get(author) ?? 0;
    if (claimed > held) {
      ranges.push({ author, from: held + 1, to: Math.min(claimed, held + RANGE_SPAN_MAX) });
    }
  }
  return ranges.slice(0, RANGES_MAX);
};

/** A record and its place in causal order. */
interface Placed {
  readonly id: RecordId;
  readonly depth: number;
}

/** Ancestors first; where neither is the other's, the smaller id. */
const inOrder = (left: Placed, right: Placed): number =>
  left.depth - right.depth || (left.id < right.id ? -1 : 1);

const placeIn =
  (knowledge: Knowledge) =>
  (id: RecordId): Placed => ({ id, depth: knowledge.depth(id) });

/** What was asked for, without what was asked for twice. */
const rangesOf = ({ ranges }: Pull): SequenceRange[] => {
  /** The first sequence of each author that no range covers yet. */
  const next = new Map<Did, number>();
  const apart: SequenceRange[] = [];
  for (const { author, from, to } of ranges.toSorted((left, right) => left.from - right.from)) {
    const begin = Math.max(from, next.get(author) ?? from);
    if (begin > to) continue;
    next.set(author, to + 1);
    apart.push({ author, from: begin, to });
  }
  return apart;
};

/** The ids of one range, ancestors first. A chain is in order already: only a fork must be sorted. */
function* idsIn(
  knowledge: Knowledge,
  { author, from, to }: SequenceRange,
  forked: ReadonlySet<Did>,
): Generator<RecordId> {
  if (forked.has(author)) {
    const run = knowledge.run(author, from, to).map(placeIn(knowledge));
    for (const { id } of run.sort(inOrder)) yield id;
    return;
  }
  const end = Math.min(to, knowledge.clock().get(author) ?? 0);
  for (let begin = from; begin <= end; begin += RUN_SPAN) {
    yield* knowledge.run(author, begin, Math.min(end, begin + RUN_SPAN - 1));
  }
}

/** The ids of a pull in causal order, drawn one by one: the budget ends most answers early. */
function* wantedBy(knowledge: Knowledge, pull: Pull): Generator<RecordId> {
  const forked = new Set(knowledge.forked());
  const place = placeIn(knowledge);
  const fronts: { readonly ids: Iterator<RecordId>; first: Placed }[] = [];
  for (const range of rangesOf(pull)) {
    const ids = idsIn(knowledge, range, forked);
    const first = ids.next();
    if (!first.done) fronts.push({ ids, first: place(first.value) });
  }
  while (fronts.length > 0) {
    const front = fronts.reduce((least, each) =>
      inOrder(each.first, least.first) < 0 ? each : least,
    );
    yield front.first.id;
    const following = front.ids.next();
    if (following.done) fronts.splice(fronts.indexOf(front), 1);
    else front.first = place(following.value);
  }
}

export const create: CreateReconciliation = ({ content }) => {
  /** Digests so far of more authors than fit into one: each shows the next window of them. */
  let windows = 0;

  /** As many components as a digest may carry; where there are more, others each time. */
  const window = (knowledge: Knowledge): (readonly [Did, number])[] => {
    const components = [...knowledge.clock()];
    if (components.length <= CLOCK_COMPONENTS_MAX) return components;
    const start = (windows++ * CLOCK_COMPONENTS_MAX) % components.length;
    return [...components, ...components].slice(start, start + CLOCK_COMPONENTS_MAX);
  };

  return {
    summarise(knowledge) {
      const components = window(knowledge);
      return {
        topic: knowledge.topic,
        clock: Object.fromEntries(components),
        count: knowledge.count,
        fingerprint: fingerprint(content, knowledge),
      };
    },

    compare(knowledge, digest) {
      const behind = lacking(knowledge, digest).length > 0;
      const unnamed = isPartial(digest) ? Infinity : 0;
      const ahead = [...knowledge.clock()].some(
        ([author, held]) =>
          held > (Object.hasOwn(digest.clock, author) ? digest.clock[author]! : unnamed),
      );
      if (digest.fingerprint === fingerprint(content, knowledge))
        return { behind, ahead, offer: [] };
      const forked = new Set(knowledge.forked());
      const offer = knowledge
        .tips()
        .filter(({ author }) => forked.has(author) || (!behind && !ahead))
        .map(({ id }) => id);
      return { behind, ahead, offer };
    },

    request: (knowledge, digest) => ({
      topic: knowledge.topic,
      ranges: lacking(knowledge, digest),
    }),

    serve(knowledge, pull, bytesMax, read) {
      const records: Json[] = [];
      let bytes = 0;
      for (const id of wantedBy(knowledge, pull)) {
        const record = read(id);
        if (!record) continue;
        const size = Buffer.byteLength(JSON.stringify(record));
        if (records.length > 0 && bytes + size > bytesMax) return { records, truncated: true };
        records.push(record as unknown as Json); // A signed record is JSON by its schema.
        bytes += size;
      }
      return { records, truncated: false };
    },
  };
};
