/**
 * What a core decides. A core does no I/O: it answers every input with a list of effects, and the
 * host performs them in order. The host sends nothing before the stores of the same step are durable.
 */
import type { Did, RecordId, Topic } from './identifiers.ts';
import type { GossipMessage } from './messages.ts';
import type { SignedRecord } from './records.ts';

export type Effect =
  /** Keep this record for good. `own`: ours, to be pushed again after a crash until somebody has it. */
  | { readonly effect: 'store'; readonly record: SignedRecord; readonly own: boolean }
  /** Give up a stored record: a surplus child of a fork. */
  | { readonly effect: 'forget'; readonly id: RecordId; readonly topic: Topic }
  /** All ancestors are there: hand the record to the topic's subscribers on this node. */
  | { readonly effect: 'deliver'; readonly record: SignedRecord }
  | { readonly effect: 'send'; readonly peer: Did; readonly message: GossipMessage }
  /** One message to several peers; encoded once. */
  | {
      readonly effect: 'broadcast';
      readonly peers: readonly Did[];
      readonly message: GossipMessage;
    }
  /** Own records that were handed to at least one peer: they need no second push after a crash. */
  | { readonly effect: 'pushed'; readonly ids: readonly RecordId[] }
  /** Call `elapsed(timer)` after a while. A timer of the same name replaces the one before. */
  | { readonly effect: 'schedule'; readonly timer: string; readonly delayMs: number }
  /** Something worth counting: a refusal, a give-up. `event` is from a closed list. */
  | {
      readonly effect: 'log';
      readonly event: GossipEvent;
      readonly peer?: Did;
      readonly detail?: string;
    };

/** Everything gossip counts, by the name it is counted under. */
export const GOSSIP_EVENTS = [
  'record_malformed',
  'record_topic_unknown',
  'record_duplicate',
  'record_network_mismatch',
  'record_id_mismatch',
  'record_signature_invalid',
  'record_not_permitted',
  'record_links_malformed',
  'record_surplus_child',
  'record_given_up',
  'fork_detected',
  'response_unsolicited',
  'digest_too_often',
  'pull_timed_out',
  'request_not_permitted',
  'topic_unknown',
] as const;
export type GossipEvent = (typeof GOSSIP_EVENTS)[number];
