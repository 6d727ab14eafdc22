/**
 * What the message engine lets its watchers see, under the names of the seed. `registry.yaml` beside this
 * file says what each means; a test holds the two, and a full run, equal.
 *
 * The seed puts round, version, agent, peer and group on metrics. None of them is here: each new value is
 * a new series that whoever collects must keep, a million agents are a million series, and rounds and
 * versions never stop. They are on spans and events, which are written once and forgotten. A metric
 * keeps what has few values: the type of a message, the level of a hierarchy, the settings of the run.
 */

/** Only rise. */
export const SWARM_COUNTERS = [
  'gossip.round.count',
  'gossip.message.sent',
  'gossip.message.received',
  'gossip.state.merged',
  'gossip.byzantine.detected',
  'gossip.hierarchical.local_messages',
  'gossip.hierarchical.leader_messages',
] as const;
export type SwarmCounter = (typeof SWARM_COUNTERS)[number];

/** As things stand. */
export const SWARM_GAUGES = ['gossip.convergence.percentage'] as const;
export type SwarmGauge = (typeof SWARM_GAUGES)[number];

/** Distributions, with the upper ends of their buckets as the seed has them. */
export const SWARM_HISTOGRAMS = {
  'gossip.round.latency': [1, 10, 50, 100, 250, 500, 1_000, 2_000],
  'gossip.state_hash.distribution': [1, 2, 3, 5, 10, 20, 50],
  'gossip.peer.latency': [1, 5, 10, 20, 50, 100, 200],
  'gossip.hierarchical.convergence_rounds': [1, 3, 5, 7, 10, 15, 20, 30],
} as const satisfies Readonly<Record<string, readonly number[]>>;
export type SwarmHistogram = keyof typeof SWARM_HISTOGRAMS;

/** Pieces of work. */
export const SWARM_SPANS = [
  'gossip.round.execute',
  'gossip.message.send',
  'gossip.message.receive',
  'gossip.state.merge',
  'gossip.majority_vote',
  'gossip.convergence.check',
  'gossip.hierarchical.local_round',
  'gossip.hierarchical.leader_round',
] as const;
export type SwarmSpan = (typeof SWARM_SPANS)[number];

export const SWARM_EVENTS = [
  'gossip.round.started',
  'gossip.round.completed',
  'gossip.byzantine.detected',
  'gossip.convergence.achieved',
] as const;
export type SwarmEvent = (typeof SWARM_EVENTS)[number];

export type SwarmAttributes = { readonly [name: `gossip.${string}`]: string | number | boolean };

/** Hears of it. The engine knows no clock: how long a span took is for the one who listens. */
export interface SwarmTelemetry {
  count(counter: SwarmCounter, by: number, attributes?: SwarmAttributes): void;
  gauge(gauge: SwarmGauge, value: number, attributes?: SwarmAttributes): void;
  measure(histogram: SwarmHistogram, value: number, attributes?: SwarmAttributes): void;
  /** Work begins; what is returned is called when it is over. */
  span(span: SwarmSpan, attributes: SwarmAttributes): () => void;
  event(event: SwarmEvent, attributes: SwarmAttributes): void;
}

const over = (): void => undefined;

/** Hears everything and remembers nothing. */
export const noSwarmTelemetry: SwarmTelemetry = {
  count: () => undefined,
  gauge: () => undefined,
  measure: () => undefined,
  span: () => over,
  event: () => undefined,
};
