/**
 * A world: a few gossip cores in one process, with everything around them played by steps.
 *
 * Stores go into a map, messages into a queue, timers onto a virtual clock. What is said arrives at
 * once and in order unless a step says otherwise, so a schedule and a seed give the same run every time.
 * Everything that happens is noted; nothing is judged here.
 */
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip, Gossip, GossipSettings } from '#contracts/gossip.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Trust } from '#contracts/trust.ts';
import { create as createReconciliation } from '#reference/reconciliation/plain.ts';
import { createRandom } from '#reference/sim/random.ts';
import { TOPIC, content, nameOf, records, signerOf } from './entries.ts';
import { createRegister, type Register } from './register.ts';
import type { Event, Fate, Play, Run, State } from './run.ts';
import { countersOf, saidIn, whyMalformed } from './speech.ts';
import { readStep, type Name } from './step.ts';

/** The defaults of the real node. */
export const SETTINGS: GossipSettings = {
  digestIntervalMs: 10_000,
  digestJitterMs: 2_000,
  digestIntervalMsMax: 80_000,
  digestSpacingMs: 5_000,
  pullTimeoutMs: 5_000,
  requestRetryMs: 1_000,
  pushBytesMax: 8_192,
  pullBytesMax: 1_048_576,
  waitingMax: 4_096,
};

const LATE_MS = 500;
/** Messages in one step: beyond it, somebody talks without end. */
const MESSAGES_MAX = 2_000;
const PULL_BYTES_MAX = 1_048_576;

/** Everybody may read, publish (but for the outlaw), and costs what a partner costs. */
const trust: Trust = Object.freeze<Trust>({
  score: () => 0.6,
  classOf: () => 'Partner',
  budget: () => ({
    pullBytesMax: PULL_BYTES_MAX,
    pullsMax: 3,
    backOffMsMin: 300,
    backOffMsMax: 1_200,
    subscriptionsMax: 500,
  }),
  mayPublish: (_, author) => author !== signerOf('outlaw').did,
  mayRead: () => true,
});

interface Node {
  readonly name: string;
  readonly did: Did;
  readonly gossip: Gossip;
  readonly stored: Map<RecordId, SignedRecord>;
  readonly delivered: SignedRecord[];
  readonly timers: Map<string, number>;
  /** As last noted. */
  state: string;
}

interface Letter {
  readonly from: string;
  readonly to: string;
  readonly message: TopicMessage;
  /** The place of the `say` among the events. */
  readonly of: number;
}

export interface World {
  /** Plays a step; false once somebody talks without end. */
  play(step: string): boolean;
  /** Somebody from outside says something to a node, and what follows happens. */
  tell(from: string, to: Name, message: TopicMessage): void;
  /** Somebody from outside wants to hear of the topic. */
  visit(from: string, to: Name): void;
  /** Notes an entry that exists without any node: for `tell`. */
  readonly note: Register['note'];
  run(): Run;
}

export interface WorldOptions extends Omit<Play, 'steps'> {
  readonly createOf: (name: Name) => CreateGossip;
}

export const createWorld = ({
  names,
  seed,
  apart = [],
  settings,
  createOf,
}: WorldOptions): World => {
  let nowMs = 0;
  let endless = false;
  const events: Event[] = [];
  const register = createRegister();
  const { entryOf, recordOf } = register;
  const linked = new Set<string>();
  const cut = new Set<string>();
  const fates = new Map<string, Fate[]>();
  const queue: Letter[] = [];
  const late: { readonly atMs: number; readonly letter: Letter }[] = [];

  const pair = (left: string, right: string): string => [left, right].sort().join(' ');
  /** The next entry of a node, naming what was delivered there: computed here, not asked of the node. */
  const next = (node: Node): SignedRecord => {
    const own = node.delivered.filter(({ author }) => author === node.did);
    const last = own.at(-1);
    const cited = new Set(
      node.delivered.flatMap(({ previous, parents }) => [previous, ...parents]),
    );
    const heads = node.delivered.filter(({ id, author }) => author !== node.did && !cited.has(id));
    return register.note(node.name as Name, {
      sequence: (last?.sequence ?? 0) + 1,
      previous: last?.id ?? null,
      parents: [...new Set(heads.map(({ id }) => id))].slice(0, 16),
    });
  };

  const post = (from: string, to: string, message: TopicMessage): void => {
    const reason = whyMalformed(message);
    if (reason !== undefined) {
      events.push({ atMs: nowMs, on: 'malformed', node: from, reason });
      return;
    }
    const said = saidIn(message, entryOf);
    const reachable = linked.has(pair(from, to)) && !cut.has(pair(from, to));
    const way = `${from} ${to}`;
    const fate: Fate = reachable ? (fates.get(way)?.shift() ?? 'arrives') : 'is lost';
    const of = events.push({ atMs: nowMs, on: 'say', node: from, to, said, fate }) - 1;
    const letter = { from, to, message, of };
    if (fate === 'arrives' || fate === 'arrives twice') queue.push(letter);
    if (fate === 'arrives twice') queue.push(letter);
    if (fate === 'comes late') late.push({ atMs: nowMs + LATE_MS, letter });
  };

  // --- Nodes --------------------------------------------------------------------------------------

  const nodes = new Map<string, Node>();
  /** Nodes that were given something to do since their state was last noted. */
  const touched = new Set<Node>();

  const perform = (node: Node, effects: readonly Effect[]): void => {
    touched.add(node);
    // The host stores first and speaks afterwards, whatever the order of the list.
    const words: (() => void)[] = [];
    for (const effect of effects) {
      const atMs = nowMs;
      switch (effect.effect) {
        case 'store':
          node.stored.set(effect.record.id, effect.record);
          events.push({ atMs, on: 'store', node: node.name, entry: recordOf(effect.record) });
          break;
        case 'deliver':
          node.delivered.push(effect.record);
          events.push({ atMs, on: 'deliver', node: node.name, entry: recordOf(effect.record) });
          break;
        case 'forget':
          node.stored.delete(effect.id);
          events.push({ atMs, on: 'forget', node: node.name, entry: entryOf(effect.id) });
          break;
        case 'send':
          words.push(() => post(node.name, nameOf(effect.peer), effect.message));
          break;
        case 'broadcast':
          words.push(() => {
            for (const peer of effect.peers) post(node.name, nameOf(peer), effect.message);
          });
          break;
        case 'schedule':
          node.timers.set(effect.timer, nowMs + Math.max(1, effect.delayMs));
          break;
        case 'log':
          break;
      }
    }
    for (const word of words) word();
  };

  const hear = ({ from, to, message, of }: Letter): void => {
    const node = nodes.get(to);
    if (!node || !linked.has(pair(from, to))) return;
    events.push({ atMs: nowMs, on: 'hear', node: to, of });
    const cutDown =
      message.type === 'pull-request'
        ? { ...message, maxBytes: Math.min(message.maxBytes, PULL_BYTES_MAX) }
        : message;
    perform(node, node.gossip.receive(nowMs, signerOf(from).did, cutDown));
  };

  /** Carries messages until none is under way; false if that has no end. */
  const settle = (): boolean => {
    let count = 0;
    for (let letter = queue.shift(); letter && !endless; letter = queue.shift()) {
      hear(letter);
      endless = ++count > MESSAGES_MAX;
    }
    return !endless;
  };

  /** The next thing that time brings, if it is due by then. */
  const due = (untilMs: number): { readonly atMs: number; run(): void } | undefined => {
    let first: { atMs: number; run(): void } | undefined;
    late.forEach(({ atMs, letter }, index) => {
      if (atMs > untilMs || (first && first.atMs <= atMs)) return;
      first = {
        atMs,
        run() {
          late.splice(index, 1);
          hear(letter);
        },
      };
    });
    for (const node of nodes.values()) {
      for (const [timer, atMs] of node.timers) {
        if (atMs > untilMs || (first && first.atMs <= atMs)) continue;
        first = {
          atMs,
          run() {
            node.timers.delete(timer);
            events.push({ atMs: nowMs, on: 'timer', node: node.name, timer });
            perform(node, node.gossip.elapsed(nowMs, timer));
          },
        };
      }
    }
    return first;
  };

  const wait = (milliseconds: number): void => {
    const untilMs = nowMs + milliseconds;
    for (let next = due(untilMs); next; next = due(untilMs)) {
      nowMs = next.atMs;
      next.run();
      if (!settle()) return;
    }
    nowMs = untilMs;
  };

  const meet = (left: string, right: string): void => {
    linked.add(pair(left, right));
    const [here, there] = [nodes.get(left), nodes.get(right)];
    if (here) perform(here, here.gossip.joined(nowMs, signerOf(right).did));
    if (there) perform(there, there.gossip.joined(nowMs, signerOf(left).did));
  };

  const part = (left: string, right: string): void => {
    linked.delete(pair(left, right));
    for (const [name, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const node = nodes.get(name);
      if (node) perform(node, node.gossip.left(nowMs, signerOf(other).did));
    }
  };

  const stateOf = ({ gossip, stored }: Node): State => {
    const { knowledge } = gossip;
    const held = [...register.names].filter(([id]) => knowledge.has(id)).map(([, entry]) => entry);
    const strange = [...stored.keys()].filter((id) => !register.names.has(id)).map(entryOf);
    return {
      clock: countersOf(knowledge.clock()),
      count: knowledge.count,
      held: [...held, ...strange].sort(),
      waiting: gossip.waiting().records,
    };
  };

  const noteStates = (): void => {
    for (const node of touched) {
      const state = stateOf(node);
      const text = JSON.stringify(state);
      if (text === node.state) continue;
      node.state = text;
      events.push({ atMs: nowMs, on: 'state', node: node.name, state });
    }
    touched.clear();
  };

  for (const name of names) {
    const { did } = signerOf(name);
    const stored = new Map<RecordId, SignedRecord>();
    const gossip = createOf(name)({
      self: did,
      topic: TOPIC,
      records,
      trust,
      reconciliation: createReconciliation({ content }),
      read: (id) => stored.get(id),
      random: createRandom(`${seed} ${name}`).next,
      settings: { ...SETTINGS, ...settings },
    });
    nodes.set(name, { name, did, gossip, stored, delivered: [], timers: new Map(), state: '' });
  }
  for (const node of nodes.values()) perform(node, node.gossip.start(0));
  names.forEach((left, index) => {
    for (const right of names.slice(index + 1)) {
      const strangers = apart.some(([one, other]) => pair(one, other) === pair(left, right));
      if (!strangers) meet(left, right);
    }
  });
  settle();
  noteStates();

  return {
    play(text) {
      const step = readStep(text, names);
      if (!step) throw new Error(`no step of a schedule: ${text}`);
      events.push({ atMs: nowMs, on: 'step', step: text });
      switch (step.verb) {
        case 'write': {
          const node = nodes.get(step.who)!;
          const record = next(node);
          events.push({ atMs: nowMs, on: 'write', node: node.name, entry: entryOf(record.id) });
          perform(node, node.gossip.publish(nowMs, record));
          break;
        }
        case 'wait':
          wait(step.seconds * 1_000);
          break;
        case 'cut':
          cut.add(pair(step.left, step.right));
          break;
        case 'mend':
          cut.delete(pair(step.left, step.right));
          fates.delete(`${step.left} ${step.right}`);
          fates.delete(`${step.right} ${step.left}`);
          break;
        case 'meet':
          if (!linked.has(pair(step.left, step.right))) meet(step.left, step.right);
          break;
        case 'part':
          if (linked.has(pair(step.left, step.right))) part(step.left, step.right);
          break;
        case 'lose':
        case 'twice':
        case 'late': {
          const way = `${step.left} ${step.right}`;
          const fate = ({ lose: 'is lost', twice: 'arrives twice', late: 'comes late' } as const)[
            step.verb
          ];
          fates.set(way, [...(fates.get(way) ?? []), fate]);
          break;
        }
      }
      settle();
      noteStates();
      return !endless;
    },
    tell(from, to, message) {
      linked.add(pair(from, to));
      const said = saidIn(message, entryOf);
      const of = events.push({ atMs: nowMs, on: 'say', node: from, to, said, fate: 'arrives' }) - 1;
      hear({ from, to, message, of });
      settle();
      noteStates();
    },
    visit(from, to) {
      meet(from, to);
      settle();
    },
    note: register.note,
    run: () => ({
      names: [...names],
      written: register.written,
      events,
      endless,
      end: Object.fromEntries([...nodes.values()].map((node) => [node.name, stateOf(node)])),
    }),
  };
};

/** Plays a whole schedule. */
export const play = (given: Play, createOf: (name: Name) => CreateGossip): Run => {
  const world = createWorld({ ...given, createOf });
  for (const step of given.steps) if (!world.play(step)) break;
  return world.run();
};
