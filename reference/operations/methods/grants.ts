/** Grants as people speak of them: whom, how much, and for how long. */
import * as z from 'zod';
import { COUNCIL_GRANTS_MAX, type Decision, type GrantDecision } from '#contracts/certificates.ts';
import type { Grant } from '#contracts/genesis.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import { formatAmount, parseAmount } from '#reference/operations/amounts.ts';
import { nameOf } from '#reference/operations/people.ts';
import { currency, currencyOf, person, who } from './method.ts';

/** Leases of one decision that its gist names; of the others it says how many. */
const LEASES_NAMED = 3;

/** The same lease for each of these people. */
export const grantWish = z.strictObject({
  kind: z.literal('grant'),
  accounts: z.array(person).min(1, 'nobody is named').max(COUNCIL_GRANTS_MAX),
  currency,
  baseline: z.string().max(64),
  cap: z.string().max(64),
  /** The last number of their own chains in which it counts; no end unless told. */
  until: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type GrantWish = z.infer<typeof grantWish>;

/** Minor units of a limit, 0 among them. */
const unitsOf = (
  name: 'baseline' | 'cap',
  typed: string,
  decimals: number,
): Outcome<number, string> => {
  if (/^0+([.]0+)?$/.test(typed)) return accepted(0);
  const amount = parseAmount(typed, decimals);
  if (!amount.ok) return refused(amount.status, `${name}: ${amount.reason}`);
  return amount.value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? accepted(Number(amount.value))
    : refused('amount_malformed', `${name}: ${typed} is above the largest limit`);
};

export const grantDecisionOf = (node: Node, asked: GrantWish): Outcome<Decision, string> => {
  const found = currencyOf(node, asked.currency);
  if (!found.ok) return found;
  const { name, decimals } = found.value;
  const baseline = unitsOf('baseline', asked.baseline, decimals);
  if (!baseline.ok) return baseline;
  const cap = unitsOf('cap', asked.cap, decimals);
  if (!cap.ok) return cap;
  const accounts = new Set<Did>();
  for (const each of asked.accounts) {
    const did = who(node, each);
    if (!did.ok) return did;
    if (accounts.has(did.value)) return refused('person_twice', `${each} is named twice`);
    accounts.add(did.value);
  }
  const untilSequence = asked.until ?? Number.MAX_SAFE_INTEGER;
  const grants = [...accounts].map((account): Grant => ({
    account,
    currency: name,
    baseline: baseline.value,
    cap: cap.value,
    untilSequence,
  }));
  return accepted({ kind: 'grant', grants });
};

/** One lease in a few words. */
const leaseGist = (node: Node, grant: Grant): string => {
  const { genesis } = node.network;
  const { currency, baseline, cap, untilSequence } = grant;
  // Who signs a grant may name a currency that is none: then minor units are all there is to say.
  const decimals = genesis.currencies.find(({ name }) => name === currency)?.decimals ?? 0;
  const amount = (units: number): string => formatAmount(BigInt(units), decimals);
  const end = untilSequence === Number.MAX_SAFE_INTEGER ? '' : `, up to record ${untilSequence}`;
  return `${nameOf(grant.account, genesis)} may owe ${amount(baseline)} ${currency}, at most ${amount(cap)}${end}`;
};

export const grantGist = (node: Node, { grants }: GrantDecision): string => {
  const named = grants.slice(0, LEASES_NAMED).map((grant) => leaseGist(node, grant));
  const others = grants.length - named.length;
  return [...named, ...(others > 0 ? [`and ${others} more`] : [])].join('; ');
};
