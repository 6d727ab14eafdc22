/**
 * Restore: a node remembers. Records are read back in the order in which they were taken and folded
 * again, and the fold is held against the balances and heads that were committed beside them. They can
 * differ by damage alone: every step was one commit.
 */
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import { accountIn, balanceKey, headsText, type Noted, type RecordStore } from './record-store.ts';
import type { CouncilDesk } from '../council/council.ts';
import { isLedger } from '../topics/policies.ts';
import { gossipOf, type Gossips } from '../topics/topics.ts';

const inconsistent = (what: string, cause?: unknown): Fault =>
  new Fault(
    'store_inconsistent',
    `the store does not agree with itself: ${what}. Export what you can, then sync a new store from peers`,
    { cause },
  );

/** Fills gossip and ledger from the store. Rejects with a Fault `store_inconsistent`. */
export const restore = async (
  store: RecordStore,
  gossips: Gossips,
  ledger: Ledger,
  council: Pick<CouncilDesk, 'heard' | 'entered'>,
): Promise<void> => {
  const noted = await store.load((record) => {
    try {
      gossipOf(gossips, record.topic).restore(record);
      if (isLedger(record.topic)) {
        ledger.add(record);
        council.entered(record.id);
      } else council.heard(record);
    } catch (error) {
      throw inconsistent(messageOf(error), error);
    }
  });
  for (const [topic, { knowledge }] of gossips) {
    compareHeads(topic, knowledge.heads(), noted);
    compareBalances(topic, ledger, noted);
  }
};

const compareHeads = (topic: Topic, heads: readonly RecordId[], noted: Noted): void => {
  if (headsText(heads) !== (noted.heads.get(topic) ?? headsText([]))) {
    throw inconsistent(`${topic} has other heads than noted`);
  }
};

const compareBalances = (topic: Topic, ledger: Ledger, noted: Noted): void => {
  const named = [...noted.balances.keys()].flatMap((key) => accountIn(topic, key) ?? []);
  for (const account of new Set<Did>([...ledger.balances(topic).keys(), ...named])) {
    // An account that was named and never moved has no note.
    const written = noted.balances.get(balanceKey(topic, account)) ?? '0';
    const balance = String(ledger.balance(topic, account));
    if (written !== balance) {
      throw inconsistent(`${account} has ${balance} by its records and ${written} as noted`);
    }
  }
};
