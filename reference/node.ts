/**
 * The node: the one file in which layers meet.
 *
 * The way of an entry, from the socket to a balance:
 *
 *   link bytes -> session (frames, Hello) -> gossip.receive -> admission (records.open)
 *     -> effects: store, deliver, broadcast
 *     -> perform: writes gathered, ledger.add folds the delivered record into balances
 *     -> steps: one commit, and after it what is to be said
 *
 * `createNode` takes a host, a network and a record of layer factories. The simulator passes other
 * hosts, a learner's graft other factories; nothing else in here changes.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Cancel, Candidate, Host, Write } from '#contracts/host.ts';
import type { Did, Json, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Credit, Ledger, LedgerStatus, Standing, Verdict } from '#contracts/ledger.ts';
import type { GossipMessage, Message } from '#contracts/messages.ts';
import { refused, accepted, type Outcome } from '#contracts/outcome.ts';
import type { EntryLine, Records, SignedRecord, Signer } from '#contracts/records.ts';
import type { Listener } from '#contracts/transport.ts';
import type { NodeSettings } from '#contracts/settings.ts';
import type { Network } from './node/genesis.ts';
import { createPeering, type PeerView } from './node/peering.ts';
import {
  accountIn,
  balanceKey,
  claimStore,
  createRecordStore,
  type Noted,
} from './node/record-store.ts';
import { createSession, type SessionEvent } from './node/session.ts';
import { createSteps } from './node/steps.ts';

/** A payment as the one who received the service states it: `pay ALICE 10 hours`. */
export interface Payment {
  readonly currency: string;
  /** Who provided the service: its balance will rise. */
  readonly to: Did;
  /** Minor units. */
  readonly amount: bigint;
  readonly memo?: string;
}

/** Why a payment was not signed. */
export type PaymentStatus = 'currency_unknown' | Exclude<LedgerStatus, 'accepted'>;

/** Something that happened, for people and programs that watch. Only after it is durable. */
export type NodeEvent =
  | { readonly event: 'connected' | 'disconnected'; readonly peer: Did }
  | {
      readonly event: 'delivered';
      readonly record: SignedRecord;
      readonly verdict: Verdict;
    }
  | { readonly event: 'failed'; readonly reason: string };

export interface TopicView {
  readonly topic: Topic;
  readonly records: number;
  readonly authors: number;
  readonly heads: number;
  readonly waiting: number;
  readonly missing: number;
  readonly forked: readonly Did[];
  /** The same on two nodes exactly if they hold the same records. */
  readonly fingerprint: string;
}

export interface HistoryRow {
  readonly record: SignedRecord;
  readonly verdict: Verdict;
  readonly standing: Standing;
  /** What the record did to the account, in minor units; 0 if it does not count. */
  readonly change: bigint;
}

export interface Node {
  readonly did: Did;
  readonly network: Network;
  /** Binds the address, dials whom it knows, begins to gossip. Rejects with a Fault. */
  start(listen: string, known: readonly Candidate[]): Promise<string>;
  /** Ends every link and waits for commits under way. Safe to call twice. */
  stop(): Promise<void>;
  readonly address: string | undefined;
  /** Whether a text spells a key: the one check of a DID. */
  isDid(text: string): boolean;

  /**
   * Signs, commits and pushes a payment; resolves when it is durable here. Rejects with a Fault where
   * that cannot be promised any more: the store failed, or the node has stopped.
   */
  pay(payment: Payment): Promise<Outcome<RecordId, PaymentStatus>>;

  balances(topic: Topic): ReadonlyMap<Did, bigint>;
  credit(topic: Topic, account: Did): Credit;
  history(topic: Topic, account: Did): readonly HistoryRow[];
  verdict(id: RecordId): Verdict | undefined;
  topics(): readonly TopicView[];
  knowledge(topic: Topic): Knowledge;
  peers(): readonly PeerView[];
  /** How often each refusal and mishap was counted since the start. */
  counters(): ReadonlyMap<GossipEvent | SessionEvent, number>;

  /** Canonical records, one a line, in causal order: the same bytes on every node that holds the same. */
  exported(topic: Topic): Iterable<string>;
  /** Offers records from a file; gives how many were taken once they are durable. */
  imported(topic: Topic, records: readonly Json[]): Promise<number>;
  /** Opens every stored record again and folds from nothing. Gives a problem a line; empty is good. */
  verify(): Generator<{ readonly checked: number }, readonly string[]>;

  meet(candidate: Candidate): void;
  lose(peer: Did): void;
  cut(peers: readonly Did[]): void;
  heal(): void;
  readonly cutPeers: readonly Did[];

  watch(listener: (event: NodeEvent) => void): Cancel;
}

export interface NodeOptions {
  readonly host: Host;
  readonly network: Network;
  readonly signer: Signer;
  readonly layers: NodeLayers;
  readonly settings: NodeSettings;
  /** See RecordsOptions: the simulator's memory of signatures. */
  readonly verify?: Records['verify'];
}

/** Opens the store, reads back what it holds and checks it. Throws Faults of the store. */
export const createNode = async (options: NodeOptions): Promise<Node> => {
  const { host, network, signer, layers, settings } = options;
  const { genesis } = network;

  const content = layers.content();
  const frames = layers.frames({ content });
  const records = layers.records({
    content,
    network: network.id,
    ...(options.verify ? { verify: options.verify } : {}),
  });
  const trust = layers.trust({ self: signer.did, genesis });
  const ledger = layers.ledger({ genesis });
  const reconciliation = layers.reconciliation({ content });
  const topics = genesis.currencies.map(({ name }): Topic => `ledger:${name}`);

  const canonical = (record: SignedRecord): string => {
    const outcome = content.canonicalize(record);
    if (!outcome.ok) throw new Error(`a held record has no canonical form: ${outcome.reason}`);
    return outcome.value;
  };

  const claim = claimStore(host.store, network.id, signer.did);
  const store = createRecordStore(host.store, canonical);
  const gossip = layers.gossip({
    self: signer.did,
    topics,
    records,
    trust,
    reconciliation,
    read: store.read,
    random: host.random,
    settings: settings.gossip,
  });
  const knowledge = (topic: Topic): Knowledge => {
    const found = gossip.knowledge(topic);
    if (!found) throw new Error(`topic ${topic} is not one of this network's`);
    return found;
  };
  const noted = await store.load((record, unpushed) => {
    try {
      gossip.restore(record, { unpushed });
      ledger.add(record);
    } catch (error) {
      throw inconsistent(messageOf(error), error);
    }
  });
  compareWithNoted(noted, { ledger, knowledge, topics });

  const watchers = new Set<(event: NodeEvent) => void>();
  const counters = new Map<GossipEvent | SessionEvent, number>();
  const timers = new Map<string, Cancel>();
  const steps = createSteps(host.store, (error) => {
    host.log('error', 'store_failed', { reason: error.message });
    tell({ event: 'failed', reason: error.message });
    shutDown();
  });
  if (claim.length > 0) steps.run(claim, () => {});
  let listener: Listener | undefined;
  let stopped = false;

  const tell = (event: NodeEvent): void => {
    for (const watcher of watchers) watcher(event);
  };

  const count = (event: GossipEvent | SessionEvent, fields: object): void => {
    counters.set(event, (counters.get(event) ?? 0) + 1);
    host.log('debug', event, { ...fields });
  };

  // --- Effects ----------------------------------------------------------------------------------

  /** Performs the effects of one step: writes in one commit, and after it everything that is said. */
  const perform = (
    effects: readonly Effect[],
    then: () => void = () => {},
    lost: (error: Error) => void = () => {},
  ): void => {
    if (stopped) {
      lost(new Fault('node_not_running', 'the node has stopped'));
      return;
    }
    const writes: Write[] = [];
    const said: (() => void)[] = [];
    const kept: RecordId[] = [];
    const touched = new Set<Topic>();
    for (const effect of effects) {
      switch (effect.effect) {
        case 'store':
          writes.push(...store.keep(effect.record, effect.own));
          kept.push(effect.record.id);
          touched.add(effect.record.topic);
          break;
        case 'forget':
          writes.push(...store.forget(effect.id));
          ledger.forget(effect.id);
          touched.add(effect.topic);
          break;
        case 'deliver':
          deliver(effect.record, writes, said);
          break;
        case 'send':
          said.push(() => send([effect.peer], effect.message));
          break;
        case 'broadcast':
          said.push(() => send(effect.peers, effect.message));
          break;
        case 'pushed':
          // Not worth a commit of its own: it travels with the next one.
          said.push(() => marks.push(...effect.ids.map(store.pushed)));
          break;
        case 'schedule':
          schedule(effect.timer, effect.delayMs);
          break;
        case 'log':
          count(effect.event, { peer: effect.peer, detail: effect.detail });
          break;
      }
    }
    for (const topic of touched) writes.push(store.heads(topic, knowledge(topic).heads()));
    if (writes.length > 0) writes.push(...marks.splice(0));
    const say = (): void => {
      store.settled(kept);
      for (const each of said) each();
      then();
    };
    steps.run(writes, say, lost);
  };
  const marks: Write[] = [];

  /** A record whose ancestors are all here: the ledger folds it, and watchers hear of it once it is safe. */
  const deliver = (record: SignedRecord, writes: Write[], said: (() => void)[]): void => {
    const change = ledger.add(record);
    for (const { topic, account, balance } of change.balances) {
      writes.push(store.balance(topic, account, balance));
    }
    const verdict = change.verdicts[0]?.verdict;
    if (verdict) said.push(() => tell({ event: 'delivered', record, verdict }));
  };

  const send = (peers: readonly Did[], message: Message): void => {
    const frame = frames.encode(message);
    for (const peer of peers) peering.session(peer)?.send(frame);
  };

  const schedule = (timer: string, delayMs: number): void => {
    timers.get(timer)?.();
    timers.set(
      timer,
      host.after(delayMs, () => {
        timers.delete(timer);
        perform(gossip.elapsed(host.monotonic(), timer));
      }),
    );
  };

  // --- Links ------------------------------------------------------------------------------------

  const nonce = (): string => Buffer.from(host.randomBytes(16)).toString('base64url');

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
        nonce,
        after: host.after,
        monotonic: host.monotonic,
        settings: settings.session,
        established: (session, peer) => peering.established(session, peer),
        received: (peer: Did, message: GossipMessage) =>
          perform(gossip.receive(host.monotonic(), peer, message)),
        ended: (session, reason, peer) => peering.ended(session, reason, peer),
        count: (event, detail) => count(event, { address: link.remoteAddress, detail }),
      }),
    connected(peer) {
      host.log('info', 'connected', { peer });
      perform(gossip.connected(host.monotonic(), peer), () => tell({ event: 'connected', peer }));
    },
    disconnected(peer) {
      perform(gossip.disconnected(host.monotonic(), peer));
      tell({ event: 'disconnected', peer });
    },
  });

  const shutDown = (): void => {
    stopped = true;
    for (const cancel of timers.values()) cancel();
    timers.clear();
    peering.stop();
  };

  // --- Authoring --------------------------------------------------------------------------------

  /** The receiver acknowledges the debt: the provider is debited, the author credited. */
  const draftEntry = (topic: Topic, { to, amount, memo }: Payment): SignedRecord => {
    const { previousTimestamp, ...links } = gossip.links(topic);
    const accounts: EntryLine[] = [
      { account: to, debit: String(amount) },
      { account: signer.did, credit: String(amount) },
    ];
    return records.sign(
      {
        kind: 'icn/entry/1',
        network: network.id,
        topic,
        author: signer.did,
        ...links,
        timestamp: Math.max(host.now(), previousTimestamp),
        body: { accounts, ...(memo === undefined ? {} : { memo }) },
      },
      signer,
    );
  };

  const pay = (payment: Payment): Promise<Outcome<RecordId, PaymentStatus>> => {
    const topic: Topic = `ledger:${payment.currency}`;
    if (!topics.includes(topic)) {
      const known = genesis.currencies.map(({ name }) => name).join(', ');
      return Promise.resolve(
        refused('currency_unknown', `expected one of ${known}, got ${payment.currency}`),
      );
    }
    const record = draftEntry(topic, payment);
    const { status, reason } = ledger.judge(record);
    if (status !== 'accepted') return Promise.resolve(refused(status, reason));
    return new Promise((resolve, reject) => {
      const effects = gossip.publish(host.monotonic(), record);
      perform(effects, () => resolve(accepted(record.id)), reject);
    });
  };

  // --- Questions --------------------------------------------------------------------------------

  const readHeld = (id: RecordId): SignedRecord => {
    const record = store.read(id);
    if (!record) throw new Fault('store_inconsistent', `record ${id} is indexed and not stored`);
    return record;
  };

  const historyRow = (account: Did, id: RecordId): HistoryRow => {
    const record = readHeld(id);
    const verdict = ledger.verdict(id) ?? { status: 'pending', reason: 'not judged yet' };
    const standing = ledger.standing(id) ?? 'unlinked';
    const counts = verdict.status === 'accepted' && standing === 'stands';
    return { record, verdict, standing, change: counts ? netOf(record, account) : 0n };
  };

  function* verify(): Generator<{ checked: number }, readonly string[]> {
    const problems: string[] = [];
    const fresh = layers.ledger({ genesis });
    let checked = 0;
    for (const topic of topics) {
      for (const id of knowledge(topic).ordered()) {
        const opened = records.open(readHeld(id) as unknown as Json);
        if (!opened.ok) problems.push(`${id}: ${opened.status}: ${opened.reason}`);
        else fresh.add(opened.value);
        checked += 1;
        yield { checked };
      }
      problems.push(...differences(topic, ledger, fresh));
    }
    return problems;
  }

  return {
    did: signer.did,
    network,
    get address() {
      return listener?.address;
    },
    isDid: (text) => records.publicKey(text).ok,

    async start(listen, known) {
      listener = await host.transport.listen(listen, (link) => peering.accept(link));
      perform(gossip.start(host.monotonic()));
      for (const candidate of known) peering.add(candidate);
      return listener.address;
    },

    async stop() {
      if (!stopped) shutDown();
      await listener?.close();
      await host.transport.close();
      await host.store.close();
    },

    pay,
    balances: (topic) => ledger.balances(topic),
    credit: (topic, account) => ledger.credit(topic, account),
    verdict: (id) => ledger.verdict(id),
    history: (topic, account) =>
      ledger.history(topic, account).map((id) => historyRow(account, id)),
    topics: () =>
      topics.map((topic) => {
        const held = knowledge(topic);
        const waiting = gossip.waiting(topic);
        return {
          topic,
          records: held.count,
          authors: held.clock().size,
          heads: held.heads().length,
          waiting: waiting.records,
          missing: waiting.missing.length,
          forked: held.forked(),
          fingerprint: reconciliation.summarise(held).fingerprint,
        };
      }),
    knowledge,
    peers: () => peering.peers(),
    counters: () => counters,

    *exported(topic) {
      for (const id of knowledge(topic).ordered()) yield canonical(readHeld(id));
    },
    imported(topic, claims) {
      const effects = gossip.import(host.monotonic(), topic, claims);
      const taken = effects.filter(({ effect }) => effect === 'store').length;
      return new Promise((resolve, reject) => {
        perform(effects, () => resolve(taken), reject);
      });
    },
    verify,

    meet: (candidate) => peering.add(candidate),
    lose: (peer) => peering.drop(peer),
    cut: (peers) => peering.cut(peers),
    heal: () => peering.heal(),
    get cutPeers() {
      return peering.cutPeers;
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
};

/** What an entry does to an account: debits minus credits. */
export const netOf = (record: SignedRecord, account: Did): bigint => {
  if (record.kind !== 'icn/entry/1') return 0n;
  const { accounts } = record.body as { readonly accounts: readonly EntryLine[] };
  return accounts
    .filter((line) => line.account === account)
    .reduce((sum, { debit, credit }) => sum + BigInt(debit ?? 0) - BigInt(credit ?? 0), 0n);
};

const inconsistent = (what: string, cause?: unknown): Fault =>
  new Fault(
    'store_inconsistent',
    `the store does not agree with itself: ${what}. Export what you can, then sync a new store from peers`,
    { cause },
  );

/** Holds the fold of what was read back against what was committed beside it. */
const compareWithNoted = (
  noted: Noted,
  {
    ledger,
    knowledge,
    topics,
  }: {
    readonly ledger: Ledger;
    readonly knowledge: (topic: Topic) => Knowledge;
    readonly topics: readonly Topic[];
  },
): void => {
  for (const topic of topics) {
    const heads = knowledge(topic).heads();
    if (heads.join() !== (noted.heads.get(topic) ?? []).join()) {
      throw inconsistent(`${topic} has other heads than noted`);
    }
    const named = [...noted.balances.keys()].flatMap((key) => accountIn(topic, key) ?? []);
    for (const account of new Set([...ledger.balances(topic).keys(), ...named])) {
      const written = noted.balances.get(balanceKey(topic, account));
      const balance = ledger.balance(topic, account);
      if (written !== String(balance)) {
        throw inconsistent(`${account} has ${balance} by its records and ${written} as noted`);
      }
    }
  }
};

/** Accounts on which two ledgers disagree. */
const differences = (topic: Topic, left: Ledger, right: Ledger): string[] => {
  const accounts = new Set([...left.balances(topic).keys(), ...right.balances(topic).keys()]);
  return [...accounts]
    .filter((account) => left.balance(topic, account) !== right.balance(topic, account))
    .map(
      (account) =>
        `${topic} ${account}: ${left.balance(topic, account)} held, ${right.balance(topic, account)} recomputed`,
    );
};
