/**
 * A cluster in one process: real nodes, each on a simulated host, over one simulated network and one
 * virtual clock. Nodes may crash and restart from their disks; everything follows from the seed.
 *
 * Signatures are checked once per record for the whole cluster: the answer of the strict verifier is
 * remembered by key, message and signature. Each node still asks.
 */
import { createHash } from 'node:crypto';
import type { Genesis } from '#contracts/genesis.ts';
import { BASELINE_DEFAULT, CAP_DEFAULT } from '#contracts/genesis.ts';
import {
  ledgerTopic,
  type Did,
  type NetworkId,
  type RecordId,
  type Topic,
} from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Records, Signer } from '#contracts/records.ts';
import type { Network as Cooperative, Node } from '#contracts/node.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import type { Telemetry } from '#contracts/telemetry.ts';
import { createNode } from '#reference/node.ts';
import { networkOf } from '#reference/node/genesis.ts';
import { createSigner } from '#reference/records/signer.ts';
import type { Observed } from './checkers.ts';
import { createDisk, type Disk } from './disk.ts';
import { createSimulatedHost, type LogLine, type SimulatedHost } from './host.ts';
import { createNetwork, type Conditions, type Network } from './network.ts';
import { createRandom, type Random } from './random.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

/** Virtual time begins here: a date that prints well. 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;
/** The currency of simulated cooperatives. */
export const CURRENCY = 'hours';
export const TOPIC: Topic = ledgerTopic(CURRENCY);

export interface ClusterOptions {
  readonly seed: string;
  readonly nodes: number;
  readonly settings: NodeSettings;
  /** Layers of each node, by its index: a graft or a planted fault sits in one of them. */
  readonly layersOf: (index: number) => NodeLayers;
  readonly conditions?: Partial<Conditions>;
  /** Where a node keeps its snapshots, asked at each start; nowhere unless told. */
  readonly snapshotsOf?: (index: number) => SnapshotStore;
  readonly log?: (node: string, line: LogLine) => void;
  /** What all nodes together count; nothing unless told. */
  readonly telemetry?: Telemetry;
}

/** One place in the cluster: a disk and an identity that outlive the node running there. */
export interface Place extends Observed {
  readonly index: number;
  readonly did: Did;
  readonly address: string;
  /** Its key: who wants to see a liar signs with it what the node would not. */
  readonly signer: Signer;
  readonly disk: Disk;
  /** undefined while it is down. */
  readonly node: Node | undefined;
}

export interface Cluster {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  readonly places: readonly Place[];
  readonly cooperative: Cooperative;
  /** Records whose authors were told that they are durable. */
  readonly acknowledged: ReadonlySet<RecordId>;
  /** Records that somebody signed, acknowledged or not. */
  readonly authored: ReadonlySet<RecordId>;
  /** Starts a node where none runs, from whatever its disk holds, and what a snapshot kept. */
  start(index: number, coordination?: CoordinationState): Promise<void>;
  /** Ends a node as a power cut would. */
  crash(index: number): void;
  /** The place acknowledges a debt to another, if it is up and its own ledger allows. */
  pay(from: number, to: number, amount: bigint): void;
  runFor(milliseconds: number): void;
  /** SHA-256 over every delivery, its time and place: equal for equal runs. */
  traceHash(): string;
}

interface Running {
  node: Node | undefined;
  host: SimulatedHost | undefined;
}

const keyOf = (seed: string, index: number): Signer =>
  createSigner(createHash('sha256').update(`murmuration key ${seed} ${index}`).digest());

/** Everybody holds the default grant and trusts everybody as a Partner. */
const genesisOf = (dids: readonly Did[]): Genesis => ({
  kind: 'icn/genesis/1',
  name: 'simulated cooperative',
  stewards: dids.slice(0, 1),
  quorum: 1,
  currencies: [{ name: CURRENCY, decimals: 2 }],
  grants: dids.map((account) => ({
    account,
    currency: CURRENCY,
    baseline: BASELINE_DEFAULT,
    cap: CAP_DEFAULT,
    untilSequence: Number.MAX_SAFE_INTEGER,
  })),
  trust: dids.flatMap((from) =>
    dids.filter((to) => to !== from).map((to) => ({ from, to, score: 0.6 })),
  ),
  names: {},
});

/** The strict verifier with a memory: see the first lines of this file. */
const rememberedVerify = (verify: Records['verify']): Records['verify'] => {
  const answers = new Map<string, boolean>();
  return (did, message, signature) => {
    const key = `${did} ${Buffer.from(message).toString('base64')} ${Buffer.from(signature).toString('base64')}`;
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = verify(did, message, signature);
    answers.set(key, answer);
    return answer;
  };
};

export const createCluster = (options: ClusterOptions): Cluster => {
  const { seed, settings } = options;
  const random = createRandom(seed);
  const scheduler = createScheduler(START_MS);
  const network = createNetwork({
    scheduler,
    random,
    ...(options.conditions ? { conditions: options.conditions } : {}),
  });
  const signers = Array.from({ length: options.nodes }, (_, index) => keyOf(seed, index));
  const content = options.layersOf(0).content();
  const cooperative = networkOf(genesisOf(signers.map(({ did }) => did)), content);
  const verify = rememberedVerify(
    options.layersOf(0).records({ content, network: '' as NetworkId }).verify,
  );
  const acknowledged = new Set<RecordId>();
  const authored = new Set<RecordId>();
  const trace = createHash('sha256');
  const addressOf = (index: number): string => `10.0.0.${index + 1}:7000`;

  const running: Running[] = signers.map(() => ({ node: undefined, host: undefined }));
  const disks = signers.map((_, index) =>
    createDisk({ scheduler, random: random.fork(`disk ${index}`) }),
  );

  const runningNode = (index: number): Node => {
    const node = running[index]?.node;
    if (!node) throw new Error(`node ${index + 1} is down`);
    return node;
  };

  const places = signers.map((signer, index): Place => ({
    index,
    did: signer.did,
    signer,
    name: `node-${index + 1}`,
    address: addressOf(index),
    disk: disks[index]!,
    get node() {
      return running[index]?.node;
    },
    topics: () => runningNode(index).topics(),
    balances: (topic) => runningNode(index).balances(topic),
    exported: (topic) => runningNode(index).exported(topic),
  }));

  const placeAt = (index: number): Place => {
    const place = places[index];
    if (!place) throw new Error(`the cluster has no node ${index + 1}`);
    return place;
  };

  let starts = 0;
  const start = async (index: number, coordination?: CoordinationState): Promise<void> => {
    const place = placeAt(index);
    const host = createSimulatedHost({
      scheduler,
      random: random.fork(`host ${index} start ${starts++}`),
      store: place.disk.open(),
      transport: network.transport(place.address, place.did),
      ...(options.telemetry && { telemetry: options.telemetry }),
      ...(options.log ? { log: (line) => options.log?.(place.name, line) } : {}),
    });
    const snapshots = options.snapshotsOf?.(index);
    const loaded = await snapshots?.load();
    const node = await createNode({
      ...(snapshots && { snapshots }),
      ...(loaded?.ok && { coordination: loaded.value.state }),
      host,
      network: cooperative,
      signer: signers[index]!,
      layers: options.layersOf(index),
      settings,
      verify,
      ...(coordination && { coordination }),
    });
    running[index] = { node, host };
    node.watch((event) => {
      if (event.event !== 'delivered') return;
      trace.update(`${scheduler.now()} ${index} ${event.record.id} ${event.verdict.status}\n`);
      if (event.record.author === place.did) authored.add(event.record.id);
    });
    const others = places.filter((each) => each.index !== index);
    await node.start(
      place.address,
      others.map(({ address, did }) => ({ address, did })),
    );
  };

  return {
    scheduler,
    network,
    random,
    places,
    cooperative,
    acknowledged,
    authored,
    start,
    crash(index) {
      const place = placeAt(index);
      running[index]?.host?.halt();
      running[index] = { node: undefined, host: undefined };
      network.crash(place.address);
      place.disk.crash();
    },
    pay(from, to, amount) {
      void running[from]?.node?.pay({ currency: CURRENCY, to: placeAt(to).did, amount }).then(
        (outcome) => {
          if (outcome.ok) acknowledged.add(outcome.value);
        },
        () => {}, // Its store failed: nothing was promised.
      );
    },
    runFor(milliseconds) {
      scheduler.runUntil(scheduler.now() + milliseconds);
    },
    traceHash: () => trace.copy().digest('hex'),
  };
};
