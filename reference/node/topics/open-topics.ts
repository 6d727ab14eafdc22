/**
 * Opening and closing topics while the node runs, and what a snapshot keeps of them: their rules, who
 * wants to hear of them, how far each author has come.
 */
import type { Gossip } from '#contracts/gossip.ts';
import type { Host } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import type { CoordinationState } from '#contracts/snapshot.ts';
import type { TopicPolicy } from '#contracts/topics.ts';
import type { Performer } from '../durable/performer.ts';
import type { Policies } from './policies.ts';
import type { RecordStore } from '../durable/record-store.ts';
import { gossipOf, type Topics } from './topics.ts';

export interface OpenTopicsOptions {
  readonly self: Did;
  readonly host: Pick<Host, 'monotonic' | 'log'>;
  readonly policies: Policies;
  readonly gossips: Map<Topic, Gossip>;
  readonly gossipFor: (policy: TopicPolicy) => Gossip;
  readonly store: Pick<RecordStore, 'forget' | 'ownTip'>;
  readonly performer: Pick<Performer, 'forget'>;
  readonly topics: Pick<Topics, 'opened' | 'closed' | 'subscribers'>;
  /** There is one topic more or less. */
  readonly changed: () => void;
}

export type OpenTopics = Pick<Node, 'open' | 'close' | 'coordination'>;

/** Who else wanted to hear of each topic when a snapshot was made. */
export const othersIn = (
  { subscriptions }: CoordinationState,
  self: Did,
): CoordinationState['subscriptions'] =>
  Object.fromEntries(
    Object.entries(subscriptions).map(([topic, dids]) => [
      topic,
      dids.filter((did) => did !== self),
    ]),
  );

export const createOpenTopics = (options: OpenTopicsOptions): OpenTopics => {
  const { self, host, policies, gossips, store, performer, topics, changed } = options;

  /** Something of each topic that has it. */
  const byTopic = <Value>(valueOf: (topic: Topic) => Value | undefined) =>
    Object.fromEntries(
      policies.all().flatMap(({ topic }): [Topic, Value][] => {
        const value = valueOf(topic);
        return value === undefined ? [] : [[topic, value]];
      }),
    );

  /** How far everybody has come. The own chain by its end: after a restart its records are not back yet. */
  const clockOf = (topic: Topic): CoordinationState['clocks'][Topic] => {
    const clock = new Map(gossipOf(gossips, topic).knowledge.clock());
    const tip = store.ownTip(topic);
    if (tip) clock.set(self, tip.sequence);
    return Object.fromEntries(clock);
  };

  return {
    open(policy) {
      const outcome = policies.open(host.monotonic(), policy);
      if (!outcome.ok) return outcome;
      gossips.set(policy.topic, options.gossipFor(policy));
      host.log('info', 'topic_opened', { ...policy });
      topics.opened(policy.topic);
      changed();
      return outcome;
    },
    close(topic) {
      if (!policies.close(topic)) return false;
      for (const id of gossipOf(gossips, topic).knowledge.ordered()) store.forget(id);
      gossips.delete(topic);
      performer.forget(topic);
      topics.closed(topic);
      host.log('info', 'topic_closed', { topic });
      changed();
      return true;
    },
    coordination: () => ({
      owner: self,
      topics: policies.all(),
      subscriptions: byTopic((topic) => [self, ...topics.subscribers(topic)].sort()),
      clocks: byTopic(clockOf),
      ownTips: byTopic((topic) => store.ownTip(topic)),
    }),
  };
};
