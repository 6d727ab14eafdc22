/**
 * What each metric is: unit, label and buckets. `registry.yaml` says the same for programs and people
 * who know no TypeScript, and a test holds the two equal.
 */
import type { Counter, Histogram, Observed } from '#contracts/telemetry.ts';

export interface Instrument {
  /** UCUM, as OpenTelemetry spells units: `By`, `s`, `{record}`. */
  readonly unit: string;
  readonly brief: string;
  readonly label?: string;
}

export const counters: { readonly [Name in Counter]: Instrument } = {
  icn_gossip_announces_sent_total: { unit: '{message}', brief: 'Announces sent, one a peer.' },
  icn_gossip_announces_received_total: { unit: '{message}', brief: 'Announces received.' },
  icn_gossip_requests_sent_total: { unit: '{message}', brief: 'Requests by id sent.' },
  icn_gossip_requests_received_total: { unit: '{message}', brief: 'Requests by id received.' },
  icn_gossip_responses_sent_total: { unit: '{message}', brief: 'Answers to requests by id sent.' },
  icn_gossip_responses_received_total: {
    unit: '{message}',
    brief: 'Answers to requests by id received.',
  },
  icn_gossip_digests_sent_total: { unit: '{message}', brief: 'Digests sent, one a peer.' },
  icn_gossip_digests_received_total: { unit: '{message}', brief: 'Digests received.' },
  icn_gossip_pull_requests_sent_total: { unit: '{message}', brief: 'Pulls asked for.' },
  icn_gossip_pull_requests_received_total: {
    unit: '{message}',
    brief: 'Pulls asked of this node.',
  },
  icn_gossip_pull_responses_sent_total: {
    unit: '{message}',
    brief: 'Frames of answers to pulls sent.',
  },
  icn_gossip_pull_responses_received_total: {
    unit: '{message}',
    brief: 'Frames of answers to pulls received.',
  },
  icn_gossip_pull_truncated_total: {
    unit: '{answer}',
    brief: 'Answers to pulls that the budget ended before the records did.',
  },
  icn_gossip_bytes_pulled_total: {
    unit: 'By',
    brief: 'Bytes of the records in answers to our pulls.',
  },
  icn_gossip_bytes_pushed_total: {
    unit: 'By',
    brief: 'Bytes of frames sent that carry records: announces, responses and answers to pulls.',
  },
  icn_gossip_subscribes_received_total: { unit: '{message}', brief: 'Subscribes received.' },
  icn_gossip_subscriptions_rejected_total: {
    unit: '{topic}',
    brief: 'Topics that a peer asked for and did not get, by status.',
    label: 'status',
  },
  icn_gossip_entries_published_total: { unit: '{record}', brief: 'Records signed here.' },
  icn_gossip_entries_received_total: { unit: '{record}', brief: 'Records of others taken.' },
  icn_ledger_transactions_total: {
    unit: '{record}',
    brief: 'Records delivered to the ledger, by verdict.',
    label: 'status',
  },
  icn_ledger_merge_conflicts_total: {
    unit: '{conflict}',
    brief: 'Forks found: two signed children of one record.',
  },
  icn_ledger_entries_quarantined_total: {
    unit: '{record}',
    brief: 'Records held that do not count: their verdict is a refusal.',
  },
  icn_ledger_entries_discarded_total: {
    unit: '{record}',
    brief: 'Records offered that were here already, or that prove a fork which is proven.',
  },
  icn_network_connections_total: {
    unit: '{link}',
    brief: 'Links opened, by the side that dialled.',
    label: 'side',
  },
  icn_network_bytes_sent_total: { unit: 'By', brief: 'Bytes handed to links.' },
  icn_network_bytes_received_total: { unit: 'By', brief: 'Bytes that links brought.' },
  icn_node_mishaps_total: {
    unit: '{mishap}',
    brief: 'Refusals and mishaps, by event.',
    label: 'event',
  },
  icn_rpc_requests_total: {
    unit: '{request}',
    brief: 'Requests to the control server, by outcome.',
    label: 'outcome',
  },
};

export interface HistogramInstrument extends Instrument {
  /** Upper ends of all buckets but the last. */
  readonly bounds: readonly number[];
}

export const histograms: { readonly [Name in Histogram]: HistogramInstrument } = {
  icn_gossip_bloom_fp_rate: {
    unit: '1',
    brief:
      'Share of false positives to expect of a filter that a peer sent, by its size and count.',
    bounds: [0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5],
  },
  icn_store_commit_duration_seconds: {
    unit: 's',
    brief: 'From handing writes to the store until they would survive a power cut.',
    bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  icn_store_commit_writes: {
    unit: '{write}',
    brief: 'Writes of one step.',
    bounds: [1, 2, 4, 8, 16, 64, 256, 1_024],
  },
};

export interface ObservedInstrument extends Instrument {
  readonly instrument: 'gauge' | 'counter';
}

export const observed: { readonly [Name in Observed]: ObservedInstrument } = {
  icn_gossip_topics: { instrument: 'gauge', unit: '{topic}', brief: 'Topics of this node.' },
  icn_gossip_entries: {
    instrument: 'gauge',
    unit: '{record}',
    brief: 'Records held with all their ancestors.',
    label: 'topic',
  },
  icn_gossip_waiting_entries: {
    instrument: 'gauge',
    unit: '{record}',
    brief: 'Records that wait for ancestors.',
    label: 'topic',
  },
  icn_gossip_peer_deficit_bytes: {
    instrument: 'gauge',
    unit: 'By',
    brief: 'What a peer may still be sent; negative where it took more than its share.',
    label: 'peer',
  },
  icn_ledger_quarantine_size: {
    instrument: 'gauge',
    unit: '{record}',
    brief: "Items in the operator's inbox.",
  },
  icn_council_certificates_certified: {
    instrument: 'gauge',
    unit: '{certificate}',
    brief: 'Certificates with their votes.',
  },
  icn_council_certificates_accepted: {
    instrument: 'gauge',
    unit: '{certificate}',
    brief:
      "Certificates that this node's own fold agrees with. Fewer than certified for long: look at `consensus status`.",
  },
  icn_council_equivocations: {
    instrument: 'gauge',
    unit: '{proof}',
    brief: 'Numbers for which a steward said two things, in proposals or in votes.',
  },
  icn_ledger_accounts: {
    instrument: 'gauge',
    unit: '{account}',
    brief: 'Accounts with a balance.',
    label: 'topic',
  },
  icn_network_connections_active: {
    instrument: 'gauge',
    unit: '{link}',
    brief: 'Links whose peer is proven.',
  },
  process_cpu_seconds_total: {
    instrument: 'counter',
    unit: 's',
    brief: 'Processor time, user and system.',
  },
  process_resident_memory_bytes: {
    instrument: 'gauge',
    unit: 'By',
    brief: 'Memory that is in RAM.',
  },
  process_start_time_seconds: {
    instrument: 'gauge',
    unit: 's',
    brief: 'When the process began, in seconds since 1970.',
  },
  nodejs_heap_used_bytes: {
    instrument: 'gauge',
    unit: 'By',
    brief: 'Memory of JavaScript objects.',
  },
};
