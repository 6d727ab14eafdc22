/**
 * A village: a few gossip cores in one process, without nodes, sessions, links or disks.
 *
 * The loop below carries effects: stores go into a map, messages into a queue in parts that fit a
 * frame, timers onto a virtual clock. Messages arrive at once and in order unless a test says otherwise
 * (`drops`). One law is watched in every test that uses it: nothing is said of a record before it was
 * stored.
 */
import { createHash } from 'node:crypto';
import assert from 'node:assert/strict';
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { Gossip, GossipSettings } from '#contracts/gossip.ts';
import type { Did, Json, NetworkId, RecordId, Topic } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { Reconciliation } from '#contracts/reconciliation.ts';
import type { Records, SignedRecord, Signer } from '#contracts/records.ts';
import { readSettings } from '#reference/config.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create as createGossip } from '#reference/gossip/gossip.ts';
import { linksOf } from '#reference/node/own/author.ts';
import { partsOf } from '#reference/node/peers/parts.ts';
import { create as createReconciliation } from '#reference/reconciliation/reconciliation.ts';
import { create as createRecords } from '#reference/records/records.ts';
import { createSigner } from '#reference/records/signer.ts';
import { createRandom } from '#reference/sim/random.ts';
import { create as createTrust } from '#reference/trust/trust.ts';

export const HOURS: Topic = 'ledger:hours';
export const NETWORK = createHash('sha256').update('village').digest('hex') as NetworkId;
export const content = createContent();
export const records = createRecords({ content, network: NETWORK });

/** The signer of that name: the same in every run. */
export const signerOf = (name: string): Signer =>
  createSigner(createHash('sha256').update(`village ${name}`).digest());

/** What a test says of a record; the rest is filled in. */
export interface Wish {
  readonly after?: SignedRecord | undefined;
  readonly seeing?: readonly { readonly id: RecordId }[];
  readonly sequence?: number;
  readonly previous?: RecordId | null;
  readonly topic?: Topic;
  readonly network?: NetworkId;
  readonly memo?: string;
  readonly floor?: number;
  readonly certificate?: RecordId | undefined;
}

/** A signed record: an entry without lines, which no ledger would count and gossip carries all the same. */
export const write = (author: Signer, wish: Wish = {}): SignedRecord =>
  records.sign(
    {
      kind: 'icn/entry/1',
      network: wish.network ?? NETWORK,
      topic: wish.topic ?? HOURS,
      author: author.did,
      sequence: wish.sequence ?? (wish.after?.sequence ?? 0) + 1,
      previous: wish.previous === undefined ? (wish.after?.id ?? null) : wish.previous,
      parents: (wish.seeing ?? []).map(({ id }) => id).sort(),
      timestamp: 1_000,
      ...(wish.floor === undefined ? {} : { floor: wish.floor }),
      ...(wish.certificate === undefined ? {} : { certificate: wish.certificate }),
      body: { accounts: [], memo: wish.memo ?? '' },
    },
    author,
  );

/** Several children of one record, sorted by id. */
export const siblings = (author: Signer, count: number, wish: Wish = {}): SignedRecord[] =>
  Array.from({ length: count }, (_, index) =>
    write(author, { ...wish, memo: `child ${index}` }),
  ).sort((left, right) => (left.id < right.id ? -1 : 1));

/** A chain by one author, first record first. */
export const chain = (author: Signer, length: number, wish: Wish = {}): SignedRecord[] => {
  const made: SignedRecord[] = [];
  for (let index = 0; index < length; index++) {
    made.push(write(author, { ...wish, after: made.at(-1) }));
  }
  return made;
};

/** A name that no record has. */
export const inventedId = (text: string): RecordId =>
  createHash('sha256').update(`invented ${text}`).digest('hex') as RecordId;

/** A nonce of the right form. */
export const nonceOf = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url');

export const asJson = (record: SignedRecord): { readonly [key: string]: Json } =>
  record as unknown as { readonly [key: string]: Json };
export const idOf = ({ id }: { readonly id: RecordId }): RecordId => id;

export interface Said {
  readonly from: Did;
  readonly to: Did;
  readonly message: TopicMessage;
}

export interface Member {
  readonly did: Did;
  readonly signer: Signer;
  readonly gossip: Gossip;
  readonly stored: ReadonlyMap<RecordId, SignedRecord>;
  /** In order, every time. */
  readonly delivered: readonly RecordId[];
  readonly forgotten: readonly RecordId[];
  readonly logged: ReadonlyMap<GossipEvent, number>;
  readonly timers: ReadonlyMap<string, number>;
  /** Delays asked for, by timer. */
  readonly scheduled: readonly { readonly timer: string; readonly delayMs: number }[];
  /** Writes and publishes the next own record. */
  publish(memo?: string): SignedRecord;
  /** Hands the core a message, whoever says it. */
  hears(from: Did, message: TopicMessage): readonly Effect[];
  /** A certificate gets its votes, as this member sees it. */
  certify(certificate: RecordId): void;
  /** Carries out effects that a test asked the core for itself. */
  carry(effects: readonly Effect[]): void;
}

export interface VillageOptions {
  readonly names: readonly string[];
  readonly settings?: { readonly [name: string]: number };
  /** Replaces the records layer: to leave out signatures where a test is about numbers. */
  readonly records?: Records;
  readonly seed?: string;
  /** The reconciliation of each member; the full one unless told. */
  readonly reconciliationOf?: (index: number) => Reconciliation;
}

export interface Village {
  readonly members: readonly Member[];
  readonly settings: GossipSettings;
  now(): number;
  /** Everything that was said, arrived or not. */
  readonly said: readonly Said[];
  /** Messages for which this answers true are lost. */
  drops: (said: Said) => boolean;
  /** Each joins the other's topic. */
  connect(left: Member, right: Member): void;
  disconnect(left: Member, right: Member): void;
  connectAll(): void;
  /** Carries messages until none is under way. */
  settle(): void;
  /** Runs the clock, timers and messages. */
  advance(milliseconds: number): void;
}

interface Inside extends Member {
  readonly stored: Map<RecordId, SignedRecord>;
  readonly delivered: RecordId[];
  readonly forgotten: RecordId[];
  readonly logged: Map<GossipEvent, number>;
  readonly timers: Map<string, number>;
  readonly scheduled: { timer: string; delayMs: number }[];
}

/** Ids of the records that a message says its sender has. */
const idsIn = (message: TopicMessage): RecordId[] => {
  const held =
    'records' in message ? message.records.map((claim) => (claim as { id: RecordId }).id) : [];
  return message.type === 'announce' ? [...held, ...message.ids] : held;
};

/** Messages that may pass in one settling: beyond it, somebody talks without end. */
const MESSAGES_MAX = 100_000;

export const createVillage = (options: VillageOptions): Village => {
  const signers = options.names.map(signerOf);
  const settings = readSettings(options.settings ?? {}).gossip;
  const genesis: Genesis = {
    kind: 'icn/genesis/1',
    name: 'village',
    stewards: [],
    quorum: 1,
    currencies: [{ name: 'hours', decimals: 2 }],
    grants: [],
    trust: signers.flatMap(({ did: from }) =>
      signers.filter(({ did }) => did !== from).map(({ did: to }) => ({ from, to, score: 0.6 })),
    ),
    names: {},
  };
  const linked = new Set<string>();
  const queue: Said[] = [];
  const said: Said[] = [];
  let nowMs = 0;

  const create = (signer: Signer, index: number): Inside => {
    const stored = new Map<RecordId, SignedRecord>();
    const certified = new Set<RecordId>();
    const gossip = createGossip({
      self: signer.did,
      topic: HOURS,
      records: options.records ?? records,
      trust: createTrust({
        self: signer.did,
        genesis,
        accessOf: () => ({ access: 'Public' }),
        now: () => 0,
      }),
      reconciliation: options.reconciliationOf?.(index) ?? createReconciliation({ content }),
      read: (id) => stored.get(id),
      random: createRandom(`${options.seed ?? 'village'} ${signer.did}`).next,
      settings,
      isCertified: (id) => certified.has(id),
    });
    const member: Inside = {
      did: signer.did,
      signer,
      gossip,
      stored,
      delivered: [],
      forgotten: [],
      logged: new Map(),
      timers: new Map(),
      scheduled: [],
      publish(memo = '') {
        const read = (id: RecordId) => stored.get(id);
        const { previousTimestamp, ...links } = linksOf(gossip.knowledge, signer.did, read);
        const record = records.sign(
          {
            kind: 'icn/entry/1',
            network: NETWORK,
            topic: HOURS,
            author: signer.did,
            ...links,
            timestamp: Math.max(1_000, previousTimestamp),
            body: { accounts: [], memo },
          },
          signer,
        );
        member.carry(gossip.publish(nowMs, record));
        return record;
      },
      hears(from, message) {
        const effects = gossip.receive(nowMs, from, message);
        member.carry(effects);
        return effects;
      },
      certify(certificate) {
        certified.add(certificate);
        member.carry(gossip.certified?.(nowMs, certificate) ?? []);
      },
      carry(effects) {
        for (const effect of effects) perform(member, effect);
      },
    };
    return member;
  };

  const perform = (member: Inside, effect: Effect): void => {
    switch (effect.effect) {
      case 'store':
        assert(!member.stored.has(effect.record.id), 'a record is stored once');
        member.stored.set(effect.record.id, effect.record);
        break;
      case 'forget':
        assert(member.stored.delete(effect.id), 'only what is stored is forgotten');
        member.forgotten.push(effect.id);
        break;
      case 'deliver':
        assert(member.stored.has(effect.record.id), 'a record is stored before it is delivered');
        member.delivered.push(effect.record.id);
        break;
      case 'send':
        for (const part of partsOf(effect.message)) post(member, [effect.peer], part);
        break;
      case 'broadcast':
        for (const part of partsOf(effect.message)) post(member, effect.peers, part);
        break;
      case 'schedule':
        member.timers.set(effect.timer, nowMs + effect.delayMs);
        member.scheduled.push({ timer: effect.timer, delayMs: effect.delayMs });
        break;
      case 'log':
        member.logged.set(effect.event, (member.logged.get(effect.event) ?? 0) + 1);
        break;
    }
  };

  const post = (from: Inside, to: readonly Did[], message: TopicMessage): void => {
    for (const id of idsIn(message)) {
      const gone = from.forgotten.includes(id);
      assert(gone || from.stored.has(id), `${message.type} speaks of ${id} before it is stored`);
    }
    for (const did of to) {
      const letter = { from: from.did, to: did, message };
      said.push(letter);
      if (!village.drops(letter)) queue.push(letter);
    }
  };

  const members = signers.map(create);
  const memberOf = (did: Did): Inside | undefined => members.find((member) => member.did === did);
  const link = (left: Member, right: Member): string => [left.did, right.did].sort().join(' ');

  const village: Village = {
    members,
    settings,
    said,
    now: () => nowMs,
    drops: () => false,
    connect(left, right) {
      linked.add(link(left, right));
      left.carry(left.gossip.joined(nowMs, right.did));
      right.carry(right.gossip.joined(nowMs, left.did));
    },
    disconnect(left, right) {
      linked.delete(link(left, right));
      left.carry(left.gossip.left(nowMs, right.did));
      right.carry(right.gossip.left(nowMs, left.did));
    },
    connectAll() {
      members.forEach((left, index) => {
        for (const right of members.slice(index + 1)) village.connect(left, right);
      });
      village.settle();
    },
    settle() {
      let count = 0;
      for (let letter = queue.shift(); letter; letter = queue.shift()) {
        assert(count++ < MESSAGES_MAX, 'the village never falls silent');
        const to = memberOf(letter.to);
        const from = memberOf(letter.from);
        if (to && from && linked.has(link(to, from))) to.hears(letter.from, letter.message);
      }
    },
    advance(milliseconds) {
      const untilMs = nowMs + milliseconds;
      village.settle();
      for (;;) {
        let next: { member: Inside; timer: string; atMs: number } | undefined;
        for (const member of members) {
          for (const [timer, atMs] of member.timers) {
            if (atMs <= untilMs && (!next || atMs < next.atMs)) next = { member, timer, atMs };
          }
        }
        if (!next) break;
        nowMs = next.atMs;
        next.member.timers.delete(next.timer);
        next.member.carry(next.member.gossip.elapsed(nowMs, next.timer));
        village.settle();
      }
      nowMs = untilMs;
    },
  };
  for (const member of members) member.carry(member.gossip.start(0));
  return village;
};

/** The ids held in causal order, as a node would export them. */
export const orderOf = ({ gossip }: Member): readonly RecordId[] => gossip.knowledge.ordered();

/** What was said of some type, from one member or from all. */
export const saidOf = <Type extends TopicMessage['type']>(
  village: Village,
  type: Type,
  from?: Member,
): Extract<TopicMessage, { readonly type: Type }>[] =>
  village.said
    .filter((letter) => letter.message.type === type && (!from || letter.from === from.did))
    .map(({ message }) => message as Extract<TopicMessage, { readonly type: Type }>);
