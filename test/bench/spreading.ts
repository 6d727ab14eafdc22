/**
 * Watching entries spread among simulated nodes: how each came to each node, and what was said.
 *
 * Real nodes over a simulated network, disk and clock. A *hop* is one link that a record took: 0 at its
 * author, one more than at whoever handed it over.
 */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Message, TopicMessage } from '#contracts/messages.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createCluster, TOPIC, type Cluster } from '#reference/sim/cluster.ts';

export interface SpreadingOptions {
  readonly seed: string;
  readonly nodes: number;
  readonly entries: number;
  /** Virtual time between two payments. */
  readonly everyMs: number;
  /** Share of frames that are lost. */
  readonly loss: number;
  /** How long it is watched after everybody agrees: what is said then counts too. */
  readonly tailMs: number;
  /** Whom each node dials, by its index; everybody unless told. */
  readonly neighboursOf?: (index: number) => readonly number[];
}

const SETTLE_MS = 5_000;
const STEP_MS = 1;
const DEADLINE_MS = 600_000;

/** How one record came to one node. */
export interface Arrival {
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
  /** Records in them. */
  copies: number;
}

const recordsIn = (message: Message): number => ('records' in message ? message.records.length : 0);

/** A gossip layer that notes for each record how it came, and counts what is said. */
const traced =
  (create: CreateGossip, book: Book): CreateGossip =>
  (options) => {
    const gossip = create(options);
    const keyOf = (node: Did, id: RecordId): string => `${node} ${id}`;
    const count = (effects: readonly Effect[]): readonly Effect[] => {
      for (const effect of effects) {
        if (effect.effect !== 'send' && effect.effect !== 'broadcast') continue;
        const peers = effect.effect === 'send' ? 1 : effect.peers.length;
        book.messages += peers;
        book.copies += peers * recordsIn(effect.message);
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
export const spreadingMs = (arrivals: Iterable<Arrival>): number[] => {
  const spans = new Map<RecordId, { fromMs: number; toMs: number }>();
  for (const { id, atMs } of arrivals) {
    const span = spans.get(id) ?? { fromMs: atMs, toMs: atMs };
    spans.set(id, { fromMs: Math.min(span.fromMs, atMs), toMs: Math.max(span.toMs, atMs) });
  }
  return [...spans.values()].map(({ fromMs, toMs }) => toMs - fromMs);
};

/** Lets acknowledgements of what the scheduler has finished run. */
const settlePromises = (): Promise<void> => Promise.resolve();

const payAll = async (cluster: Cluster, options: SpreadingOptions): Promise<void> => {
  const { nodes, entries, everyMs } = options;
  const random = cluster.random.fork('payments');
  for (let entry = 0; entry < entries; entry++) {
    if (entry > 0) cluster.runFor(everyMs);
    await settlePromises();
    const from = entry % nodes;
    const to = (from + 1 + random.integer(nodes - 1)) % nodes;
    cluster.pay(from, to, BigInt(1 + random.integer(20)));
  }
};

const allHold = ({ places }: Cluster, count: number): boolean =>
  places.every(({ node }) => node?.knowledge(TOPIC).count === count);

const untilAgreed = async (cluster: Cluster, entries: number): Promise<number> => {
  const beganMs = cluster.scheduler.now();
  while (!allHold(cluster, entries)) {
    if (cluster.scheduler.now() - beganMs > DEADLINE_MS) throw new Error('they never agreed');
    cluster.runFor(STEP_MS);
    await settlePromises();
  }
  return cluster.scheduler.now() - beganMs;
};

/** A cluster whose nodes are all linked, and which from now on loses frames. */
const openCluster = async (book: Book, options: SpreadingOptions): Promise<Cluster> => {
  const layers: NodeLayers = {
    ...referenceLayers,
    gossip: traced(referenceLayers.gossip, book),
  };
  const cluster = createCluster({
    seed: options.seed,
    nodes: options.nodes,
    settings: readSettings(),
    layersOf: () => layers,
    ...(options.neighboursOf && { neighboursOf: options.neighboursOf }),
  });
  for (const { index } of cluster.places) await cluster.start(index);
  cluster.runFor(SETTLE_MS);
  cluster.network.set({ dropRate: options.loss, cut: true });
  return cluster;
};

/** Pays, waits until everybody holds everything, and says what it took. */
export const watchSpreading = async (options: SpreadingOptions) => {
  const book: Book = { arrivals: new Map(), messages: 0, copies: 0 };
  const cluster = await openCluster(book, options);
  const { sent } = cluster.network.traffic();
  const before = {
    frames: sent.frames,
    bytes: sent.bytes,
    messages: book.messages,
    copies: book.copies,
  };
  const beganAt = performance.now();
  await payAll(cluster, options);
  const agreedMs = await untilAgreed(cluster, options.entries);
  cluster.runFor(options.tailMs);
  const tookMs = performance.now() - beganAt;
  const lines = [...cluster.places[0]!.exported(TOPIC)];
  return {
    tookMs,
    agreedMs,
    messages: book.messages - before.messages,
    copies: book.copies - before.copies,
    frames: sent.frames - before.frames,
    bytes: sent.bytes - before.bytes,
    arrivals: [...book.arrivals.values()],
    recordBytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length,
  };
};
export type Spreading = Awaited<ReturnType<typeof watchSpreading>>;
