/**
 * The proof of a conflict: two records that one author signed after one and the same.
 *
 * It convicts by itself. Whoever has the two records needs no ledger, no network and no trust in the one
 * who shows them: both signatures are the author's, and an honest author signs a number once.
 */
import type { Json } from '#contracts/identifiers.ts';
import type { Conflict } from '#contracts/ledger.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import type { Records, RecordStatus } from '#contracts/records.ts';

/** Why two records prove nothing, in order of precedence; first what is wrong with one alone. */
export type ProofStatus =
  RecordStatus | 'same_record' | 'author_differs' | 'topic_differs' | 'previous_differs';

/** Checks a proof offline. */
export const checkProof = (
  records: Pick<Records, 'open'>,
  one: Json,
  other: Json,
): Outcome<Conflict, ProofStatus> => {
  const [left, right] = [records.open(one), records.open(other)];
  if (!left.ok) return left;
  if (!right.ok) return right;
  const [a, b] = [left.value, right.value];
  if (a.id === b.id) return refused('same_record', `both are ${a.id}`);
  if (a.author !== b.author) {
    return refused('author_differs', `signed by ${a.author} and by ${b.author}`);
  }
  if (a.topic !== b.topic) return refused('topic_differs', `in ${a.topic} and in ${b.topic}`);
  if (a.previous !== b.previous) {
    const [after, beside] = [a, b].map(({ previous }) => previous ?? 'nothing');
    return refused('previous_differs', `one follows ${after}, the other ${beside}`);
  }
  const { topic, author, previous } = a;
  return accepted({ topic, author, previous, children: [a.id, b.id].sort() });
};
