/**
 * Acceptance: certificates enter the ledger one after the other, each when this node can vouch for it.
 *
 * A certificate says what the stewards signed. A checkpoint is believed because this node holds the cut,
 * folds it and finds the same roots; until it holds the cut the certificate waits, and all after it. One
 * whose roots are wrong is never accepted, whoever signed it, and nothing after it is: then more stewards
 * lie than a quorum allows for, or this program is wrong, and a person has to look.
 */
import type { Certified, Council } from '#contracts/certificates.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { Ledger, LedgerChange } from '#contracts/ledger.ts';
import type { Merkle } from '#contracts/swarm.ts';
import { examine } from './checkpoint.ts';

export interface AcceptanceOptions {
  readonly council: Pick<Council, 'certificates'>;
  readonly ledger: Ledger;
  readonly merkle: Pick<Merkle, 'root'>;
}

/** Why the next certificate is not accepted. */
export interface Hindrance {
  readonly number: number;
  readonly id: RecordId;
  /** Heads still to come; empty where it is refused. */
  readonly missing: readonly RecordId[];
  readonly reason: string;
}

export interface Acceptance {
  /** Accepts what can be accepted by now; gives the certificates and what each changed. */
  advance(): readonly { readonly certified: Certified; readonly change: LedgerChange }[];
  readonly accepted: readonly Certified[];
  /** Undefined where everything certified is accepted. */
  readonly hindrance: Hindrance | undefined;
  /** So many were accepted in earlier runs, and are not folded again: that is `node verify`'s work. */
  trust(count: number): void;
  /** A record has come into the ledger: whether it is worth trying again. */
  concerns(id: RecordId): boolean;
}

export const createAcceptance = ({ council, ledger, merkle }: AcceptanceOptions): Acceptance => {
  const accepted: Certified[] = [];
  let hindrance: Hindrance | undefined;
  let trusted = 0;
  /** Heads that the next certificate waits for. */
  const awaited = new Set<RecordId>();

  const hindranceOf = ({ id, number, decision }: Certified): Hindrance | undefined => {
    if (decision.kind !== 'checkpoint') return undefined;
    const missing = decision.heads.filter((head) => ledger.standing(head) === undefined);
    if (number <= trusted && missing.length === 0) return undefined;
    const found = examine(merkle, ledger, decision);
    switch (found.finding) {
      case 'right':
        return undefined;
      case 'waits': {
        const { missing } = found;
        return { number, id, missing, reason: `waits for ${missing.length} of its heads` };
      }
      case 'wrong':
        return { number, id, missing: [], reason: found.reason };
    }
  };

  return {
    advance() {
      const changes: { certified: Certified; change: LedgerChange }[] = [];
      const refused = hindrance !== undefined && hindrance.missing.length === 0;
      if (refused || awaited.size > 0) return changes;
      for (const { proposal } of council.certificates(accepted.length)) {
        const { number, decision } = proposal.body;
        const certified = { id: proposal.id, number, decision };
        hindrance = hindranceOf(certified);
        for (const id of hindrance?.missing ?? []) awaited.add(id);
        if (hindrance) break;
        accepted.push(certified);
        changes.push({ certified, change: ledger.certify(certified) });
      }
      return changes;
    },
    accepted,
    get hindrance() {
      return hindrance;
    },
    trust: (count) => void (trusted = count),
    concerns: (id) => awaited.delete(id) && awaited.size === 0,
  };
};
