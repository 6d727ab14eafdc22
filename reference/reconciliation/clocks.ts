/**
 * What clocks say: who lacks what by count, and the fingerprint that shows what counts hide.
 *
 * A clock is a claim. It moves us to ask and for nothing else: a liar wins one empty answer.
 */
import type { Content } from '#contracts/content.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { Knowledge, Tip } from '#contracts/knowledge.ts';
import { CLOCK_COMPONENTS_MAX, type SequenceRange } from '#contracts/messages.ts';
import type { Summary } from '#contracts/reconciliation.ts';

/** Runs in one request, and the most that one run may span: a claimed 2^53 costs nothing. */
const RANGES_MAX = 256;
const RANGE_SPAN_MAX = 100_000;

/** By the list of tips: a log that has not changed gives the same list again. */
const fingerprints = new WeakMap<readonly Tip[], string>();

/** SHA-256 over the sorted tips. */
export const fingerprintOf = (content: Content, knowledge: Knowledge): string => {
  const tips = knowledge.tips();
  const known = fingerprints.get(tips);
  if (known !== undefined) return known;
  const lines = tips.map(({ author, sequence, id }) => `${author} ${sequence} ${id}\n`);
  const fingerprint = content.hash(lines.join(''));
  fingerprints.set(tips, fingerprint);
  return fingerprint;
};

/** A digest with as many components as fit may have left some out: it says nothing of those. */
const isPartial = ({ clock }: Summary): boolean =>
  Object.keys(clock).length >= CLOCK_COMPONENTS_MAX;

/** Up to which sequence a digest claims an author's records. */
export const claimOf = (digest: Summary, author: Did): number =>
  Object.hasOwn(digest.clock, author) ? digest.clock[author]! : 0;

/** Claimed components that exceed ours. */
export const lacking = (knowledge: Knowledge, digest: Summary): SequenceRange[] => {
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

/** Whether we hold something beyond a digest's claims. */
export const isAhead = (knowledge: Knowledge, digest: Summary): boolean => {
  const unnamed = isPartial(digest) ? Infinity : 0;
  return [...knowledge.clock()].some(
    ([author, held]) =>
      held > (Object.hasOwn(digest.clock, author) ? digest.clock[author]! : unnamed),
  );
};

/** Tips to offer while fingerprints differ: see Comparison. */
export const tipsToOffer = (knowledge: Knowledge, isHidden: boolean): RecordId[] => {
  const forked = new Set(knowledge.forked());
  return knowledge
    .tips()
    .filter(({ author }) => isHidden || forked.has(author))
    .map(({ id }) => id);
};

/** Gives as many components as a digest may carry; where there are more, others each time. */
export const createWindows = () => {
  /** Digests so far of more authors than fit into one: each shows the next window of them. */
  let windows = 0;
  return (knowledge: Knowledge): Summary['clock'] => {
    const components = [...knowledge.clock()];
    if (components.length <= CLOCK_COMPONENTS_MAX) return Object.fromEntries(components);
    const start = (windows++ * CLOCK_COMPONENTS_MAX) % components.length;
    const around = [...components, ...components];
    return Object.fromEntries(around.slice(start, start + CLOCK_COMPONENTS_MAX));
  };
};
