/**
 * `digest`: what it costs to say what is held, and to compare it with what somebody else says.
 *
 * After each new record, as in a busy topic. Nobody who forms a digest anew can do with less than hashing
 * every id once: that is the limit here, and a log that keeps its tips is to be far below it.
 */
import { createHash } from 'node:crypto';
import type { SignedRecord } from '#contracts/records.ts';
import {
  authorOf,
  branchOf,
  following,
  holdingOf,
  saltOf,
  summaryOf,
} from '#test/support/holdings.ts';
import { exponentOf, median, timed } from './measure.ts';
import type { Bench, Figure } from './report.ts';

const AUTHORS = 100;
const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const QUICK_MAX = 100_000;
const REPETITIONS = 30;
/** Cost may grow with authors, and with the depth of the tree: not with records. */
const EXPONENT_MAX = 0.3;

interface Costs {
  readonly buildMs: number;
  readonly compareMs: number;
  readonly searchMs: number;
  readonly allMs: number;
}

const costsAt = (size: number): Costs => {
  const authors = Array.from({ length: AUTHORS }, (_, index) => authorOf(`author ${index}`));
  const chains = authors.map((author) => branchOf(author, size / AUTHORS));
  const ours = holdingOf(chains.flat());
  const { log, reconciliation } = ours;
  const theirs = { ...summaryOf(ours), fingerprint: 'f'.repeat(64) };
  const tips: SignedRecord[] = chains.map((chain) => chain.at(-1)!);
  reconciliation.request(log, theirs, saltOf('warm')); // The tree is hashed once, when it is first asked.
  const [build, compare, search]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < REPETITIONS; round++) {
    const place = round % AUTHORS;
    const next = following(authors[place]!, tips[place], 'first');
    tips[place] = next;
    ours.take([next]);
    build.push(timed(() => summaryOf(ours)));
    compare.push(timed(() => reconciliation.compare(log, theirs)));
    const equal = { ...summaryOf(ours), fingerprint: theirs.fingerprint };
    search.push(timed(() => reconciliation.request(log, equal, saltOf(`${round}`))));
  }
  const ids = log.ordered();
  const all = Array.from({ length: 3 }, () =>
    timed(() => createHash('sha256').update(ids.join('')).digest('hex')),
  );
  return {
    buildMs: median(build),
    compareMs: median(compare),
    searchMs: median(search),
    allMs: median(all),
  };
};

export const digest: Bench = {
  summary: 'a digest built and compared after each record; the word full takes 1 000 000 records',
  async run({ full }) {
    const sizes = SIZES.filter((size) => full || size <= QUICK_MAX);
    const costs = sizes.map(costsAt);
    const exponent = (name: keyof Costs): number =>
      exponentOf(sizes.map((size, index) => [size, costs[index]![name]]));
    const figures = sizes.flatMap((size, index): Figure[] => {
      const { buildMs, compareMs, searchMs, allMs } = costs[index]!;
      return [
        { name: `${size} records: build`, value: buildMs, unit: 'ms', limit: allMs },
        { name: `${size} records: compare`, value: compareMs, unit: 'ms', limit: allMs },
        { name: `${size} records: begin a search`, value: searchMs, unit: 'ms', limit: allMs },
      ];
    });
    return {
      name: 'digest',
      about: [
        `records by ${AUTHORS} authors, one more before each digest; medians of ${REPETITIONS}`,
        'search: the first pull when clocks agree and fingerprints do not (a filter up to 8 192 records, then hashes of ranges)',
        'limit: one SHA-256 over all ids, which is what forming a digest anew costs at least',
      ],
      figures: [
        ...figures,
        { name: 'exponent of build', value: exponent('buildMs'), unit: '', valueMax: EXPONENT_MAX },
        {
          name: 'exponent of compare',
          value: exponent('compareMs'),
          unit: '',
          valueMax: EXPONENT_MAX,
        },
        { name: 'exponent of hashing all', value: exponent('allMs'), unit: '' },
      ],
    };
  },
};
