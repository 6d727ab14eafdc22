/** Merge decisions, inbox items, forks and disputes as those see them who ask: names in place of keys. */
import type { Did, Json } from '#contracts/identifiers.ts';
import type { MergeDecision } from '#contracts/merge.ts';
import type { ConflictView, Node } from '#contracts/node.ts';
import type { QuarantineItem, QuarantineRecord } from '#contracts/quarantine.ts';
import { nameOf } from './people.ts';

type View = { readonly [name: string]: Json };

const name = (node: Node, did: Did): string => nameOf(did, node.network.genesis);

/** An item without its claim. */
export const itemView = (node: Node, item: QuarantineItem): View => ({
  key: item.key,
  id: item.id,
  topic: item.topic,
  author: name(node, item.author),
  proven: item.proven,
  peer: item.peer === null ? null : name(node, item.peer),
  reason: item.reason,
  status: item.status,
  detail: item.detail,
  observedAt: item.observedAt,
});

/** The same with everything. */
export const recordView = (node: Node, record: QuarantineRecord): View => ({
  ...itemView(node, record),
  expiresAt: record.expiresAt,
  claim: record.claim,
});

/** A decision, whole. */
export const decisionView = (node: Node, decision: MergeDecision): View => ({
  tips: decision.tips.map(({ author, ...tip }) => ({ ...tip, author: name(node, author) })),
  accepted: decision.accepted,
  discarded: decision.discarded.map((discard) => ({ ...discard })),
  quarantined: decision.quarantined.map((item) => itemView(node, item)),
  pending: decision.pending,
  conflicts: decision.conflicts.map(({ author, ...pair }) => ({
    ...pair,
    author: name(node, author),
  })),
  displaced: decision.displaced,
  timestamp: decision.timestamp,
  hasIssues: decision.hasIssues(),
  totalProcessed: decision.totalProcessed(),
});

/** The counts of a decision, those that are not zero. */
export const decisionLine = (decision: MergeDecision): string => {
  const lists = [
    'accepted',
    'discarded',
    'quarantined',
    'pending',
    'conflicts',
    'displaced',
  ] as const;
  const counts = lists
    .filter((list) => decision[list].length > 0)
    .map((list) => `${decision[list].length} ${list}`);
  return `merged: ${counts.join(', ')}`;
};

/** A fork as proofs, one for each child beside the smallest: two signed records that anybody may check. */
export const proofViews = (
  node: Node,
  { conflict: { topic, author, previous }, records }: ConflictView,
): readonly View[] => {
  const [smallest, ...others] = records;
  return others.map((other) => ({
    topic,
    author: name(node, author),
    previous,
    records: [smallest, other] as unknown as Json,
  }));
};
