/**
 * The node: the one file in which layers meet.
 *
 * The way of an entry, from the socket to a balance:
 *
 *   transport/quic-link.ts   bytes of a link
 *   node/session.ts          who is there (Hello); frames cut the bytes into messages
 *   node/topics.ts           is there such a topic, and may the peer ask? Each topic has its own gossip
 *   gossip/gossip.ts         receive: what a message leads to
 *   gossip/intake.ts         each record passes one door, admission.ts (records.open, links, forks),
 *                            and becomes effects: store, deliver, broadcast
 *   node/performer.ts        gathers the writes; ledger.add folds what is delivered into balances
 *   quarantine/merge.ts      what became of each entry, for people; node/inbox.ts keeps what was refused
 *   node/steps.ts            one commit, and after it what is to be said
 *   node/herald.ts           announcements of one moment, in one message
 *   node/parts.ts            what is to be said, in parts that fit a frame
 *
 * `createNode` takes a host, a network and a record of layer factories. The simulator passes other
 * hosts, a learner's graft other factories; nothing else in here changes.
 */
import type { Effect } from '#contracts/effects.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Cancel, Host, Write } from '#contracts/host.ts';
import {
  ledgerTopic,
  TRUST_TOPIC,
  type Did,
  type RecordId,
  type Topic,
} from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { GossipMessage, TopicMessage } from '#contracts/messages.ts';
import type {
  AttestStatus,
  Network,
  Node,
  NodeCount,
  NodeEvent,
  PublishStatus,
} from '#contracts/node.ts';
import type { Records, Signer } from '#contracts/records.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import { isReserved, type TopicPolicy } from '#contracts/topics.ts';
import type { Listener } from '#contracts/transport.ts';
import { createAllowances } from './node/allowances.ts';
import { createAttestations } from './node/attestations.ts';
import { createAuthor } from './node/author.ts';
import { createInbox, restoreInbox } from './node/inbox.ts';
import { createKeeper } from './node/keeper.ts';
import { createMetering, type CountedFields } from './node/metering.ts';
import { createOpenTopics, othersIn } from './node/open-topics.ts';
import { createOwnChain } from './node/own-chain.ts';
import { partsOf } from './node/parts.ts';
import { createPeering } from './node/peering.ts';
import { createPerformer } from './node/performer.ts';
import { createPolicies, isDurable, ledgerPolicy, TRUST_POLICY } from './node/policies.ts';
import { createPublisher } from './node/publisher.ts';
import { createQuestions } from './node/questions.ts';
import { createGate } from './node/rates.ts';
import { claimStore, createRecordStore } from './node/record-store.ts';
import { observeNode } from './node/observing.ts';
import { restore } from './node/restore.ts';
import { createSession } from './node/session.ts';
import { createTopics, gossipOf } from './node/topics.ts';
import { createWitness } from './node/witness.ts';

export interface NodeOptions {
  readonly host: Host;
  readonly network: Network;
  readonly signer: Signer;
  readonly layers: NodeLayers;
  readonly settings: NodeSettings;
  /** See RecordsOptions: the simulator's memory of signatures. */
  readonly verify?: Records['verify'];
  /** What a snapshot kept: topics, and ends of the own chain. */
  readonly coordination?: CoordinationState;
  /** Where the next snapshots go; none are made unless told. */
  readonly snapshots?: SnapshotStore;
}

/** Whether an effect of an import says that a record may not enter. */
const isRefusal = (effect: Effect): boolean =>
  effect.effect === 'log' &&
  effect.event.startsWith('record_') &&
  !['record_duplicate', 'record_given_up'].includes(effect.event);

/** How often it is looked at who may read what: attestations expire without a word. */
const REVIEW_MS = 5_000;

/** Opens the store, reads back what it holds and checks it. Rejects with Faults of the store. */
export const createNode = async (options: NodeOptions): Promise<Node> => {
  const { network, signer, layers, settings, verify, coordination, snapshots } = options;
  const { telemetry } = options.host;
  const metering = createMetering(signer.did, options.host);
  // By its prototype: a host may be wrapped itself.
  const metered = { store: metering.store(options.host.store) };
  const host = Object.assign(Object.create(options.host) as Host, metered);
  const { genesis } = network;

  // Each layer is handed what it stands on.
  const content = layers.content();
  const frames = layers.frames({ content });
  const records = layers.records({ content, network: network.id, ...(verify && { verify }) });
  const policies = createPolicies(signer.did, [
    ...genesis.currencies.map(({ name }) => ledgerPolicy(ledgerTopic(name))),
    TRUST_POLICY,
    ...(coordination?.topics ?? []).filter(({ topic }) => !isReserved(topic)),
  ]);
  const now = (): number => host.now();
  const trust = layers.trust({ self: signer.did, genesis, accessOf: policies.accessOf, now });
  const ledger = layers.ledger({ genesis });
  const reconciliation = layers.reconciliation({ content });
  const claim = claimStore(host.store, network.id, signer.did);
  const store = createRecordStore({
    store: host.store,
    content,
    owner: signer.did,
    isDurable,
    ...(coordination && { ownTips: coordination.ownTips }),
  });
  const gossipFor = ({ topic, retention }: TopicPolicy): Gossip =>
    layers.gossip({
      self: signer.did,
      topic,
      records,
      trust,
      reconciliation,
      read: store.read,
      random: host.random,
      settings: settings.gossip,
      ...(retention && { window: { retention, now } }),
    });
  const gossips = new Map(policies.all().map((policy) => [policy.topic, gossipFor(policy)]));
  const restoring = telemetry.span('node.restore');
  await restore(store, gossips, ledger);
  restoring.end({
    records: [...gossips.values()].reduce((sum, each) => sum + each.knowledge.count, 0),
  });
  const self = signer.did;
  const { read } = store;
  const attestations = createAttestations({ self, host, content, records, trust, gossips, read });
  await attestations.load();
  const quarantine = layers.quarantine({ ledger, records, content, read: store.read });
  const { damaged, writes: cleaning } = await restoreInbox(host.store, quarantine);
  if (damaged > 0) host.log('warn', 'quarantine_damaged', { damaged });

  // What happens is told and counted.
  const watchers = new Set<(event: NodeEvent) => void>();
  const counters = new Map<NodeCount, number>();
  const tell = (event: NodeEvent): void => {
    metering.told(event);
    for (const watcher of watchers) watcher(event);
  };
  const { monotonic } = host;
  const verdict = (id: RecordId) => ledger.verdict(id);
  const witness = createWitness({ self, trust, monotonic, verdict });
  const count = (event: NodeCount, fields: CountedFields): void => {
    counters.set(event, (counters.get(event) ?? 0) + 1);
    metering.counted(event, fields.peer);
    witness.counted(event, fields.peer);
    host.log('debug', event, fields);
  };

  // Effects of the cores become writes, words and timers.
  const allowances = createAllowances(trust);
  const send = (peers: readonly Did[], message: GossipMessage): number => {
    const frame = frames.encode(message);
    metering.sent(peers, message, frame.length);
    for (const peer of peers) peering.session(peer)?.send(frame);
    return frame.length;
  };
  const sendInParts = (peers: readonly Did[], message: TopicMessage): void => {
    // Trust may have fallen since a peer joined, and since a step that was being committed began.
    const readers = peers.filter((peer) => trust.mayRead(message.topic, peer));
    if (readers.length === 0) return;
    const isAnswer = message.type === 'response' || message.type === 'pull-response';
    for (const part of partsOf(message)) {
      const bytes = send(readers, part);
      if (isAnswer) for (const peer of readers) allowances.charge(monotonic(), peer, bytes);
    }
  };
  const failed = (error: Error): void => {
    host.log('error', 'store_failed', { reason: error.message });
    tell({ event: 'failed', reason: error.message });
    shutDown();
  };
  const performer = createPerformer(
    {
      host,
      gossips,
      ledger,
      quarantine,
      store,
      send: sendInParts,
      heard: (record) => attestations.heard(record),
      tell,
      count,
      failed,
    },
    [...claim, ...cleaning],
  );
  const { perform } = performer;
  /** Resolves when the effects are durable and said. */
  const performed = (topic: Topic, effects: readonly Effect[]): Promise<void> =>
    new Promise((resolve, reject) => perform(topic, effects, resolve, reject));
  const write = (writes: readonly Write[]): Promise<void> =>
    new Promise((resolve, reject) => performer.write(writes, resolve, reject));

  // Links become sessions, and what is said there is led to the gossip of its topic.
  const say = (peer: Did, message: GossipMessage): void => void send([peer], message);
  const gate = createGate({ trust, monotonic, count });
  const topics = createTopics({
    gossips,
    trust,
    host,
    say,
    allowances,
    perform,
    count,
    hears: (peer, message) => gate.hears(peer, message),
    brought: (peer, effects) => witness.brought(peer, effects),
    claimed: (peer, digest) => ownChain.heard(peer, digest),
    ...(coordination && { remembered: othersIn(coordination, signer.did) }),
  });
  const peering = createPeering({
    self: signer.did,
    host,
    settings: settings.peering,
    begin: (link, expected) => {
      const hello = telemetry.span('session.hello', { side: link.side });
      return createSession({
        link: metering.link(link),
        expected,
        frames,
        records,
        signer,
        network: network.id,
        host,
        settings: settings.session,
        established: (session, peer) => {
          hello.end({ peer });
          peering.established(session, peer);
        },
        received: (peer, message) => {
          metering.received(peer, message);
          topics.received(peer, message);
        },
        ended: (session, reason, peer) => {
          hello.end({}, reason);
          peering.ended(session, reason, peer);
        },
        count: (event, detail) => count(event, { address: link.remoteAddress, detail }),
      });
    },
    connected(peer) {
      host.log('info', 'connected', { peer });
      topics.connected(peer);
      tell({ event: 'connected', peer });
    },
    disconnected(peer) {
      topics.disconnected(peer);
      performer.disconnected(peer);
      gate.disconnected(peer);
      witness.disconnected(peer);
      tell({ event: 'disconnected', peer });
    },
  });

  observeNode({
    telemetry,
    gossips,
    ledger,
    peers: () => peering.peers(),
    quarantined: () => quarantine.count(now()),
    deficits: () =>
      new Map(peering.peers().map(({ did }) => [did, allowances.left(monotonic(), did)])),
  });

  let listener: Listener | undefined;
  let reviewing: Cancel | undefined;
  const review = (): void => {
    topics.review();
    reviewing = host.after(REVIEW_MS, review);
  };
  const shutDown = (): void => {
    reviewing?.();
    ownChain.stop();
    performer.stop();
    peering.stop();
  };

  const author = createAuthor({
    host,
    network,
    signer,
    records,
    gossips,
    ledger,
    read: store.read,
    ownTip: store.ownTip,
    trust,
  });
  const ownChain = createOwnChain({
    self: signer.did,
    host,
    peers: () => peering.peers().map(({ did }) => did),
    lengthOf: (topic) => gossips.get(topic)?.knowledge.clock().get(signer.did) ?? 0,
  });
  const publish = createPublisher(ownChain, perform);
  const inbox = createInbox({ quarantine, host, gossips, write, performed });
  const questions = createQuestions({
    content,
    records,
    gossips,
    policyOf: policies.of,
    ledger,
    reconciliation,
    freshLedger: () => layers.ledger({ genesis }),
    read: store.read,
    stored: store.stored,
  });

  const openTopics = createOpenTopics({
    self: signer.did,
    host,
    policies,
    gossips,
    gossipFor,
    store,
    performer,
    topics,
    changed: () => keeper.changed(),
  });
  const keeper = createKeeper({ host, snapshots, state: openTopics.coordination, count });

  return {
    did: signer.did,
    network,
    isDid: (text) => records.publicKey(text).ok,
    get address() {
      return listener?.address;
    },

    async start(listen, known) {
      listener = await host.transport.listen(listen, (link) => peering.accept(link));
      topics.start();
      review();
      keeper.begin();
      for (const candidate of known) peering.add(candidate);
      return listener.address;
    },
    async stop() {
      shutDown();
      await keeper.stop();
      await listener?.close();
      await host.transport.close();
      await host.store.close();
    },

    pay: (payment) => publish(ledgerTopic(payment.currency), () => author.pay(payment)),
    enter: (currency, body) => publish(ledgerTopic(currency), () => author.enter(currency, body)),
    publish: (topic, text) =>
      publish<PublishStatus>(topic, () => author.say('icn/note/1', topic, { text })),
    attest: async (subject, score, days) =>
      attestations.objection(subject, score, days) ??
      publish<AttestStatus>(TRUST_TOPIC, () =>
        author.say('icn/trust/1', TRUST_TOPIC, attestations.body(subject, score, days)),
      ),
    trust: (peer) => attestations.view(peer),
    trusted: () => trust.trusted().map((peer) => attestations.view(peer)),
    ...openTopics,
    dispute: (topic, entry, reason) => publish(topic, () => author.dispute(topic, entry, reason)),
    keep: () => keeper.keep(),
    snapshots,
    async imported(topic, claims) {
      const effects = gossipOf(gossips, topic).import(host.monotonic(), claims);
      await performed(topic, effects);
      const taken = effects.filter(({ effect }) => effect === 'store').length;
      const refused = effects.filter(isRefusal).length;
      return { taken, refused };
    },

    ...questions,
    ...inbox,
    balances: (topic) => ledger.balances(topic),
    credit: (topic, account) => ledger.credit(topic, account),
    verdict: (id) => ledger.verdict(id),
    telemetry,
    counters: () => counters,

    peers: () => peering.peers(),
    meet: (candidate) => peering.add(candidate),
    lose: (peer) => peering.drop(peer),
    cut: (peers) => peering.cut(peers),
    heal: () => peering.heal(),
    get cutPeers() {
      return peering.cutPeers;
    },
    watch(watcher): Cancel {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
};
