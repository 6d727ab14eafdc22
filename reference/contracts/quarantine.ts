/** Layer 9, quarantine: the operator's inbox of what was refused or displaced. Nothing in it changes the ledger. */
import type { RecordId } from './identifiers.ts';
import type { Ledger } from './ledger.ts';

export const QUARANTINE_REASONS = [
  'InvariantViolation',
  'ConflictingTimestamp',
  'InvalidSignature',
  'ExceedsCreditLimit',
  'ForkConflict',
  'Unauthorised',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

export interface QuarantineItem {
  readonly id: RecordId;
  readonly reason: QuarantineReason;
  readonly detail: string;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
}

export interface Quarantine {
  /** Takes an item; when full, the oldest leaves first. */
  add(item: QuarantineItem): { readonly evicted: readonly RecordId[] };
  /** Newest first, expired ones left out. */
  list(now: number): readonly QuarantineItem[];
  get(now: number, id: RecordId): QuarantineItem | undefined;
  drop(id: RecordId): boolean;
}

export type CreateQuarantine = (options: { readonly ledger: Ledger }) => Quarantine;
