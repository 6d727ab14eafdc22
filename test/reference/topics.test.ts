/** Topics: every message reaches the gossip of its topic, and no other; some reach none. */
import { describe, expect, it } from 'vitest';
import type { Effect } from '#contracts/effects.ts';
import type { Gossip } from '#contracts/gossip.ts';
import type { DurableStore } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { GossipMessage, PullRequest, TopicMessage } from '#contracts/messages.ts';
import type { NodeCount } from '#contracts/node.ts';
import { BUDGETS, type Trust } from '#contracts/trust.ts';
import { createAllowances } from '#reference/node/peers/allowances.ts';
import { createPerformer, type PerformerOptions } from '#reference/node/durable/performer.ts';
import { createTopics } from '#reference/node/topics/topics.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';
import { HOURS, inventedId, nonceOf, signerOf } from '#test/support/village.ts';

const BEN = signerOf('ben').did;
const SECRETS: Topic = 'board:secrets';
const PULL_BYTES_MAX = BUDGETS.Isolated.pullBytesMax;

/** A gossip that notes what it is handed; its only effect names the input. */
const listening = (topic: Topic, heard: string[], messages: TopicMessage[]): Gossip => {
  const note = (input: string): readonly Effect[] => {
    heard.push(`${topic} ${input}`);
    return [{ effect: 'log', event: 'pull_timed_out', detail: `${topic} ${input}` }];
  };
  return {
    start: () => note('start'),
    joined: (_now: number, peer: Did) => note(`joined ${peer}`),
    left: (_now: number, peer: Did) => note(`left ${peer}`),
    receive: (_now: number, _peer: Did, message: TopicMessage) => {
      messages.push(message);
      return note(message.type);
    },
  } as unknown as Gossip;
};

const trust: Trust = {
  score: () => 0,
  classOf: () => 'Isolated',
  mayPublish: () => true,
  mayRead: (topic) => topic !== SECRETS,
  budget: () => ({ ...BUDGETS.Isolated, pullBytesMax: PULL_BYTES_MAX }),
};

/** Two topics, one of them closed to others, and all that they were handed and led to. */
const listeningTo = () => {
  const scheduler = createScheduler(0);
  const heard: string[] = [];
  const messages: TopicMessage[] = [];
  const counted: NodeCount[] = [];
  const performed: string[] = [];
  const said: GossipMessage[] = [];
  const topics = createTopics({
    gossips: new Map([HOURS, SECRETS].map((topic) => [topic, listening(topic, heard, messages)])),
    trust,
    host: { after: scheduler.after, monotonic: scheduler.now },
    say: (_peer, message) => said.push(message),
    allowances: createAllowances(trust),
    perform: (topic, effects) => {
      for (const effect of effects) {
        if (effect.effect === 'log') performed.push(effect.detail ?? '');
        expect(performed.at(-1)).toContain(topic);
      }
    },
    count: (event) => counted.push(event),
    hears: () => true,
    brought: () => {},
    claimed: () => undefined,
  });
  return { topics, heard, messages, counted, performed, said };
};

const nonce = nonceOf('topics');
const messagesOf = (topic: Topic): TopicMessage[] => [
  { type: 'announce', topic, records: [], ids: [inventedId('a')] },
  { type: 'response', topic, records: [], missing: [] },
  { type: 'digest', topic, clock: {}, count: 0, fingerprint: 'f'.repeat(64), nonce },
  { type: 'pull-response', topic, records: [], done: true, truncated: false, nonce },
  { type: 'request', topic, ids: [inventedId('a')] },
  { type: 'pull-request', topic, ranges: [], maxBytes: 1 << 30, nonce },
];

describe('a message about a topic', () => {
  it('reaches the gossip of its topic, from a peer that joined or not, and is performed', () => {
    const { topics, heard, performed, counted } = listeningTo();
    topics.connected(BEN);
    for (const message of messagesOf(HOURS)) topics.received(BEN, message);
    expect(heard).toEqual(messagesOf(HOURS).map(({ type }) => `${HOURS} ${type}`));
    expect(performed).toEqual(heard);
    expect(counted).toEqual([]);
  });

  it('of no topic of ours is counted and heard by nobody, and whoever says it is told so', () => {
    const { topics, heard, counted, said } = listeningTo();
    topics.connected(BEN);
    said.length = 0;
    for (const message of messagesOf('ledger:beans')) topics.received(BEN, message);
    expect(heard).toEqual([]);
    expect(said).toEqual(
      messagesOf('ledger:beans').map(() => ({ type: 'unsubscribe', topics: ['ledger:beans'] })),
    );
    expect(counted).toEqual(messagesOf('ledger:beans').map(() => 'topic_unknown'));
  });

  it.each(['digest', 'request', 'pull-request'])(
    'that asks for what the peer may not read is counted and nothing else: %s',
    (asking) => {
      const { topics, heard, counted, said } = listeningTo();
      topics.connected(BEN);
      said.length = 0;
      for (const message of messagesOf(SECRETS)) {
        if (message.type === asking) topics.received(BEN, message);
      }
      expect([heard, said]).toEqual([[], []]);
      expect(counted).toEqual(['request_not_permitted']);
    },
  );

  it('that asks for more than the peer may draw is told to wait, and when it goes on asking it is told nothing', () => {
    const { topics, heard, counted, said } = listeningTo();
    topics.connected(BEN);
    said.length = 0;
    for (let index = 0; index < 3; index++) topics.received(BEN, messagesOf(HOURS).at(-1)!);
    expect(heard).toEqual([`${HOURS} pull-request`]);
    expect(counted).toEqual(['pull_deferred', 'pull_deferred']);
    const wait = { type: 'pull-response', topic: HOURS, records: [], done: true, truncated: true };
    expect(said).toEqual([{ ...wait, waitMs: 1_500, nonce }]);
  });

  it('that brings something is heard of a peer that may not read: its author is asked about', () => {
    const { topics, heard } = listeningTo();
    topics.connected(BEN);
    for (const message of messagesOf(SECRETS)) topics.received(BEN, message);
    const brought = ['announce', 'response', 'pull-response'];
    expect(heard).toEqual(brought.map((type) => `${SECRETS} ${type}`));
  });

  it('that pulls is cut down to what the class of the peer may cost, and not raised to it', () => {
    const pull = messagesOf(HOURS).at(-1) as PullRequest;
    const heardAs = [1, PULL_BYTES_MAX, PULL_BYTES_MAX, PULL_BYTES_MAX];
    const asked = [1, PULL_BYTES_MAX, PULL_BYTES_MAX + 1, Number.MAX_SAFE_INTEGER];
    asked.forEach((maxBytes, index) => {
      const { topics, messages } = listeningTo();
      topics.connected(BEN);
      topics.received(BEN, { ...pull, maxBytes });
      expect(messages).toEqual([{ ...pull, maxBytes: heardAs[index] }]);
    });
  });

  it('is not heard of a peer that is not connected, before or after', () => {
    const { topics, heard, counted, said } = listeningTo();
    const spoken = [...messagesOf(HOURS), ...messagesOf('ledger:beans')];
    for (const message of spoken) topics.received(BEN, message);
    topics.connected(BEN);
    topics.disconnected(BEN);
    [heard, said].forEach((list) => (list.length = 0));
    for (const message of spoken) topics.received(BEN, message);
    topics.received(BEN, { type: 'subscribe', topics: [HOURS] });
    expect([heard, counted, said]).toEqual([[], [], []]);
  });
});

describe('a peer', () => {
  it('joins each topic it is let into once, and leaves every topic with its session', () => {
    const { topics, heard } = listeningTo();
    topics.start();
    topics.connected(BEN);
    for (let time = 0; time < 2; time++) {
      topics.received(BEN, { type: 'subscribe', topics: [HOURS, SECRETS] });
    }
    topics.received(BEN, { type: 'unsubscribe', topics: [HOURS] });
    topics.received(BEN, { type: 'subscribe', topics: [HOURS] });
    topics.disconnected(BEN);
    expect(heard).toEqual([
      `${HOURS} start`,
      `${SECRETS} start`,
      `${HOURS} joined ${BEN}`,
      `${HOURS} left ${BEN}`,
      `${HOURS} joined ${BEN}`,
      `${HOURS} left ${BEN}`,
      `${SECRETS} left ${BEN}`,
    ]);
  });
});

describe('timers', () => {
  it('of one name in two topics run each in its own time; a later one replaces its namesake', () => {
    const scheduler = createScheduler(0);
    const rang: string[] = [];
    const ringing = (topic: Topic): Gossip =>
      ({
        elapsed: (now: number, timer: string) => {
          rang.push(`${topic} ${timer} ${now}`);
          return [];
        },
      }) as unknown as Gossip;
    const performer = createPerformer(
      {
        host: { after: scheduler.after, monotonic: scheduler.now, store: {} as DurableStore },
        gossips: new Map([HOURS, SECRETS].map((topic) => [topic, ringing(topic)])),
        store: { settled: () => undefined },
      } as unknown as PerformerOptions,
      [],
    );
    const schedule = (topic: Topic, delayMs: number): void =>
      performer.perform(topic, [{ effect: 'schedule', timer: 'pull', delayMs }]);
    schedule(HOURS, 5_000);
    for (let round = 1; round <= 4; round++) {
      schedule(SECRETS, 5_000);
      scheduler.runUntil(round * 2_000);
    }
    scheduler.runUntil(60_000);
    expect(rang).toEqual([`${HOURS} pull 5000`, `${SECRETS} pull 11000`]);
    schedule(HOURS, 1_000);
    performer.stop();
    expect(scheduler.pending).toBe(0);
  });
});
