/**
 * Policies: which topics this node has, and under which rules.
 *
 * Those of the genesis and the one of trust are there from the start and stay. Others are opened by
 * whoever operates the node, under a name of their own prefix, so many at a time and so many an hour:
 * each costs timers, memory and a digest now and then.
 */
import { COUNCIL_TOPIC } from '#contracts/certificates.ts';
import { LEDGER_TOPIC_PATTERN, TRUST_TOPIC, type Did, type Topic } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import {
  isReserved,
  RETENTION_DEFAULT,
  TOPIC_PATTERN,
  TOPICS_OPEN_MAX,
  TOPICS_OPENED_PER_HOUR_MAX,
  type TopicAccess,
  type TopicOpenStatus,
  type TopicPolicy,
} from '#contracts/topics.ts';

const HOUR_MS = 3_600_000;

/** Whether a topic carries a currency: its records are folded. */
export const isLedger = (topic: Topic): boolean => LEDGER_TOPIC_PATTERN.test(topic);

/** Whether nothing of a topic is ever given up: its records are in the store. */
export const isDurable = (topic: Topic): boolean => isLedger(topic) || topic === COUNCIL_TOPIC;

/** Everybody reads what stewards decide; that only they are heard is the council's to say (council.ts). */
export const COUNCIL_POLICY: TopicPolicy = {
  topic: COUNCIL_TOPIC,
  access: { access: 'Public' },
  scope: 'network',
};

/** Ledger topics are public: validity is decided by the fold, alike on every node. */
export const ledgerPolicy = (topic: Topic): TopicPolicy => ({
  topic,
  access: { access: 'Public' },
  scope: 'network',
});

/** Everybody may say whom they trust; what follows from it each decides for itself. */
export const TRUST_POLICY: TopicPolicy = {
  topic: TRUST_TOPIC,
  access: { access: 'Public' },
  scope: 'network',
  retention: RETENTION_DEFAULT,
};

export interface Policies {
  /** Sorted by topic. */
  all(): readonly TopicPolicy[];
  of(topic: Topic): TopicPolicy | undefined;
  /** The rule for others: what is local is private to this node. Undefined denies. */
  accessOf(topic: Topic): TopicAccess | undefined;
  open(now: number, policy: TopicPolicy): Outcome<void, TopicOpenStatus>;
  /** False for a topic that is not there, or stays. */
  close(topic: Topic): boolean;
}

export const createPolicies = (self: Did, given: readonly TopicPolicy[]): Policies => {
  const policies = new Map(given.map((policy) => [policy.topic, policy]));
  /** Monotonic times of what was opened within the hour. */
  let opened: number[] = [];

  const objection = (now: number, topic: Topic): ReturnType<Policies['open']> | undefined => {
    if (!TOPIC_PATTERN.test(topic)) {
      return refused('topic_malformed', `expected a prefix and a name, such as garden:plans, got ${topic.slice(0, 80)}`); // prettier-ignore
    }
    if (isReserved(topic)) return refused('topic_reserved', `${topic} is not opened by hand`);
    if (policies.has(topic)) return refused('topic_exists', `${topic} is open already`);
    if (policies.size >= TOPICS_OPEN_MAX) {
      return refused('topics_full', `${TOPICS_OPEN_MAX} topics are open, close one first`);
    }
    opened = opened.filter((at) => now - at < HOUR_MS);
    return opened.length < TOPICS_OPENED_PER_HOUR_MAX
      ? undefined
      : refused('topics_too_often', `${opened.length} topics were opened within the hour`);
  };

  return {
    all: () => [...policies.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
    of: (topic) => policies.get(topic),
    accessOf(topic) {
      const policy = policies.get(topic);
      return policy?.scope === 'local' ? { access: 'Private', allowed: [self] } : policy?.access;
    },
    open(now, policy) {
      const refusal = objection(now, policy.topic);
      if (refusal) return refusal;
      opened.push(now);
      policies.set(policy.topic, policy);
      return accepted(undefined);
    },
    close: (topic) => !isReserved(topic) && policies.delete(topic),
  };
};
