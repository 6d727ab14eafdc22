/**
 * The performer: effects become writes, words and timers.
 *
 * One call is one step. What its effects write is gathered into one commit, together with what follows
 * from it: the balances that the ledger gives for delivered records, the heads of the topic, and what
 * quarantine keeps of the batch. What its effects say waits until the commit is durable (`steps.ts`), and
 * announcements perhaps a moment longer (`peers/herald.ts`).
 */
import type { Effect } from '#contracts/effects.ts';
import { COUNCIL_TOPIC } from '#contracts/certificates.ts';
import { Fault } from '#contracts/faults.ts';
import type { Cancel, Host, Write } from '#contracts/host.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Ledger, LedgerChange } from '#contracts/ledger.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import type { NodeCount, NodeEvent } from '#contracts/node.ts';
import type { MergeBatch, Quarantine } from '#contracts/quarantine.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { CouncilHearing, CouncilStep } from '../council/council.ts';
import type { RecordStore } from './record-store.ts';
import type { CountedFields } from '../operator/metering.ts';
import { createHerald } from '../peers/herald.ts';
import { createSteps } from './steps.ts';
import { isDurable, isLedger } from '../topics/policies.ts';
import { gossipOf, type Gossips } from '../topics/topics.ts';

export interface PerformerOptions {
  readonly host: Host;
  readonly gossips: Gossips;
  readonly ledger: Ledger;
  readonly quarantine: Quarantine;
  readonly store: RecordStore;
  /** A message of any length, to each of these. */
  readonly send: (peers: readonly Did[], message: TopicMessage) => void;
  /** A record of a topic that is no ledger; gives what is written with it. */
  readonly heard: (record: SignedRecord) => readonly Write[];
  readonly council: CouncilHearing;
  readonly tell: (event: NodeEvent) => void;
  readonly count: (event: NodeCount, fields: CountedFields) => void;
  /** The store can promise nothing any more. Called once. */
  readonly failed: (error: Error) => void;
}

export interface Performer {
  /**
   * Performs the effects of one step of a topic's gossip. `done` runs when it is durable and said;
   * `lost`, with a Fault, when neither will happen: the store failed, or the node has stopped.
   */
  perform(
    topic: Topic,
    effects: readonly Effect[],
    done?: () => void,
    lost?: (error: Error) => void,
  ): void;
  /** The timers of a topic that is closed, and what waits to be announced of it. */
  forget(topic: Topic): void;
  /** What waits to be announced to this peer. */
  disconnected(peer: Did): void;
  /** Commits writes that follow from no effect, after everything of the steps before. */
  write(writes: readonly Write[], done: () => void, lost: (error: Error) => void): void;
  /** No timer runs any more, and no later step is performed. */
  stop(): void;
}

/** What one step has gathered so far. */
interface Step {
  readonly writes: Write[];
  /** By key: of an account that moves with every record of a batch, the last balance is enough. */
  readonly balances: Map<string, Write>;
  readonly words: (() => void)[];
  readonly kept: RecordId[];
  /** Certificates that it completed: entries may have waited for them. */
  readonly certified: RecordId[];
  /** What it brings of the ledger's, begun by the first of it. */
  batch: MergeBatch | undefined;
}

const nothing = (): void => undefined;

/** `first` is committed before anything else: the claim of a new store. */
export const createPerformer = (options: PerformerOptions, first: readonly Write[]): Performer => {
  const { host, gossips, ledger, quarantine, store, heard, council, tell, count } = options;
  const herald = createHerald({ host, say: options.send });
  const steps = createSteps(host.store, options.failed);
  /** By topic and name: two gossips may use the same one. */
  const timers = new Map<string, Cancel>();
  /** Not worth a commit of their own: they travel with the next one. */
  const unwritten: Write[] = [...first];
  let stopped = false;

  const batchOf = (step: Step): MergeBatch => (step.batch ??= quarantine.begin());

  /** The ledger folds an entry whose ancestors are all here; watchers hear of it once it is safe. */
  const deliver = (record: SignedRecord, peer: Did | undefined, step: Step): void => {
    const { writes, words } = step;
    if (!isLedger(record.topic)) {
      writes.push(...heard(record));
      words.push(() => tell({ event: 'heard', record }));
      if (record.topic === COUNCIL_TOPIC) follow(council.heard(record), step);
      return;
    }
    const change = batchOf(step).add(record, peer);
    noteBalances(change, step);
    const verdict = change.verdicts[0]?.verdict;
    if (verdict) words.push(() => tell({ event: 'delivered', record, verdict }));
    follow(council.entered(record.id), step);
  };

  const noteBalances = (change: LedgerChange, step: Step): void => {
    for (const { topic, account, balance } of change.balances) {
      const write = store.balance(topic, account, balance);
      step.balances.set(write.key, write);
    }
  };

  /** What certificates changed, in the same commit as the record that completed them. */
  const follow = ({ accepted, certified, changes, events }: CouncilStep, step: Step): void => {
    step.certified.push(...certified);
    if (changes.length > 0) step.writes.push(store.accepted(accepted));
    for (const change of changes) {
      noteBalances(change, step);
      if (change.displaced.length > 0) batchOf(step).moved(change.displaced);
    }
    for (const event of events) step.words.push(() => tell(event));
  };

  const schedule = (topic: Topic, timer: string, delayMs: number): void => {
    const key = `${topic} ${timer}`;
    timers.get(key)?.();
    const cancel = host.after(delayMs, () => {
      timers.delete(key);
      perform(topic, gossipOf(gossips, topic).elapsed(host.monotonic(), timer));
    });
    timers.set(key, cancel);
  };

  const gather = (topic: Topic, effect: Effect, step: Step): void => {
    const { writes, words, kept } = step;
    switch (effect.effect) {
      case 'store':
        writes.push(...store.keep(effect.record));
        kept.push(effect.record.id);
        break;
      case 'forget':
        writes.push(...store.forget(effect.id));
        ledger.forget(effect.id);
        break;
      case 'deliver':
        deliver(effect.record, effect.peer, step);
        break;
      case 'send':
        words.push(() => herald.say([effect.peer], effect.message));
        break;
      case 'broadcast':
        words.push(() => herald.say(effect.peers, effect.message));
        break;
      case 'schedule':
        schedule(topic, effect.timer, effect.delayMs);
        break;
      case 'log':
        count(effect.event, { peer: effect.peer, detail: effect.detail });
        if (effect.claim !== undefined && isLedger(topic)) {
          batchOf(step).note(effect.event, effect.claim, effect.peer, effect.detail ?? '');
        }
        break;
    }
  };

  const perform: Performer['perform'] = (topic, effects, done = nothing, lost = nothing) => {
    if (stopped) {
      lost(new Fault('node_not_running', 'the node has stopped'));
      return;
    }
    const step: Step = {
      writes: [],
      balances: new Map(),
      words: [],
      kept: [],
      certified: [],
      batch: undefined,
    };
    for (const effect of effects) gather(topic, effect, step);
    const { writes, balances, words, kept } = step;
    writes.push(...balances.values());
    const merged = step.batch?.close(host.now());
    if (merged && merged.writes.length > 0) {
      writes.push(...merged.writes);
      words.push(() => tell({ event: 'merged', decision: merged.decision }));
    }
    if (writes.length > 0) {
      writes.unshift(...unwritten.splice(0));
      if (isDurable(topic)) {
        writes.push(store.heads(topic, gossipOf(gossips, topic).knowledge.heads()));
      }
    }
    const say = (): void => {
      store.settled(kept);
      for (const word of words) word();
      done();
    };
    steps.run(writes, say, lost);
    // Steps of their own, after the one that keeps the votes: a restart finds them in this order.
    for (const id of step.certified) release(id);
  };

  const release = (certificate: RecordId): void => {
    for (const [topic, gossip] of gossips) {
      const effects = gossip.certified?.(host.monotonic(), certificate) ?? [];
      if (effects.length > 0) perform(topic, effects);
    }
  };

  return {
    perform,
    forget(topic) {
      for (const [key, cancel] of timers) {
        if (!key.startsWith(`${topic} `)) continue;
        cancel();
        timers.delete(key);
      }
      herald.closed(topic);
    },
    disconnected: (peer) => herald.disconnected(peer),
    write: (writes, done, lost) => {
      if (stopped) lost(new Fault('node_not_running', 'the node has stopped'));
      else steps.run([...unwritten.splice(0), ...writes], done, lost);
    },
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
      herald.stop();
    },
  };
};
