/**
 * Checkpoints: what a node makes of one, by its own fold and nobody's word.
 *
 * A cut is every chain up to a tip. Its entries are sorted by id and its balances by topic and account,
 * so that two nodes that fold the same cut have the same two lists, and the Merkle roots of the lists
 * say so in 64 bytes. The price is one hash a record and three a balance each time.
 */
import type { Checkpoint } from '#contracts/certificates.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { Cut, Ledger } from '#contracts/ledger.ts';
import type { Merkle } from '#contracts/swarm.ts';

/** What a fold makes of a checkpoint. */
export type Finding =
  | { readonly finding: 'right' }
  /** Heads that are not held, so nothing can be said yet. */
  | { readonly finding: 'waits'; readonly missing: readonly RecordId[] }
  | { readonly finding: 'wrong'; readonly reason: string };

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The checkpoint that names these heads and says what this cut comes to. */
export const checkpointOf = (
  merkle: Pick<Merkle, 'root'>,
  heads: readonly RecordId[],
  { ids, balances }: Cut,
): Checkpoint => ({
  kind: 'checkpoint',
  heads: [...heads].sort(),
  count: ids.length,
  entriesRoot: hexOf(merkle.root(ids.map((id) => Uint8Array.from(Buffer.from(id, 'hex'))))),
  balancesRoot: hexOf(
    merkle.root(
      balances.map(({ topic, account, balance }) => bytesOf(`${topic} ${account} ${balance}`)),
    ),
  ),
});

/** Folds what a checkpoint names, and compares. */
export const examine = (
  merkle: Pick<Merkle, 'root'>,
  ledger: Pick<Ledger, 'cut' | 'standing'>,
  checkpoint: Checkpoint,
): Finding => {
  const missing = checkpoint.heads.filter((id) => ledger.standing(id) === undefined);
  if (missing.length > 0) return { finding: 'waits', missing };
  const cut = ledger.cut(checkpoint.heads);
  if (!cut.ok) return { finding: 'wrong', reason: cut.reason };
  const own = checkpointOf(merkle, checkpoint.heads, cut.value);
  for (const name of ['count', 'entriesRoot', 'balancesRoot'] as const) {
    if (own[name] === checkpoint[name]) continue;
    return { finding: 'wrong', reason: `${name} is ${own[name]} by this node's fold, the proposal says ${checkpoint[name]}` }; // prettier-ignore
  }
  return { finding: 'right' };
};
