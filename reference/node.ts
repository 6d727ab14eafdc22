/**
 * The node: the one file in which layers meet.
 *
 * The way of an entry, from the socket to a balance:
 *
 *   transport/stream-link.ts     bytes of a link
 *   node/peers/session.ts        who is there (Hello); frames cut the bytes into messages
 *   node/topics/topics.ts        is there such a topic, and may the peer ask? Each has its own gossip
 *   gossip/gossip.ts             receive: what a message leads to
 *   gossip/intake.ts             each record passes one door, admission.ts (records.open, links, forks),
 *                                and becomes effects: store, deliver, broadcast
 *   node/durable/performer.ts    gathers the writes; ledger.add folds what is delivered into balances
 *   quarantine/merge.ts          what became of each entry, for people; node/operator/inbox.ts keeps
 *                                what was refused
 *   node/durable/steps.ts        one commit, and after it what is to be said
 *   node/peers/herald.ts         announcements of one moment, in one message
 *   node/peers/parts.ts          what is to be said, in parts that fit a frame
 *
 * `createNode` takes a host, a network and a record of layer factories. The simulator passes other
 * hosts, a learner's graft other factories; nothing else in here changes.
 */
import { COUNCIL_TOPIC } from '#contracts/certificates.ts';
import type { Effect } from '#contracts/effects.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Host, Write } from '#contracts/host.ts';
import { ledgerTopic, type RecordId, type Topic } from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Network, Node } from '#contracts/node.ts';
import type { Records, Signer } from '#contracts/records.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import type { CoordinationState, SnapshotStore } from '#contracts/snapshot.ts';
import { isReserved, type TopicPolicy } from '#contracts/topics.ts';
import { createCouncilDesk, trustWithCouncil } from './node/council/council.ts';
import { createSteward } from './node/council/steward.ts';
import { createKeeper } from './node/durable/keeper.ts';
import { createPerformer } from './node/durable/performer.ts';
import { claimStore, createRecordStore } from './node/durable/record-store.ts';
import { restore } from './node/durable/restore.ts';
import { createLife } from './node/life.ts';
import { createImporting } from './node/operator/importing.ts';
import { createInbox, restoreInbox } from './node/operator/inbox.ts';
import { createMetering } from './node/operator/metering.ts';
import { observeNode } from './node/operator/observing.ts';
import { createQuestions } from './node/operator/questions.ts';
import { createTelling } from './node/operator/telling.ts';
import { createAttestations } from './node/own/attestations.ts';
import { createAuthor } from './node/own/author.ts';
import { createOwnChain } from './node/own/own-chain.ts';
import { createPublisher } from './node/own/publisher.ts';
import { createStatements } from './node/own/statements.ts';
import { createAllowances } from './node/peers/allowances.ts';
import { createMeeting } from './node/peers/meeting.ts';
import { createPeering } from './node/peers/peering.ts';
import { createGate } from './node/peers/rates.ts';
import { createSending } from './node/peers/sending.ts';
import { createWitness } from './node/peers/witness.ts';
import { createOpenTopics, othersIn } from './node/topics/open-topics.ts';
import {
  COUNCIL_POLICY,
  createPolicies,
  isDurable,
  isLedger,
  ledgerPolicy,
  TRUST_POLICY,
} from './node/topics/policies.ts';
import { createTopics } from './node/topics/topics.ts';

/** What a node is made of. */
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

/** Opens the store, reads back what it holds and checks it. Rejects with Faults of the store. */
export const createNode = async (options: NodeOptions): Promise<Node> => {
  const { network, signer, layers, settings, verify, coordination, snapshots } = options;
  const self = signer.did;
  const { telemetry } = options.host;
  const metering = createMetering(self, options.host);
  // By its prototype: a host may be wrapped itself.
  const metered = { store: metering.store(options.host.store) };
  const host = Object.assign(Object.create(options.host) as Host, metered);
  const { genesis } = network;

  // Each layer is handed what it stands on.
  const content = layers.content();
  const frames = layers.frames({ content });
  const records = layers.records({ content, network: network.id, ...(verify && { verify }) });
  const policies = createPolicies(self, [
    ...genesis.currencies.map(({ name }) => ledgerPolicy(ledgerTopic(name))),
    TRUST_POLICY,
    COUNCIL_POLICY,
    ...(coordination?.topics ?? []).filter(({ topic }) => !isReserved(topic)),
  ]);
  const now = (): number => host.now();
  const ledger = layers.ledger({ genesis });
  const swarm = layers.swarm();
  const desk = createCouncilDesk({ self: signer.did, genesis, ledger, swarm });
  const trust = trustWithCouncil(
    layers.trust({ self: signer.did, genesis, accessOf: policies.accessOf, now }),
    desk.council,
  );
  const reconciliation = layers.reconciliation({ content });
  const claim = claimStore(host.store, network.id, self);
  const store = createRecordStore({
    store: host.store,
    content,
    owner: self,
    isDurable,
    ...(coordination && { ownTips: coordination.ownTips }),
  });
  const { read } = store;
  const gossipFor = ({ topic, retention }: TopicPolicy): Gossip =>
    layers.gossip({
      self,
      topic,
      records,
      trust,
      reconciliation,
      read,
      random: host.random,
      settings: settings.gossip,
      ...(retention && { window: { retention, now } }),
      ...(topic === COUNCIL_TOPIC && { isNamed: () => true }),
      ...(isLedger(topic) && { isNamed: desk.isNamed, isCertified: desk.isCertified }),
    });
  const gossips = new Map(policies.all().map((policy) => [policy.topic, gossipFor(policy)]));
  const restoring = telemetry.span('node.restore');
  desk.trust(store.acceptedCount());
  await restore(store, gossips, ledger, desk);
  restoring.end({
    records: [...gossips.values()].reduce((sum, each) => sum + each.knowledge.count, 0),
  });
  const attestations = createAttestations({ self, host, content, records, trust, gossips, read });
  await attestations.load();
  const quarantine = layers.quarantine({ ledger, records, content, read });
  const { damaged, writes: cleaning } = await restoreInbox(host.store, quarantine);
  if (damaged > 0) host.log('warn', 'quarantine_damaged', { damaged });

  // What happens is told and counted.
  const { monotonic } = host;
  const verdict = (id: RecordId) => ledger.verdict(id);
  const witness = createWitness({ self, trust, monotonic, verdict });
  const { tell, count, ...told } = createTelling({ host, metering, witness });

  // Effects of the cores become writes, words and timers.
  const allowances = createAllowances(trust);
  const { say, sayInParts } = createSending({
    frames,
    metering,
    trust,
    allowances,
    monotonic,
    session: (peer) => peering.session(peer),
  });
  const failed = (error: Error): void => {
    host.log('error', 'store_failed', { reason: error.message });
    tell({ event: 'failed', reason: error.message });
    life.end();
  };
  const performer = createPerformer(
    {
      host,
      gossips,
      ledger,
      quarantine,
      store,
      send: sayInParts,
      heard: (record) => attestations.heard(record),
      council: desk,
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
    ...(coordination && { remembered: othersIn(coordination, self) }),
  });
  const peering = createPeering({
    self,
    host,
    isStranger: (peer) => trust.classOf(peer) === 'Isolated',
    settings: settings.peering,
    begin: createMeeting({
      host,
      metering,
      frames,
      records,
      signer,
      network: network.id,
      settings: settings.session,
      established: (session, peer) => peering.established(session, peer),
      received: topics.received,
      ended: (session, reason, peer) => peering.ended(session, reason, peer),
      count,
    }),
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
    council: desk.counts,
    deficits: () =>
      new Map(peering.peers().map(({ did }) => [did, allowances.left(monotonic(), did)])),
  });

  const author = createAuthor({
    host,
    network,
    signer,
    records,
    unsigned: layers.records({ content, network: network.id, verify: () => true }),
    gossips,
    ledger,
    read,
    ownTip: store.ownTip,
    trust,
  });
  const ownChain = createOwnChain({
    self,
    host,
    peers: () => peering.peers().map(({ did }) => did),
    lengthOf: (topic) => gossips.get(topic)?.knowledge.clock().get(self) ?? 0,
    needsWitness: (topic) => topic === COUNCIL_TOPIC && desk.council.office.stewards.length > 1,
  });
  const publish = createPublisher(ownChain, perform);
  const statements = createStatements(author, attestations, publish);
  const council = createSteward({
    desk,
    host,
    ledger,
    swarm,
    author,
    publish,
    isWitnessed: () =>
      ownChain.isWitnessed(COUNCIL_TOPIC) && (gossips.get(COUNCIL_TOPIC)?.waiting().own ?? 0) === 0,
    genesis,
    settings: settings.council,
  });
  const inbox = createInbox({ quarantine, host, gossips, write, performed });
  const questions = createQuestions({
    content,
    records,
    gossips,
    policyOf: policies.of,
    ledger,
    reconciliation,
    freshLedger: () => layers.ledger({ genesis }),
    desk,
    freshDesk: (fresh) => createCouncilDesk({ self, genesis, ledger: fresh, swarm }),
    read,
    stored: store.stored,
  });

  const openTopics = createOpenTopics({
    self,
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
  const life = createLife({ host, topics, peering, performer, ownChain, keeper, council });

  return {
    did: self,
    network,
    isDid: (text) => records.publicKey(text).ok,
    get address() {
      return life.address();
    },

    start: life.start,
    stop: life.stop,

    ...statements,
    trust: (peer) => attestations.view(peer),
    trusted: () => trust.trusted().map((peer) => attestations.view(peer)),
    ...openTopics,
    keep: () => keeper.keep(),
    snapshots,
    imported: createImporting({ host, gossips, performed }),

    council,
    ...questions,
    ...inbox,
    balances: (topic) => ledger.balances(topic),
    credit: (topic, account) => ledger.credit(topic, account),
    verdict: (id) => ledger.verdict(id),
    telemetry,
    ...told,

    peers: () => peering.peers(),
    meet: (candidate) => peering.add(candidate),
    lose: (peer) => peering.drop(peer),
    cut: (peers) => peering.cut(peers),
    heal: () => peering.heal(),
    get cutPeers() {
      return peering.cutPeers;
    },
  };
};
