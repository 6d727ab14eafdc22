/** Decisions: which of them could mean anything, before anybody votes. What no steward may propose nobody certifies. */
import type { Decision, GrantDecision, Ruling } from '#contracts/certificates.ts';
import { AMOUNT_MAX } from '#contracts/ledger.ts';

const faultOfRuling = ({ accounts }: Ruling): string | undefined => {
  if (accounts.length < 2) return 'a ruling has two lines or more';
  const amounts = accounts.map(({ debit, credit }) => BigInt(debit ?? credit ?? 0));
  if (amounts.some((amount) => amount <= 0n || amount > AMOUNT_MAX)) {
    return `amounts of a ruling are from 1 to ${AMOUNT_MAX}`;
  }
  const sum = accounts.reduce((total, { debit }, index) => {
    const amount = amounts[index]!;
    return debit === undefined ? total - amount : total + amount;
  }, 0n);
  return sum === 0n ? undefined : `debits of the ruling exceed its credits by ${sum}`;
};

const faultOfGrants = ({ grants }: GrantDecision): string | undefined => {
  if (grants.length === 0) return 'nothing is granted';
  const inverted = grants.find(({ baseline, cap }) => baseline > cap);
  if (inverted)
    return `a baseline of ${inverted.baseline} minor units is above the cap of ${inverted.cap}`;
  return grants.some(({ cap }) => cap === 0) ? 'a cap of 0 lends nothing' : undefined;
};

/** What is wrong with who shall decide; undefined where nothing is. */
export const faultOfOffice = (
  stewards: readonly string[],
  quorum: number,
  votesMin: (stewards: number) => number,
): string | undefined => {
  if (stewards.length === 0) return 'this network has no stewards';
  if (new Set(stewards).size < stewards.length) return 'a steward is named twice';
  if (quorum > stewards.length) return `${quorum} votes of ${stewards.length} stewards`;
  const needed = votesMin(stewards.length);
  return quorum < needed
    ? `a quorum of ${quorum} of ${stewards.length} stewards is not safe: two certificates could have one number. It takes ${needed}`
    : undefined;
};

/** Why a decision can never be certified; undefined where it can. */
export const faultOf = (
  decision: Decision,
  votesMin: (stewards: number) => number,
): string | undefined => {
  switch (decision.kind) {
    case 'checkpoint':
      return undefined;
    case 'grant':
      return faultOfGrants(decision);
    case 'ruling':
      return faultOfRuling(decision);
    case 'stewards':
      return faultOfOffice(decision.stewards, decision.quorum, votesMin);
  }
};
