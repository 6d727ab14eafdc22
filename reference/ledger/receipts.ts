/**
 * Receipts: what an account was given by others, as of any past.
 *
 * What stands of a payer's chain is a path, so what it gave is a running total read at the end of that
 * path. Picture a bank book per payer with the sequence of the payer's record beside each line: the
 * last line at or below the sequence we look for says how much by then. A side branch continues the
 * total of the place it left.
 *
 * The credit check reads one line a payer by binary search: the cost follows who ever paid this account,
 * never how long the history is. Rejected: totals per record and account (memory grows with both);
 * remembering each author's gains from record to record (as fast, and one more thing to keep true).
 */
import { standingPlace } from './sight.ts';
import type { Account, Chain, Place, Receipts } from './state.ts';

/** How many of the ascending sequences are at or below `sequence`. */
const countUpTo = ({ sequences }: Receipts, sequence: number): number => {
  let [low, high] = [0, sequences.length];
  // Mostly the end of the chain is asked for: then no search is needed.
  if (high === 0 || sequences[high - 1]! <= sequence) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sequences[middle]! <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** What the path that ends in `place` gave the account, in minor units. */
const receivedUpTo = (account: Account, place: Place): bigint => {
  let { branch, sequence } = place;
  for (;;) {
    const receipts = account.receipts.get(branch);
    const count = receipts ? countUpTo(receipts, sequence) : 0;
    if (receipts && count > 0) return receipts.totals[count - 1]!;
    if (!branch.fork) return 0n;
    ({ branch, sequence } = branch.fork);
  }
};

/** Writes down what the last place of a branch gives the account. */
export const noteReceipt = (account: Account, place: Place, amount: bigint): void => {
  const total = receivedUpTo(account, place) + amount;
  let receipts = account.receipts.get(place.branch);
  if (!receipts) account.receipts.set(place.branch, (receipts = { sequences: [], totals: [] }));
  receipts.sequences.push(place.sequence);
  receipts.totals.push(total);
  account.payers.add(place.chain);
};

/** Takes back what `noteReceipt` wrote last for this branch. */
export const dropReceipt = (account: Account, place: Place): void => {
  const receipts = account.receipts.get(place.branch);
  receipts?.sequences.pop();
  receipts?.totals.pop();
  if (receipts?.sequences.length === 0) account.receipts.delete(place.branch);
};

/** What others gave the account, as far as `sightingOf` shows their chains. */
export const gainsOf = (
  account: Account | undefined,
  places: readonly Place[],
  sightingOf: (chain: Chain) => number,
): bigint => {
  let gains = 0n;
  for (const chain of account?.payers ?? []) {
    const end = standingPlace(places, sightingOf(chain));
    if (account && end) gains += receivedUpTo(account, end);
  }
  return gains;
};
