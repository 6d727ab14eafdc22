/**
 * Serving: the order of an answer, and where it ends.
 *
 * Ancestors come first, and where neither is the other's, the smaller id: an order that every node has
 * alike and that stays while records are added, so that a cursor, the place of the last one sent, means
 * the same on the next day. Who answers remembers nothing.
 */
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import { BATCH_MAX, type SequenceRange } from '#contracts/messages.ts';
import type { Pull, Served } from '#contracts/reconciliation.ts';
import type { SignedRecord } from '#contracts/records.ts';

/** Of a run that is served so much is looked up at a time. */
const RUN_SPAN = 256;
/** Records that one answer can have at all: no record is smaller than 256 bytes, and no budget larger than 1 MiB. */
const ANSWER_RECORDS_MAX = 4_096;

/** A record and its place in causal order. */
export interface Placed {
  readonly id: RecordId;
  readonly depth: number;
}

/** Ancestors first; where neither is the other's, the smaller id. */
export const inOrder = (left: Placed, right: Placed): number =>
  left.depth - right.depth || (left.id < right.id ? -1 : Number(left.id > right.id));

export const placeIn =
  (knowledge: Knowledge) =>
  (id: RecordId): Placed => ({ id, depth: knowledge.depth(id) });

export const cursorOf = ({ depth, id }: Placed): string => `${depth} ${id}`;

/** Reads a cursor; one that means nothing is none, and the answer begins at its beginning. */
export const placeOf = (cursor: string | undefined): Placed | undefined => {
  const [, depth, id] = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(cursor ?? '') ?? [];
  if (depth === undefined || id === undefined) return undefined;
  return { depth: Number(depth), id: id as RecordId };
};

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
  for (let begin = from; begin <= to; begin += RUN_SPAN) {
    yield* knowledge.run(author, begin, Math.min(to, begin + RUN_SPAN - 1));
  }
}

/** The records of some runs in causal order, drawn one by one: the budget ends most answers early. */
export function* placedByRuns(knowledge: Knowledge, pull: Pull): Generator<Placed> {
  const forked = new Set(knowledge.forked());
  const clock = knowledge.clock();
  const place = placeIn(knowledge);
  const fronts: { readonly ids: Iterator<RecordId>; first: Placed }[] = [];
  for (const range of rangesOf(pull)) {
    const to = Math.min(range.to, clock.get(range.author) ?? 0); // Whatever was claimed.
    const ids = idsIn(knowledge, { ...range, to }, forked);
    const first = ids.next();
    if (!first.done) fronts.push({ ids, first: place(first.value) });
  }
  while (fronts.length > 0) {
    const front = fronts.reduce((least, each) =>
      inOrder(each.first, least.first) < 0 ? each : least,
    );
    yield front.first;
    const following = front.ids.next();
    if (following.done) fronts.splice(fronts.indexOf(front), 1);
    else front.first = place(following.value);
  }
}

/** What comes behind a place. */
export function* beyond(after: Placed | undefined, placed: Iterable<Placed>): Generator<Placed> {
  for (const each of placed) if (!after || inOrder(each, after) > 0) yield each;
}

/** As much of a set of ids as one answer can have, from its beginning, or from behind a place on. */
export const placedById = (
  knowledge: Knowledge,
  ids: readonly RecordId[],
  after: Placed | undefined,
): Placed[] => {
  const placed = [...beyond(after, ids.map(placeIn(knowledge)))];
  if (placed.length <= ANSWER_RECORDS_MAX) return placed.sort(inOrder);
  // To sort numbers costs a tenth of sorting records: what is deeper than the last one is left out.
  const depths = Float64Array.from(placed, ({ depth }) => depth).sort();
  const deepest = depths[ANSWER_RECORDS_MAX]!;
  return placed.filter(({ depth }) => depth <= deepest).sort(inOrder);
};

/** As many records from the front as fit into a budget; the first one always does. */
export const withinBytes = (
  placed: Iterable<Placed>,
  bytesMax: number,
  read: (id: RecordId) => SignedRecord | undefined,
): Served => {
  const records: Json[] = [];
  const skipped: RecordId[] = [];
  let last: Placed | undefined;
  let bytes = 0;
  const answer = (truncated: boolean): Served => ({
    records,
    truncated,
    ...(truncated && last && { cursor: cursorOf(last) }),
    ...(skipped.length > 0 && { skipped }),
  });
  for (const each of placed) {
    const record = read(each.id);
    if (record) {
      const size = Buffer.byteLength(JSON.stringify(record));
      if (records.length > 0 && bytes + size > bytesMax) return answer(true);
      records.push(record as unknown as Json); // A signed record is JSON by its schema.
      bytes += size;
    } else {
      if (skipped.length >= BATCH_MAX) return answer(true);
      skipped.push(each.id);
    }
    last = each;
  }
  return answer(false);
};
