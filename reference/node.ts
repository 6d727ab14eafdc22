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
 *   node/steps.ts            one commit, and after it what is to be said
 *   node/parts.ts            what is to be said, in parts that fit a frame
 *
 * `createNode` takes a host, a network and a record of layer factories. The simulator passes other
 * hosts, a learner's graft other factories; nothing else in here changes.
 */
import type { Effect } from '#contracts/effects.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Cancel, Host } from '#contracts/host.ts';
import { ledgerTopic, type Did, type Topic } from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { GossipMessage, TopicMessage } from '#contracts/messages.ts';
import type { Network, Node, NodeCount, NodeEvent, PublishStatus } from '#contracts/node.ts';
import type { Records, Signer } from '#contracts/records.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import type { CoordinationState } from '#contracts/snapshot.ts';
import { isReserved, type TopicPolicy } from '#contracts/topics.ts';
import type { Listener } from '#contracts/transport.ts';
import { createAuthor } from './node/author.ts';
import { createOpenTopics, othersIn } from './node/open-topics.ts';
import { createOwnChain } from './node/own-chain.ts';
import { partsOf } from './node/parts.ts';
import { createPeering } from './node/peering.ts';
import { createPerformer } from './node/performer.ts';
import { createPolicies, isDurable, ledgerPolicy, TRUST_POLICY } from './node/policies.ts';
import { createPublisher } from './node/publisher.ts';
import { createQuestions } from './node/questions.ts';
import { claimStore, createRecordStore } from './node/record-store.ts';
import { restore } from './node/restore.ts';
import { createSession } from './node/session.ts';
import { createTopics, gossipOf } from './node/topics.ts';

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
}

/** Whether an effect of an import says that a record may not enter. */
const isRefusal = (effect: Effect): boolean =>
  effect.effect === 'log' &&
  effect.event.startsWith('record_') &&
  !['record_duplicate', 'record_given_up'].includes(effect.event);

/** Opens the store, reads back what it holds and checks it. Rejects with Faults of the store. */
export const createNode = async (options: NodeOptions): Promise<Node> => {
  const { host, network, signer, layers, settings, verify, coordination } = options;
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
  await restore(store, gossips, ledger);

  // What happens is told and counted.
  const watchers = new Set<(event: NodeEvent) => void>();
  const counters = new Map<NodeCount, number>();
  const tell = (event: NodeEvent): void => {
    for (const watcher of watchers) watcher(event);
  };
  const count = (event: NodeCount, fields: { readonly [name: string]: unknown }): void => {
    counters.set(event, (counters.get(event) ?? 0) + 1);
    host.log('debug', event, fields);
  };

  // Effects of the cores become writes, words and timers.
  const send = (peers: readonly Did[], message: GossipMessage): void => {
    const frame = frames.encode(message);
    for (const peer of peers) peering.session(peer)?.send(frame);
  };
  const sendInParts = (peers: readonly Did[], message: TopicMessage): void => {
    for (const part of partsOf(message)) send(peers, part);
  };
  const failed = (error: Error): void => {
    host.log('error', 'store_failed', { reason: error.message });
    tell({ event: 'failed', reason: error.message });
    shutDown();
  };
  const performer = createPerformer(
    { host, gossips, ledger, store, send: sendInParts, tell, count, failed },
    claim,
  );
  const { perform } = performer;
  /** Resolves when the effects are durable and said. */
  const performed = (topic: Topic, effects: readonly Effect[]): Promise<void> =>
    new Promise((resolve, reject) => perform(topic, effects, resolve, reject));

  // Links become sessions, and what is said there is led to the gossip of its topic.
  const say = (peer: Did, message: GossipMessage): void => send([peer], message);
  const topics = createTopics({
    gossips,
    trust,
    host,
    say,
    perform,
    count,
    claimed: (peer, digest) => ownChain.heard(peer, digest),
    ...(coordination && { remembered: othersIn(coordination, signer.did) }),
  });
  const peering = createPeering({
    self: signer.did,
    host,
    settings: settings.peering,
    begin: (link, expected) =>
      createSession({
        link,
        expected,
        frames,
        records,
        signer,
        network: network.id,
        host,
        settings: settings.session,
        established: (session, peer) => peering.established(session, peer),
        received: (peer, message) => topics.received(peer, message),
        ended: (session, reason, peer) => peering.ended(session, reason, peer),
        count: (event, detail) => count(event, { address: link.remoteAddress, detail }),
      }),
    connected(peer) {
      host.log('info', 'connected', { peer });
      topics.connected(peer);
      tell({ event: 'connected', peer });
    },
    disconnected(peer) {
      topics.disconnected(peer);
      tell({ event: 'disconnected', peer });
    },
  });

  let listener: Listener | undefined;
  const shutDown = (): void => {
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
  });

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
      for (const candidate of known) peering.add(candidate);
      return listener.address;
    },
    async stop() {
      shutDown();
      await listener?.close();
      await host.transport.close();
      await host.store.close();
    },

    pay: (payment) => publish(ledgerTopic(payment.currency), () => author.pay(payment)),
    enter: (currency, body) => publish(ledgerTopic(currency), () => author.enter(currency, body)),
    publish: (topic, text) =>
      publish<PublishStatus>(topic, () => author.say('icn/note/1', topic, { text })),
    ...openTopics,
    async imported(topic, claims) {
      const effects = gossipOf(gossips, topic).import(host.monotonic(), claims);
      await performed(topic, effects);
      const taken = effects.filter(({ effect }) => effect === 'store').length;
      const refused = effects.filter(isRefusal).length;
      return { taken, refused };
    },

    ...questions,
    balances: (topic) => ledger.balances(topic),
    credit: (topic, account) => ledger.credit(topic, account),
    verdict: (id) => ledger.verdict(id),
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
