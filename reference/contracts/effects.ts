/**
 * What a core decides. A core does no I/O: it answers every input with a list of effects, and the
 * host performs them in order. The host sends nothing before the stores of the same step are durable.
 */
import type { Did, Json, RecordId } from './identifiers.ts';
import type { TopicMessage } from './messages.ts';
import type { SignedRecord } from './records.ts';

/** One thing for the host to do. There is no other way out of a core. */
export type Effect =
  /** Keep this record for good. */
  | { readonly effect: 'store'; readonly record: SignedRecord }
  /** Give up a stored record: a surplus child of a fork, or what has left the window of a topic. */
  | { readonly effect: 'forget'; readonly id: RecordId }
  /** All ancestors are there: hand the record to the topic's subscribers on this node. */
  | {
      readonly effect: 'deliver';
      readonly record: SignedRecord;
      /** Who brought the last record that it waited for. */
      readonly peer?: Did;
    }
  /** A message of any length: what exceeds a frame is cut into several. */
  | { readonly effect: 'send'; readonly peer: Did; readonly message: TopicMessage }
  /** One message to several peers; encoded once. */
  | { readonly effect: 'broadcast'; readonly peers: readonly Did[]; readonly message: TopicMessage }
  /** Call `elapsed(timer)` after a while. A timer of the same name replaces the one before. */
  | { readonly effect: 'schedule'; readonly timer: string; readonly delayMs: number }
  /** Something worth counting: a refusal, a give-up. `event` is from a closed list. */
  | {
      readonly effect: 'log';
      readonly event: GossipEvent;
      readonly peer?: Did;
      readonly detail?: string;
      /** What was refused or put aside, as it came: for the operator's inbox. */
      readonly claim?: Json;
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
  'record_behind',
  'record_dated_ahead',
  'gap_passed',
  'ancestors_missing',
  'fork_detected',
  'response_unsolicited',
  'digest_too_often',
  'digest_repeated',
  'filter_refused',
  'pull_timed_out',
] as const;
/** One of GOSSIP_EVENTS. */
export type GossipEvent = (typeof GOSSIP_EVENTS)[number];
