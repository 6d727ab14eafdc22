/**
 * From transfers to the lines of one entry: of each the provider is debited and the receiver credited.
 *
 * An account's lines are one line, its net. So a rule may pass something on through an account, and only what
 * is left in the end needs a capability and a payer.
 */
import type { Capability } from '#contracts/contract-language.ts';
import type { Did } from '#contracts/identifiers.ts';
import { LINES_MAX, type EntryLine } from '#contracts/records.ts';
import type { Transfer } from './run.ts';
import { Halt } from './values.ts';

const netsOf = (transfers: readonly Transfer[]): ReadonlyMap<Did, bigint> => {
  const nets = new Map<Did, bigint>();
  const move = (account: Did, change: bigint): void =>
    void nets.set(account, (nets.get(account) ?? 0n) + change);
  for (const { provider, receiver, amount } of transfers) {
    move(provider, amount);
    move(receiver, -amount);
  }
  return new Map([...nets].filter(([, net]) => net !== 0n));
};

/** Balanced lines, sorted by account; none where nothing is left to move. Throws Halt. */
export const linesOf = (
  transfers: readonly Transfer[],
  participants: readonly Did[] | undefined,
  capabilities: readonly Capability[],
): readonly EntryLine[] => {
  const nets = netsOf(transfers);
  const falling: Did[] = [];
  for (const [account, net] of nets) {
    if (participants && !participants.includes(account)) {
      throw new Halt('participant_unknown', `${account} is no participant`);
    }
    if (net > 0n) continue;
    const allowed = capabilities.find((each) => each.account === account)?.fallsMax;
    if (allowed === undefined || -net > allowed) {
      const most = allowed === undefined ? 'the caller may not spend for it' : `at most ${allowed}`;
      throw new Halt('not_permitted', `${account} would fall by ${-net}; ${most}`);
    }
    falling.push(account);
  }
  if (falling.length > 1) {
    throw new Halt('payers_differ', `${falling.length} accounts would fall; one signs an entry`);
  }
  if (nets.size > LINES_MAX) {
    throw new Halt('too_many_lines', `${nets.size} accounts; at most ${LINES_MAX}`);
  }
  return [...nets]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([account, net]) =>
      net > 0n ? { account, debit: String(net) } : { account, credit: String(-net) },
    );
};
