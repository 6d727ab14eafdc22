/**
 * A cluster in one process: real nodes, each on a simulated host, over one simulated network and one
 * virtual clock. Nodes may crash and restart from their disks, be paused, and have clocks that are wrong;
 * everything follows from the seed. Some members may be liars: they have a place, a key and a grant like
 * everybody, and no node; who speaks for them is not decided here.
 *
 * Signatures are checked once per record for the whole cluster: the answer of the strict verifier is
 * remembered by key, message and signature. Each node still asks.
 */
import { createHash } from 'node:crypto';
import type { Genesis } from '#contracts/genesis.ts';
import { BASELINE_DEFAULT, CAP_DEFAULT } from '#contracts/genesis.ts';
import type { Host } from '#contracts/host.ts';
import {
  ledgerTopic,
  type Did,
  type NetworkId,
  type RecordId,
  type Topic,
} from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Records, Signer } from '#contracts/records.ts';
import type { Network as Cooperative, Node, NodeEvent } from '#contracts/node.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import type { Telemetry } from '#contracts/telemetry.ts';
import { createNode } from '#reference/node.ts';
import { networkOf } from '#reference/node/genesis.ts';
import { createSigner } from '#reference/records/signer.ts';
import type { Observed } from './checkers.ts';
import { createDisk, type Disk } from './disk.ts';
import { createGate, type Gate } from './gate.ts';
import { createSimulatedHost, type LogLine, type SimulatedHost } from './host.ts';
import { createNetwork, type Conditions, type Network } from './network.ts';
import { createRandom, type Random } from './random.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

/** Virtual time begins here: a date that prints well. 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;
/** The currency of simulated cooperatives. */
export const CURRENCY = 'hours';
/** The ledger of the simulated cooperative. */
export const TOPIC: Topic = ledgerTopic(CURRENCY);

/** Everything a simulated cluster depends on. */
export interface ClusterOptions {
  readonly seed: string;
  readonly nodes: number;
  /** The first so many places are the stewards; their quorum is the smallest safe one. 1 unless told. */
  readonly stewards?: number;
  /** The last so many of the nodes have no grant of the genesis; none unless told. */
  readonly newcomers?: number;
  /** Members without a node, the last ones of `places`; none unless told. */
  readonly liars?: number;
  readonly settings: NodeSettings;
  /** Layers of each node, by its index: a graft or a planted fault sits in one of them. */
  readonly layersOf: (index: number) => NodeLayers;
  /** Where a planted fault sits below the layers: the host that a node is given instead of its own. */
  readonly hostOf?: (index: number, host: Host) => Host;
  readonly conditions?: Partial<Conditions>;
  /** Whom a node is told of at each start, by their indices; of everybody unless told. Who meet trust each other. */
  readonly neighboursOf?: (index: number) => readonly number[];
  /** Where a node keeps its snapshots, asked at each start; nowhere unless told. */
  readonly snapshotsOf?: (index: number) => SnapshotStore;
  readonly log?: (node: string, line: LogLine) => void;
  /** What all nodes together count; nothing unless told. */
  readonly telemetry?: Telemetry;
  /** A node was started from what its disk held; nothing has happened to it yet. */
  readonly started?: (place: Place) => void;
  /** Told of everything that happens on any node, as it happens. */
  readonly happened?: (place: Place, event: NodeEvent) => void;
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
  /** The node runs and can promise nothing any more: its store failed. */
  readonly failed: boolean;
  /** Payments that the running node was asked for and has neither promised nor refused. */
  readonly unanswered: number;
}

/** A cooperative in virtual time: nodes, liars, a network and disks, driven from outside. */
export interface Cluster {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  /** Nodes first, then liars. */
  readonly places: readonly Place[];
  readonly honest: readonly Place[];
  readonly liars: readonly Place[];
  readonly cooperative: Cooperative;
  /** Records whose authors were told that they are durable. */
  readonly acknowledged: ReadonlySet<RecordId>;
  /** Records that somebody signed, acknowledged or not. */
  readonly authored: ReadonlySet<RecordId>;
  /** Starts a node where none runs, from whatever its disk holds, and what a snapshot kept. */
  start(index: number, coordination?: CoordinationState): Promise<void>;
  /** Ends a node as a power cut would; `survivors` as for the disk. */
  crash(index: number, survivors?: number): void;
  /** Nothing reaches the node until it is resumed. */
  pause(index: number): void;
  resume(index: number): void;
  /** How far the node's wall clock is ahead of virtual time, over all its starts. */
  setClock(index: number, offsetMs: number): void;
  /** Its wall clock stands still, or runs again. */
  freezeClock(index: number, isFrozen: boolean): void;
  /** Somebody signed this outside of any node. */
  signed(id: RecordId): void;
  /** The place acknowledges a debt to another, if it is up and its own ledger allows. */
  pay(from: number, to: number, amount: bigint): void;
  runFor(milliseconds: number): void;
  /** SHA-256 over every delivery, its time and place: equal for equal runs. */
  traceHash(): string;
}

interface Running {
  node: Node | undefined;
  host: SimulatedHost | undefined;
  gate: Gate | undefined;
  failed: boolean;
  unanswered: number;
  clockOffsetMs: number;
  clockIsFrozen: boolean;
}

const idle = (): Running => ({
  node: undefined,
  host: undefined,
  gate: undefined,
  failed: false,
  unanswered: 0,
  clockOffsetMs: 0,
  clockIsFrozen: false,
});

const keyOf = (seed: string, index: number): Signer =>
  createSigner(createHash('sha256').update(`murmuration key ${seed} ${index}`).digest());

/**
 * Everybody but newcomers holds the default grant, and everybody trusts everybody as a Partner; where nodes are told of some only,
 * those who dial each other: 200 nodes that all trust each other do not fit into a genesis document.
 */
const genesisOf = (
  dids: readonly Did[],
  stewards: number,
  isNewcomer: (index: number) => boolean,
  meet: (from: number, to: number) => boolean = () => true,
): Genesis => ({
  kind: 'icn/genesis/1',
  name: 'simulated cooperative',
  stewards: dids.slice(0, stewards),
  quorum: Math.floor((stewards + Math.floor((stewards - 1) / 3)) / 2) + 1,
  currencies: [{ name: CURRENCY, decimals: 2 }],
  grants: dids
    .filter((_, index) => !isNewcomer(index))
    .map((account) => ({
      account,
      currency: CURRENCY,
      baseline: BASELINE_DEFAULT,
      cap: CAP_DEFAULT,
      untilSequence: Number.MAX_SAFE_INTEGER,
    })),
  trust: dids.flatMap((from, index) =>
    dids
      .filter((to, other) => to !== from && meet(index, other))
      .map((to) => ({ from, to, score: 0.6 })),
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

/** A cluster of which nothing runs yet: start its places, then let time pass. */
export const createCluster = (options: ClusterOptions): Cluster => {
  const { seed, settings } = options;
  const random = createRandom(seed);
  const scheduler = createScheduler(START_MS);
  const network = createNetwork({
    scheduler,
    random,
    ...(options.conditions ? { conditions: options.conditions } : {}),
  });
  const members = options.nodes + (options.liars ?? 0);
  const signers = Array.from({ length: members }, (_, index) => keyOf(seed, index));
  const content = options.layersOf(0).content();
  const { neighboursOf } = options;
  const meet =
    neighboursOf &&
    ((from: number, to: number): boolean =>
      neighboursOf(from).includes(to) || neighboursOf(to).includes(from));
  const genesis = genesisOf(
    signers.map(({ did }) => did),
    options.stewards ?? 1,
    (index) => index < options.nodes && index >= options.nodes - (options.newcomers ?? 0),
    meet,
  );
  const cooperative = networkOf(genesis, content);
  const verify = rememberedVerify(
    options.layersOf(0).records({ content, network: '' as NetworkId }).verify,
  );
  const acknowledged = new Set<RecordId>();
  const authored = new Set<RecordId>();
  const trace = createHash('sha256');
  const addressOf = (index: number): string => `10.0.0.${index + 1}:7000`;

  const running = signers.map(idle);
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
    get failed() {
      return running[index]?.failed ?? false;
    },
    get unanswered() {
      return running[index]?.unanswered ?? 0;
    },
    topics: () => runningNode(index).topics(),
    balances: (topic) => runningNode(index).balances(topic),
    exported: (topic) => runningNode(index).exported(topic),
    verdict: (id) => runningNode(index).verdict(id)?.status,
    load: () => ({
      ...network.load(addressOf(index)),
      timers: running[index]?.host?.timers ?? 0,
      frames: network.traffic(addressOf(index)).sent.frames,
    }),
  }));

  const placeAt = (index: number): Place => {
    const place = places[index];
    if (!place) throw new Error(`the cluster has no node ${index + 1}`);
    return place;
  };

  const runningAt = (index: number): Running => {
    placeAt(index);
    return running[index]!;
  };

  let starts = 0;
  const start = async (index: number, coordination?: CoordinationState): Promise<void> => {
    const place = placeAt(index);
    const state = runningAt(index);
    const gate = createGate();
    const own = createSimulatedHost({
      scheduler,
      random: random.fork(`host ${index} start ${starts++}`),
      store: place.disk.open(),
      transport: network.transport(place.address, place.did),
      clockOffsetMs: state.clockOffsetMs,
      ...(options.telemetry && { telemetry: options.telemetry }),
      ...(options.log ? { log: (line) => options.log?.(place.name, line) } : {}),
    });
    own.freezeClock(state.clockIsFrozen);
    const gated = gate.wrap(own);
    const host = options.hostOf?.(index, gated) ?? gated;
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
    Object.assign(state, { node, gate, host: own, failed: false, unanswered: 0 });
    for (const { topic } of node.topics()) {
      // Signed, and durable although nobody was told so.
      for (const id of node.knowledge(topic).run(place.did, 1, Infinity)) authored.add(id);
    }
    options.started?.(place);
    node.watch((event) => {
      options.happened?.(place, event);
      if (event.event === 'failed') state.failed = true;
      if (event.event !== 'delivered') return;
      trace.update(`${scheduler.now()} ${index} ${event.record.id} ${event.verdict.status}\n`);
      if (event.record.author === place.did) authored.add(event.record.id);
    });
    const neighbours = neighboursOf?.(index);
    const others = places.filter(
      (each) => each.index !== index && (neighbours?.includes(each.index) ?? true),
    );
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
    honest: places.slice(0, options.nodes),
    liars: places.slice(options.nodes),
    cooperative,
    acknowledged,
    authored,
    start,
    crash(index, survivors = 0) {
      const place = placeAt(index);
      const state = runningAt(index);
      state.host?.halt();
      Object.assign(state, { node: undefined, host: undefined, gate: undefined, failed: false });
      network.crash(place.address);
      place.disk.crash(survivors);
    },
    pause: (index) => runningAt(index).gate?.shut(),
    resume: (index) => runningAt(index).gate?.open(),
    setClock(index, offsetMs) {
      const state = runningAt(index);
      state.clockOffsetMs = offsetMs;
      state.host?.setClockOffset(offsetMs);
    },
    freezeClock(index, isFrozen) {
      const state = runningAt(index);
      state.clockIsFrozen = isFrozen;
      state.host?.freezeClock(isFrozen);
    },
    signed: (id) => void authored.add(id),
    pay(from, to, amount) {
      const state = runningAt(from);
      const { node } = state;
      if (!node) return;
      state.unanswered += 1;
      const answered = (): void => {
        // A node that was started since is asked for payments of its own.
        if (state.node === node) state.unanswered -= 1;
      };
      void node.pay({ currency: CURRENCY, to: placeAt(to).did, amount }).then(
        (outcome) => {
          if (outcome.ok) acknowledged.add(outcome.value);
          answered();
        },
        answered, // Its store failed: nothing was promised.
      );
    },
    runFor(milliseconds) {
      scheduler.runUntil(scheduler.now() + milliseconds);
    },
    traceHash: () => trace.copy().digest('hex'),
  };
};
