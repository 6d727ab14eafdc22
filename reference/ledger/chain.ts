/**
 * The shape of one author's chain.
 *
 * Picture a stem. An honest author's chain is nothing else: one branch, and the record of sequence n
 * is found by counting. Where an author signed two children of one record, a side branch leaves the
 * stem and remembers where. So two questions, on which all else rests, cost one step for each branch
 * crossed, and none at all for the honest: which record of this path has sequence n (`placeAt`), and
 * where did two paths part (`meet`)?
 *
 * Rejected: walking `previous` step by step, which makes the thousandth record a thousand times as
 * dear as the first; skip pointers in every record, which make the honest pay for the forgers.
 */
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Branch, Chain, Place } from './state.ts';

/** Shared by all that nothing follows. */
const NO_PLACES: readonly Place[] = [];

/** A chain without records. `index` is its column in every sight. */
export const createChain = (index: number, topic: Topic, author: Did): Chain => {
  const branch: Branch = { from: 0, fork: null, places: [] };
  const beginning = { index: 0, id: '' as RecordId, sequence: 0, previous: null, spent: 0n };
  const chain: Chain = {
    index,
    topic,
    author,
    // The root and its chain name each other; the getter ties the knot.
    root: {
      ...beginning,
      children: NO_PLACES,
      counts: [],
      branch,
      get chain() {
        return chain;
      },
    },
    branches: new Set([branch]),
    forks: new Set(),
    sighting: 0,
    settled: undefined,
  };
  branch.places.push(chain.root);
  return chain;
};

/** The place of this sequence on the path that ends in `place`; the sequence is not beyond it. */
export const placeAt = (place: Place, sequence: number): Place => {
  let { branch } = place;
  // The branch of the root starts at 0, so a branch that starts later has a fork.
  while (sequence < branch.from) branch = branch.fork!.branch;
  return branch.places[sequence - branch.from]!;
};

/** The last place that both paths share; the root at the least. Both are of one chain. */
export const meet = (one: Place, other: Place): Place => {
  let [left, right] = [one, other];
  while (left.branch !== right.branch) {
    // The branch that starts later cannot hold what they share: step down to where it left.
    if (left.branch.from >= right.branch.from) left = left.branch.fork!;
    else right = right.branch.fork!;
  }
  return left.sequence <= right.sequence ? left : right;
};

/** Whether `place` is on the path that ends in `end`. */
export const leadsTo = (place: Place, end: Place): boolean =>
  place.sequence <= end.sequence && placeAt(end, place.sequence) === place;

/** The ends of a chain: the places that nothing follows, the root aside. */
export const tipsOf = ({ branches, root }: Chain): Place[] =>
  [...branches]
    .map(({ places }) => places.at(-1)!)
    .filter((place) => place.children.length === 0 && place !== root);

/** What a new place brings; the rest follows from where it is put. */
export type Sprout = Pick<Place, 'index' | 'id' | 'counts' | 'spent'>;

/** Puts a record after `previous`: on its branch if it is the end of it, else on a new one. */
export const grow = (previous: Place, { index, id, counts, spent }: Sprout): Place => {
  const { chain } = previous;
  const sequence = previous.sequence + 1;
  const forks = previous.children.length > 0;
  const branch = forks ? { from: sequence, fork: previous, places: [] } : previous.branch;
  const place: Place = {
    index,
    id,
    sequence,
    previous,
    chain,
    branch,
    children: NO_PLACES,
    counts,
    spent,
  };
  if (forks) chain.forks.add(previous);
  chain.branches.add(branch);
  branch.places.push(place);
  // Not push: it would reserve room for seventeen where one child is the rule.
  previous.children = previous.children.concat(place);
  return place;
};

/** Takes away a place without children. */
export const prune = (place: Place): void => {
  const { chain, branch, previous } = place;
  if (!previous || place.children.length > 0) throw new Error(`ledger: ${place.id} carries others`);
  branch.places.pop();
  if (branch.places.length === 0) chain.branches.delete(branch);
  previous.children = previous.children.filter((child) => child !== place);
  if (previous.children.length < 2) chain.forks.delete(previous);
};

/** A place and all that rests on it, each after the one it rests on. */
export const withDescendants = (place: Place): Place[] => {
  const places = [place];
  for (const each of places) places.push(...each.children);
  return places;
};
