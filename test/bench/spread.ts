/**
 * `spread`: what it takes until everybody knows, at 50 simulated nodes that lose every fifth frame.
 *
 * Real nodes over a simulated network, disk and clock. A *hop* is one link that a record took: 0 at its
 * author, one more than at whoever handed it over. Nobody can do with less than one message and the
 * record's bytes for each node that lacks it. Push and pull together need about log2 n + ln n rounds
 * where each node calls one other (Karp et al., 2000); we call a few at once, so fewer hops.
 */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { CreateGossip, Gossip } from '#contracts/gossip.ts';
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
const STEP_MS = 20;
const DEADLINE_MS = 600_000;

/** How one record came to one node. */
interface Arrival {
  readonly hops: number;
  readonly by: string;
}

/** A gossip layer that notes for each record how it came; all nodes write into one book. */
const traced =
  (create: CreateGossip, book: Map<string, Arrival>): CreateGossip =>
  (options) => {
    const gossip = create(options);
    const { self } = options;
    const keyOf = (node: Did, id: RecordId): string => `${node} ${id}`;
    const note = (effects: ReturnType<Gossip['receive']>, from: Did | undefined, by: string) => {
      for (const effect of effects) {
        if (effect.effect !== 'deliver') continue;
        const { id } = effect.record;
        const before = from === undefined ? -1 : (book.get(keyOf(from, id))?.hops ?? 0);
        book.set(keyOf(self, id), { hops: before + 1, by });
      }
      return effects;
    };
    return {
      ...gossip,
      publish: (now, record) => note(gossip.publish(now, record), undefined, 'publish'),
      receive: (now, peer, message) => note(gossip.receive(now, peer, message), peer, message.type),
    };
  };

/** Lets acknowledgements of what the scheduler has finished run. */
const settlePromises = (): Promise<void> => new Promise((resolve) => void resolve());

const payAll = async (cluster: Cluster): Promise<void> => {
  const random = cluster.random.fork('payments');
  for (let entry = 0; entry < ENTRIES; entry++) {
    const from = entry % NODES;
    const to = (from + 1 + random.integer(NODES - 1)) % NODES;
    cluster.pay(from, to, BigInt(1 + random.integer(20)));
    cluster.runFor(PAYMENT_EVERY_MS);
    await settlePromises();
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

const spreadOnce = async () => {
  const book = new Map<string, Arrival>();
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
  const { sent } = cluster.network.traffic();
  const [framesBefore, bytesBefore] = [sent.frames, sent.bytes];
  const beganAt = performance.now();
  await payAll(cluster);
  const agreedMs = await untilAgreed(cluster);
  const tookMs = performance.now() - beganAt;
  const arrivals = [...book.values()].filter(({ by }) => by !== 'publish');
  const lines = [...cluster.places[0]!.exported(TOPIC)];
  const recordBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length;
  return {
    tookMs,
    agreedMs,
    frames: sent.frames - framesBefore,
    bytes: sent.bytes - bytesBefore,
    arrivals,
    recordBytes,
  };
};

const figuresOf = (run: Awaited<ReturnType<typeof spreadOnce>>): Figure[] => {
  const { tookMs, agreedMs, frames, bytes, arrivals, recordBytes } = run;
  const hops = arrivals.map((each) => each.hops);
  const theory = Math.log2(NODES) + Math.log(NODES);
  const pushed = arrivals.filter(({ by }) => by === 'announce').length;
  const others = NODES - 1;
  return [
    { name: 'real time', value: tookMs, unit: 'ms' },
    { name: 'real time a frame', value: tookMs / frames, unit: 'ms' },
    { name: 'virtual time, last payment to agreement', value: agreedMs, unit: 'ms' },
    { name: 'hops, median', value: median(hops), unit: 'hops', limit: theory },
    { name: 'hops, 99th percentile', value: quantile(hops, 0.99), unit: 'hops', limit: theory },
    { name: 'hops, most', value: Math.max(...hops), unit: 'hops', limit: theory },
    { name: 'messages an entry', value: frames / ENTRIES, unit: '', limit: others },
    { name: 'bytes an entry', value: bytes / ENTRIES, unit: '', limit: others * recordBytes },
    { name: 'arrived by push', value: (100 * pushed) / arrivals.length, unit: '%' },
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
        `a record has ${Math.round(run.recordBytes)} bytes; all frames count, digests and lost ones too`,
        'limits: log2 n + ln n rounds of push and pull; a message and the bytes of the record for each of the others',
      ],
      figures: figuresOf(run),
    };
  },
};
