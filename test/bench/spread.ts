/**
 * `spread`: what it takes until everybody knows, at 50 simulated nodes that lose every fifth frame.
 *
 * Real nodes over a simulated network, disk and clock. A *hop* is one link that a record took: 0 at its
 * author, one more than at whoever handed it over. Nobody can do with less than one message and the
 * record's bytes for each node that lacks it. Push and pull together need about log2 n + ln n rounds
 * where each node calls one other (Karp et al., 2000); we call a few at once, so fewer hops.
 */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createCluster, TOPIC, type Cluster } from '#reference/sim/cluster.ts';
import { median, quantile } from './measure.ts';
import type { Bench, Figure } from './report.ts';

const NODES = 50;
const ENTRIES = 1_000;
const LOSS = 0.2;
/** Ten payments a second: a busy cooperative, and some digests in between. */
const PAYMENT_EVERY_MS = 100;
const SETTLE_MS = 5_000;
const STEP_MS = 1;
const DEADLINE_MS = 600_000;

/** How one record came to one node. */
interface Arrival {
  readonly id: RecordId;
  readonly hops: number;
  readonly by: 'publish' | TopicMessage['type'];
  /** Virtual time. */
  readonly atMs: number;
}

/** What all nodes together did. */
interface Book {
  /** By node and record. */
  readonly arrivals: Map<string, Arrival>;
  /** Gossip messages sent, one for each peer told. */
  messages: number;
}

/** A gossip layer that notes for each record how it came, and counts what is said. */
const traced =
  (create: CreateGossip, book: Book): CreateGossip =>
  (options) => {
    const gossip = create(options);
    const keyOf = (node: Did, id: RecordId): string => `${node} ${id}`;
    const count = (effects: readonly Effect[]): readonly Effect[] => {
      for (const effect of effects) {
        if (effect.effect === 'send') book.messages += 1;
        if (effect.effect === 'broadcast') book.messages += effect.peers.length;
      }
      return effects;
    };
    const note = (
      effects: readonly Effect[],
      from: Did | undefined,
      how: Omit<Arrival, 'id' | 'hops'>,
    ) => {
      for (const effect of effects) {
        if (effect.effect !== 'deliver') continue;
        const { id } = effect.record;
        const before = from === undefined ? -1 : (book.arrivals.get(keyOf(from, id))?.hops ?? 0);
        book.arrivals.set(keyOf(options.self, id), { id, hops: before + 1, ...how });
      }
      return count(effects);
    };
    return {
      ...gossip,
      elapsed: (now, timer) => count(gossip.elapsed(now, timer)),
      publish: (now, record) =>
        note(gossip.publish(now, record), undefined, { by: 'publish', atMs: now }),
      receive: (now, peer, message) =>
        note(gossip.receive(now, peer, message), peer, { by: message.type, atMs: now }),
    };
  };

/** Virtual milliseconds from the payment of each record until the last node took it. */
const spreadingMs = (arrivals: Iterable<Arrival>): number[] => {
  const spans = new Map<RecordId, { fromMs: number; toMs: number }>();
  for (const { id, atMs } of arrivals) {
    const span = spans.get(id) ?? { fromMs: atMs, toMs: atMs };
    spans.set(id, { fromMs: Math.min(span.fromMs, atMs), toMs: Math.max(span.toMs, atMs) });
  }
  return [...spans.values()].map(({ fromMs, toMs }) => toMs - fromMs);
};

/** Lets acknowledgements of what the scheduler has finished run. */
const settlePromises = (): Promise<void> => Promise.resolve();

const payAll = async (cluster: Cluster): Promise<void> => {
  const random = cluster.random.fork('payments');
  for (let entry = 0; entry < ENTRIES; entry++) {
    if (entry > 0) cluster.runFor(PAYMENT_EVERY_MS);
    await settlePromises();
    const from = entry % NODES;
    const to = (from + 1 + random.integer(NODES - 1)) % NODES;
    cluster.pay(from, to, BigInt(1 + random.integer(20)));
  }
};

const allHold = ({ places }: Cluster, count: number): boolean =>
  places.every(({ node }) => node?.knowledge(TOPIC).count === count);

const untilAgreed = async (cluster: Cluster): Promise<number> => {
  const beganMs = cluster.scheduler.now();
  while (!allHold(cluster, ENTRIES)) {
    if (cluster.scheduler.now() - beganMs > DEADLINE_MS) throw new Error('they never agreed');
    cluster.runFor(STEP_MS);
    await settlePromises();
  }
  return cluster.scheduler.now() - beganMs;
};

/** A cluster whose nodes are all linked, and which from now on loses frames. */
const openCluster = async (book: Book): Promise<Cluster> => {
  const layers: NodeLayers = {
    ...referenceLayers,
    gossip: traced(referenceLayers.gossip, book),
  };
  const cluster = createCluster({
    seed: 'bench spread',
    nodes: NODES,
    settings: readSettings(),
    layersOf: () => layers,
  });
  for (const { index } of cluster.places) await cluster.start(index);
  cluster.runFor(SETTLE_MS);
  cluster.network.set({ dropRate: LOSS, cut: true });
  return cluster;
};

const spreadOnce = async () => {
  const book: Book = { arrivals: new Map(), messages: 0 };
  const cluster = await openCluster(book);
  const { sent } = cluster.network.traffic();
  const before = { frames: sent.frames, bytes: sent.bytes, messages: book.messages };
  const beganAt = performance.now();
  await payAll(cluster);
  const agreedMs = await untilAgreed(cluster);
  const tookMs = performance.now() - beganAt;
  const lines = [...cluster.places[0]!.exported(TOPIC)];
  return {
    tookMs,
    agreedMs,
    messages: book.messages - before.messages,
    frames: sent.frames - before.frames,
    bytes: sent.bytes - before.bytes,
    arrivals: [...book.arrivals.values()],
    recordBytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length,
  };
};
type Run = Awaited<ReturnType<typeof spreadOnce>>;

const figuresOf = (run: Run): Figure[] => {
  const { tookMs, agreedMs, messages, frames, bytes, arrivals, recordBytes } = run;
  const received = arrivals.filter(({ by }) => by !== 'publish');
  const hops = received.map((each) => each.hops);
  const pushed = received.filter(({ by }) => by === 'announce').length;
  const rounds = Math.log2(NODES) + Math.log(NODES);
  const spans = spreadingMs(arrivals);
  const others = NODES - 1;
  return [
    { name: 'real time', value: tookMs, unit: 'ms' },
    { name: 'real time a frame', value: tookMs / frames, unit: 'ms' },
    { name: 'virtual time, payment to everywhere, median', value: median(spans), unit: 'ms' },
    { name: 'the same, 99th percentile', value: quantile(spans, 0.99), unit: 'ms' },
    { name: 'virtual time, last payment to agreement', value: agreedMs, unit: 'ms' },
    { name: 'hops, median', value: median(hops), unit: 'hops', limit: rounds },
    { name: 'hops, most', value: Math.max(...hops), unit: 'hops', limit: rounds },
    { name: 'gossip messages an entry', value: messages / ENTRIES, unit: '', limit: others },
    { name: 'all frames an entry', value: frames / ENTRIES, unit: '', limit: others },
    { name: 'bytes an entry', value: bytes / ENTRIES, unit: '', limit: others * recordBytes },
    { name: 'arrived by push', value: (100 * pushed) / received.length, unit: '%' },
  ];
};

export const spread: Bench = {
  summary: `${ENTRIES} entries among ${NODES} simulated nodes that lose every fifth frame`,
  async run() {
    const run = await spreadOnce();
    return {
      name: 'spread',
      about: [
        `${ENTRIES} payments among ${NODES} nodes, one every ${PAYMENT_EVERY_MS} ms of virtual time, ${100 * LOSS} % of frames lost`,
        `a record has ${Math.round(run.recordBytes)} bytes; lost messages and digests count, frames are messages and pings`,
        'limits: log2 n + ln n rounds of push and pull; a message and the bytes of the record for each of the others',
      ],
      figures: figuresOf(run),
    };
  },
};
