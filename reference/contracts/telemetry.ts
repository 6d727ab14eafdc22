/**
 * Telemetry: what a node lets its operators see of itself, in numbers and in spans of time.
 *
 * A part of the node says what happened (`count`), how much of it (`measure`), how things stand when
 * somebody looks (`observe`) and how long something took (`span`). All names are in the lists below, and
 * `reference/telemetry/registry.yaml` tells what each means. Nothing here may ever fail or wait: the
 * simulator has `noTelemetry`, and a node runs the same with it.
 *
 * A metric has at most one label, and a label has a bounded number of values: an unbounded one (a peer,
 * a record) would let strangers fill the memory of whoever collects. Spans may name anything.
 */

/** Only ever rise. */
export const COUNTERS = [
  'icn_gossip_announces_sent_total',
  'icn_gossip_announces_received_total',
  'icn_gossip_requests_sent_total',
  'icn_gossip_requests_received_total',
  'icn_gossip_responses_sent_total',
  'icn_gossip_responses_received_total',
  'icn_gossip_digests_sent_total',
  'icn_gossip_digests_received_total',
  'icn_gossip_pull_requests_sent_total',
  'icn_gossip_pull_requests_received_total',
  'icn_gossip_pull_responses_sent_total',
  'icn_gossip_pull_responses_received_total',
  'icn_gossip_pull_truncated_total',
  'icn_gossip_bytes_pulled_total',
  'icn_gossip_bytes_pushed_total',
  'icn_gossip_subscribes_received_total',
  'icn_gossip_subscriptions_rejected_total',
  'icn_gossip_entries_published_total',
  'icn_gossip_entries_received_total',
  'icn_ledger_transactions_total',
  'icn_ledger_merge_conflicts_total',
  'icn_ledger_entries_quarantined_total',
  'icn_ledger_entries_discarded_total',
  'icn_network_connections_total',
  'icn_network_bytes_sent_total',
  'icn_network_bytes_received_total',
  'icn_node_mishaps_total',
  'icn_rpc_requests_total',
] as const;
/** One of COUNTERS. */
export type Counter = (typeof COUNTERS)[number];

/** Distributions. */
export const HISTOGRAMS = [
  'icn_gossip_bloom_fp_rate',
  'icn_store_commit_duration_seconds',
  'icn_store_commit_writes',
] as const;
/** One of HISTOGRAMS. */
export type Histogram = (typeof HISTOGRAMS)[number];

/** Read when somebody looks. All but the processor time may fall. */
export const OBSERVED = [
  'icn_gossip_topics',
  'icn_gossip_entries',
  'icn_gossip_waiting_entries',
  'icn_gossip_peer_deficit_bytes',
  'icn_ledger_accounts',
  'icn_ledger_quarantine_size',
  'icn_council_certificates_certified',
  'icn_council_certificates_accepted',
  'icn_council_equivocations',
  'icn_network_connections_active',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'nodejs_heap_used_bytes',
] as const;
/** One of OBSERVED. */
export type Observed = (typeof OBSERVED)[number];

/** Pieces of work that take time. */
export const SPANS = [
  'node.restore',
  'session.hello',
  'store.commit',
  'gossip.pull',
  'rpc.request',
] as const;
/** One of SPANS. */
export type SpanName = (typeof SPANS)[number];

/** What a span says of its work. */
export type Attributes = { readonly [name: string]: string | number | boolean };

/** A value without a label, or one for each value of the metric's label. */
export type Observation = number | ReadonlyMap<string, number>;

/** A piece of work under way. */
export interface Span {
  /** It is over. `failure` says why it did not succeed. A second end counts for nothing. */
  end(attributes?: Attributes, failure?: string): void;
}

/** A piece of work that is over. */
export interface FinishedSpan {
  readonly name: SpanName;
  /** Counts the spans of this node, in the order in which they ended. */
  readonly number: number;
  /** Milliseconds since 1970, with a fraction. */
  readonly beganAt: number;
  readonly tookMs: number;
  readonly attributes: Attributes;
  readonly failure: string | undefined;
}

/** What a histogram has gathered for one value of its label. */
export interface Distribution {
  /** Upper ends of all buckets but the last. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket; one more than bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** One metric as it stands, by the values of its label; '' where it has none. */
export type Reading =
  | { readonly name: Counter | Observed; readonly values: ReadonlyMap<string, number> }
  | { readonly name: Histogram; readonly distributions: ReadonlyMap<string, Distribution> };

/** The book of counts: written by the parts of a node, read by whoever asks. */
export interface Telemetry {
  /** It happened, or it happened `by` more. */
  count(counter: Counter, by?: number, label?: string): void;
  measure(histogram: Histogram, value: number, label?: string): void;
  /** Asked whenever somebody looks; the last one to be named for a metric counts. */
  observe(observed: Observed, read: () => Observation): void;
  /** Work begins. */
  span(name: SpanName, attributes?: Attributes): Span;

  /** Everything as it stands, metrics that nothing was said of included. */
  readings(): readonly Reading[];
  /** The last ones of each name, oldest first. */
  spans(): readonly FinishedSpan[];
}

const silentSpan: Span = { end: () => undefined };

/** Hears everything and remembers nothing. */
export const noTelemetry: Telemetry = {
  count: () => undefined,
  measure: () => undefined,
  observe: () => undefined,
  span: () => silentSpan,
  readings: () => [],
  spans: () => [],
};
