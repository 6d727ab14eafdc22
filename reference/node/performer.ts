/**
 * The performer: effects become writes, words and timers.
 *
 * One call is one step. What its effects write is gathered into one commit, together with what follows
 * from it: the balances that the ledger gives for delivered records, and the heads of every topic
 * touched. What its effects say waits until the commit is durable (`steps.ts`).
 */
import type { Effect } from '#contracts/effects.ts';
import { Fault } from '#contracts/faults.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { Cancel, Host, Write } from '#contracts/host.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { Ledger } from '#contracts/ledger.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { NodeCount, NodeEvent } from '#contracts/node.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { RecordStore } from './record-store.ts';
import { createSteps } from './steps.ts';

export interface PerformerOptions {
  readonly host: Host;
  readonly gossip: Gossip;
  readonly ledger: Ledger;
  readonly store: RecordStore;
  readonly send: (peers: readonly Did[], message: GossipMessage) => void;
  readonly tell: (event: NodeEvent) => void;
  readonly count: (event: NodeCount, fields: { readonly [name: string]: unknown }) => void;
  /** The store can promise nothing any more. Called once. */
  readonly failed: (error: Error) => void;
}

export interface Performer {
  /**
   * Performs the effects of one step. `done` runs when it is durable and said; `lost`, with a Fault,
   * when neither will happen: the store failed, or the node has stopped.
   */
  perform(effects: readonly Effect[], done?: () => void, lost?: (error: Error) => void): void;
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
  readonly touched: Set<Topic>;
}

const nothing = (): void => undefined;

/** `first` is committed before anything else: the claim of a new store. */
export const createPerformer = (options: PerformerOptions, first: readonly Write[]): Performer => {
  const { host, gossip, ledger, store, send, tell, count } = options;
  const steps = createSteps(host.store, options.failed);
  const timers = new Map<string, Cancel>();
  /** Marks that are not worth a commit of their own: they travel with the next one. */
  const marks: Write[] = [...first];
  let stopped = false;

  /** The ledger folds a record whose ancestors are all here; watchers hear of it once it is safe. */
  const deliver = (record: SignedRecord, { balances, words }: Step): void => {
    const change = ledger.add(record);
    for (const { topic, account, balance } of change.balances) {
      const write = store.balance(topic, account, balance);
      balances.set(write.key, write);
    }
    const verdict = change.verdicts[0]?.verdict;
    if (verdict) words.push(() => tell({ event: 'delivered', record, verdict }));
  };

  const schedule = (timer: string, delayMs: number): void => {
    timers.get(timer)?.();
    const cancel = host.after(delayMs, () => {
      timers.delete(timer);
      perform(gossip.elapsed(host.monotonic(), timer));
    });
    timers.set(timer, cancel);
  };

  const gather = (effect: Effect, step: Step): void => {
    const { writes, words, kept, touched } = step;
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
        deliver(effect.record, step);
        break;
      case 'send':
        words.push(() => send([effect.peer], effect.message));
        break;
      case 'broadcast':
        words.push(() => send(effect.peers, effect.message));
        break;
      case 'pushed':
        words.push(() => marks.push(...effect.ids.map(store.pushed)));
        break;
      case 'schedule':
        schedule(effect.timer, effect.delayMs);
        break;
      case 'log':
        count(effect.event, { peer: effect.peer, detail: effect.detail });
        break;
    }
  };

  const perform: Performer['perform'] = (effects, done = nothing, lost = nothing) => {
    if (stopped) {
      lost(new Fault('node_not_running', 'the node has stopped'));
      return;
    }
    const step: Step = {
      writes: [],
      balances: new Map(),
      words: [],
      kept: [],
      touched: new Set(),
    };
    for (const effect of effects) gather(effect, step);
    const { writes, balances, words, kept, touched } = step;
    writes.push(...balances.values());
    for (const topic of touched) {
      writes.push(store.heads(topic, gossip.knowledge(topic)?.heads() ?? []));
    }
    if (writes.length > 0) writes.unshift(...marks.splice(0));
    const say = (): void => {
      store.settled(kept);
      for (const word of words) word();
      done();
    };
    steps.run(writes, say, lost);
  };

  return {
    perform,
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
};
