/**
 * The door, as quarantine sees it: what becomes of a claim that gossip counted and never delivered.
 *
 * Genuine records and forgeries of genuine-looking ones are worth an operator's eye. What does not even
 * have the shape of a record is not kept: it could be anything, of any size.
 */
import type { GossipEvent } from '#contracts/effects.ts';
import { HASH_PATTERN, type Json, type RecordId } from '#contracts/identifiers.ts';
import type { DiscardStatus } from '#contracts/merge.ts';
import type { QuarantineStatus } from '#contracts/quarantine.ts';

/** What an event means for the claim that came with it. */
export type Fate =
  | { readonly fate: 'discarded'; readonly status: DiscardStatus }
  | { readonly fate: 'quarantined'; readonly status: QuarantineStatus; readonly proven: boolean }
  | { readonly fate: 'pending' }
  /** The event is about no claim. */
  | { readonly fate: 'none' };

const NONE: Fate = { fate: 'none' };
const discarded = (status: DiscardStatus): Fate => ({ fate: 'discarded', status });
const forged = (status: QuarantineStatus): Fate => ({
  fate: 'quarantined',
  status,
  proven: false,
});
const genuine = (status: QuarantineStatus): Fate => ({ fate: 'quarantined', status, proven: true });

/** Every event of gossip, held complete by the type checker. */
export const FATES: { readonly [Event in GossipEvent]: Fate } = {
  record_malformed: discarded('malformed'),
  record_topic_unknown: discarded('topic_unknown'),
  record_duplicate: discarded('duplicate'),
  record_network_mismatch: discarded('network_mismatch'),
  record_id_mismatch: forged('id_mismatch'),
  record_signature_invalid: forged('signature_invalid'),
  record_not_permitted: genuine('unauthorised'),
  record_links_malformed: genuine('sequence_conflict'),
  // The fork is proven by two smaller children; to whom this one was shown, it is a claim still.
  record_surplus_child: genuine('fork'),
  record_given_up: NONE,
  // Of topics that forget, which are no ledgers.
  record_behind: NONE,
  record_dated_ahead: NONE,
  gap_passed: NONE,
  ancestors_missing: { fate: 'pending' },
  fork_detected: NONE,
  response_unsolicited: NONE,
  digest_too_often: NONE,
  digest_repeated: NONE,
  filter_refused: NONE,
  pull_timed_out: NONE,
};

/** The id that a claim gives itself, if it has the form of one. */
export const idIn = (claim: Json): RecordId | null => {
  const id = Object(claim)['id'] as unknown;
  return typeof id === 'string' && HASH_PATTERN.test(id) ? (id as RecordId) : null;
};
