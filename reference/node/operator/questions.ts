/** Questions: what a node answers of what it holds. Nothing here changes anything. */
import { COUNCIL_TOPIC } from '#contracts/certificates.ts';
import type { Content } from '#contracts/content.ts';
import { Fault } from '#contracts/faults.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { HistoryRow, Node, TopicView } from '#contracts/node.ts';
import type { EntryLine, Records, SignedRecord } from '#contracts/records.ts';
import type { Reconciliation } from '#contracts/reconciliation.ts';
import type { TopicPolicy } from '#contracts/topics.ts';
import type { CouncilDesk } from '../council/council.ts';
import { isDurable, isLedger } from '../topics/policies.ts';
import { gossipOf, type Gossips } from '../topics/topics.ts';

export interface QuestionsOptions {
  readonly content: Content;
  readonly records: Records;
  readonly gossips: Gossips;
  readonly policyOf: (topic: Topic) => TopicPolicy | undefined;
  readonly ledger: Ledger;
  readonly reconciliation: Reconciliation;
  /** A ledger that has seen nothing yet: for folding again. */
  readonly freshLedger: () => Ledger;
  readonly desk: Pick<CouncilDesk, 'accepted'>;
  /** The council's chain from nothing, over such a ledger. */
  readonly freshDesk: (ledger: Ledger) => CouncilDesk;
  /** A record, from memory where it is there. */
  readonly read: (id: RecordId) => SignedRecord | undefined;
  /** The same from the store itself: what is verified is what a restart would find. */
  readonly stored: (id: RecordId) => SignedRecord | undefined;
}

export type Questions = Pick<
  Node,
  'history' | 'conflicts' | 'disputes' | 'topics' | 'knowledge' | 'exported' | 'said' | 'verify'
>;

/** What an entry does to an account: debits minus credits. */
const netOf = (record: SignedRecord, account: Did): bigint => {
  if (record.kind !== 'icn/entry/1') return 0n;
  const { accounts } = record.body as { readonly accounts: readonly EntryLine[] };
  return accounts
    .filter((line) => line.account === account)
    .reduce((sum, { debit, credit }) => sum + BigInt(debit ?? 0) - BigInt(credit ?? 0), 0n);
};

/** What a ledger says of one record. */
const saying = (ledger: Ledger, id: RecordId): string =>
  `${ledger.verdict(id)?.status ?? 'unknown'}, ${ledger.standing(id) ?? 'nowhere'}, ${ledger.isSettled(id) ? 'settled' : 'provisional'}`;

/** Records of which two ledgers say different things, a line each. */
const contradictions = (ids: readonly RecordId[], left: Ledger, right: Ledger): string[] =>
  ids
    .filter((id) => saying(left, id) !== saying(right, id))
    .map((id) => `${id}: ${saying(left, id)} held, ${saying(right, id)} recomputed`);

/** Certificates that a fold from nothing does not agree with. */
const disbelief = (
  held: Pick<CouncilDesk, 'accepted'>,
  { accepted, hindrance }: Pick<CouncilDesk, 'accepted' | 'hindrance'>,
): string[] => {
  if (hindrance && hindrance.missing.length === 0) {
    return [`certificate ${hindrance.number}: ${hindrance.reason}`];
  }
  return accepted.length === held.accepted.length
    ? []
    : [`${held.accepted.length} certificates accepted, ${accepted.length} recomputed`];
};

/** Accounts on which two ledgers disagree, a line each. */
const differences = (topic: Topic, left: Ledger, right: Ledger): string[] => {
  const accounts = new Set([...left.balances(topic).keys(), ...right.balances(topic).keys()]);
  return [...accounts]
    .map((account) => [account, left.balance(topic, account), right.balance(topic, account)])
    .filter(([, held, folded]) => held !== folded)
    .map(([account, held, folded]) => `${topic} ${account}: ${held} held, ${folded} recomputed`);
};

export const createQuestions = (options: QuestionsOptions): Questions => {
  const { content, records, gossips, ledger, reconciliation } = options;

  const knowledge = (topic: Topic): Knowledge => gossipOf(gossips, topic).knowledge;

  const read = (id: RecordId, from = options.read): SignedRecord => {
    const record = from(id);
    if (!record) throw new Fault('store_inconsistent', `record ${id} is indexed and not stored`);
    return record;
  };

  const row = (account: Did, id: RecordId): HistoryRow => {
    const record = read(id);
    const verdict = ledger.verdict(id) ?? { status: 'pending', reason: 'not judged yet' };
    const standing = ledger.standing(id) ?? 'unlinked';
    const counts = verdict.status === 'accepted' && standing === 'stands';
    const settled = ledger.isSettled(id);
    return { record, verdict, standing, settled, change: counts ? netOf(record, account) : 0n };
  };

  const view = ([topic, gossip]: readonly [Topic, Gossip]): TopicView => {
    const held = gossip.knowledge;
    const waiting = gossip.waiting();
    const policy = options.policyOf(topic);
    if (!policy) throw new Error(`topic ${topic} has no policy`);
    return {
      ...policy,
      records: held.count,
      authors: held.clock().size,
      heads: held.heads().length,
      waiting: waiting.records,
      missing: waiting.missing.length,
      forked: held.forked(),
      fingerprint: reconciliation.summarise(held).fingerprint,
    };
  };

  return {
    knowledge,
    topics: () => [...gossips].map(view),
    history: (topic, account) => ledger.history(topic, account).map((id) => row(account, id)),

    said: (topic) =>
      isDurable(topic)
        ? []
        : knowledge(topic)
            .ordered()
            .map((id) => read(id)),
    conflicts: (topic) =>
      ledger.conflicts(topic).map((conflict) => ({
        conflict,
        records: conflict.children.map((id) => read(id)),
      })),
    disputes: (topic) =>
      ledger.disputes(topic).map((dispute) => ({ dispute, record: read(dispute.id) })),

    *exported(topic) {
      for (const id of knowledge(topic).ordered()) {
        const text = content.canonicalize(read(id));
        if (!text.ok) throw new Fault('store_inconsistent', `record ${id}: ${text.reason}`);
        yield text.value;
      }
    },

    *verify() {
      const problems: string[] = [];
      const fresh = options.freshLedger();
      const desk = options.freshDesk(fresh);
      let checked = 0;
      // What a topic remembers was opened when it came, and is nowhere else. Entries name certificates.
      const durable = [...gossips].filter(([topic]) => isDurable(topic));
      const isLate = ([topic]: (typeof durable)[number]): number => Number(topic !== COUNCIL_TOPIC);
      for (const [topic, gossip] of durable.sort((a, b) => isLate(a) - isLate(b))) {
        for (const id of gossip.knowledge.ordered()) {
          const opened = records.open(read(id, options.stored) as unknown as Json);
          if (!opened.ok) problems.push(`${id}: ${opened.status}: ${opened.reason}`);
          else if (isLedger(topic)) {
            fresh.add(opened.value);
            desk.entered(id);
          } else if (topic === COUNCIL_TOPIC) desk.heard(opened.value);
          checked += 1;
          yield { checked };
        }
      }
      problems.push(...disbelief(options.desk, desk));
      for (const topic of [...gossips.keys()].filter(isLedger)) {
        const ids = knowledge(topic).ordered();
        problems.push(...contradictions(ids, ledger, fresh), ...differences(topic, ledger, fresh));
      }
      return problems;
    },
  };
};
