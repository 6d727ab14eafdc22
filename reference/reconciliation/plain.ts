/**
 * Plain reconciliation: compare clocks, ask for runs.
 *
 * Chains have no holes, so a clock says everything about an honest author: whoever shows 7 where we
 * have 4 holds 5, 6 and 7. Only forks hide from clocks: two branches of equal length look alike, and a
 * longer branch may be the one that must go. The fingerprint, a hash over all tips, shows that
 * something differs; then each side offers the tips of the forked authors it knows of, or all its tips
 * if the clocks agree, and the other asks for what it never saw.
 *
 * The full version (`reconciliation.ts`) begins like this one, and goes on where clocks end.
 */
import type { CreateReconciliation } from '#contracts/reconciliation.ts';
import { createWindows, fingerprintOf, isAhead, lacking, tipsToOffer } from './clocks.ts';
import { placedByRuns, withinBytes } from './serving.ts';

export const create: CreateReconciliation = ({ content }) => {
  const window = createWindows();
  return {
    summarise: (knowledge) => ({
      topic: knowledge.topic,
      clock: window(knowledge),
      count: knowledge.count,
      fingerprint: fingerprintOf(content, knowledge),
    }),

    compare(knowledge, digest) {
      const behind = lacking(knowledge, digest).length > 0;
      const ahead = isAhead(knowledge, digest);
      const isEqual = digest.fingerprint === fingerprintOf(content, knowledge);
      const offer = isEqual ? [] : tipsToOffer(knowledge, !behind && !ahead);
      return { behind, ahead, offer };
    },

    request: (knowledge, digest) => ({
      topic: knowledge.topic,
      ranges: lacking(knowledge, digest),
    }),

    serve(knowledge, pull, bytesMax, read) {
      const placed = placedByRuns(knowledge, pull);
      const { records, truncated } = withinBytes(placed, bytesMax, read);
      return { records, truncated };
    },
  };
};
