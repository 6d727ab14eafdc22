/** Subscriptions: both sides say what they want until they are heard, and nobody gets more than it may. */
import { describe, expect, it } from 'vitest';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { SubscriptionMessage, SubscriptionStatus } from '#contracts/messages.ts';
import { BUDGETS } from '#contracts/trust.ts';
import { createSubscriptions } from '#reference/node/topics/subscriptions.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';
import { HOURS, signerOf } from '#test/support/village.ts';

const [BEN, CEM] = [signerOf('ben').did, signerOf('cem').did];
const EUROS: Topic = 'ledger:euros';
const SECRETS: Topic = 'board:secrets';

/** Subscriptions to three topics, of which one is closed to others, and what they do. */
const facing = (subscriptionsMax = 10) => {
  const scheduler = createScheduler(0);
  const said: { readonly peer: Did; readonly message: SubscriptionMessage }[] = [];
  const happened: string[] = [];
  /** Topics that nobody may read. */
  const closed = new Set([SECRETS]);
  const subscriptions = createSubscriptions({
    topics: () => [HOURS, EUROS, SECRETS],
    trust: {
      mayRead: (topic) => !closed.has(topic),
      budget: () => ({ ...BUDGETS.Known, subscriptionsMax }),
    },
    after: scheduler.after,
    say: (peer, message) => {
      said.push({ peer, message });
      happened.push(message.type);
    },
    joined: (topic, peer) => happened.push(`joined ${topic} ${peer === BEN ? 'ben' : 'cem'}`),
    left: (topic, peer) => happened.push(`left ${topic} ${peer === BEN ? 'ben' : 'cem'}`),
  });
  const runFor = (milliseconds: number): void => scheduler.runUntil(scheduler.now() + milliseconds);
  /** What is said of each topic that a peer asks for. */
  const ask = (peer: Did, ...topics: Topic[]): SubscriptionStatus[] | undefined => {
    subscriptions.receive(peer, { type: 'subscribe', topics });
    const message = said.at(-1)?.message;
    if (message?.type !== 'subscribe-ack') return undefined;
    expect(message.topics.map(({ topic }) => topic)).toEqual(topics);
    return message.topics.map(({ status }) => status);
  };
  const acknowledge = (peer: Did, ...topics: Topic[]): void =>
    subscriptions.receive(peer, {
      type: 'subscribe-ack',
      topics: topics.map((topic) => ({ topic, status: 'subscribed' })),
    });
  const wanted = () =>
    said.flatMap(({ message }) => (message.type === 'subscribe' ? [message.topics] : []));
  return { subscriptions, scheduler, said, happened, closed, runFor, ask, acknowledge, wanted };
};

describe('what we want', () => {
  it('is said at once and every two seconds until it is acknowledged, and not after', () => {
    const { subscriptions, runFor, acknowledge, wanted, scheduler } = facing();
    subscriptions.connected(BEN);
    runFor(9_000);
    const all = [HOURS, EUROS];
    expect(wanted()).toEqual([all, all, all, all, all]);
    acknowledge(BEN, HOURS);
    runFor(1_000);
    expect(wanted().slice(5)).toEqual([[EUROS]]);
    acknowledge(BEN, EUROS);
    runFor(60_000);
    expect(wanted()).toHaveLength(6);
    expect(scheduler.pending).toBe(0);
  });

  it('is told to nobody who may not read it', () => {
    const { subscriptions, wanted } = facing();
    subscriptions.connected(BEN);
    expect(wanted()).toEqual([[HOURS, EUROS]]);
  });

  it('is taken as answered by a refusal too: who does not know the topic is not asked for ever', () => {
    const { subscriptions, runFor, wanted } = facing();
    subscriptions.connected(BEN);
    const topics = [HOURS, EUROS, SECRETS].map(
      (topic) => ({ topic, status: 'topic_unknown' }) as const,
    );
    subscriptions.receive(BEN, { type: 'subscribe-ack', topics });
    runFor(60_000);
    expect(wanted()).toHaveLength(1);
  });

  it('is said to nobody after the session has ended, and again in the next one', () => {
    const { subscriptions, runFor, acknowledge, wanted, scheduler } = facing();
    subscriptions.connected(BEN);
    subscriptions.disconnected(BEN);
    expect(scheduler.pending).toBe(0);
    runFor(60_000);
    expect(wanted()).toHaveLength(1);
    subscriptions.connected(BEN);
    acknowledge(BEN, HOURS, EUROS);
    subscriptions.disconnected(BEN);
    subscriptions.connected(BEN);
    expect(wanted()).toHaveLength(3);
    expect(wanted().at(-1)).toEqual([HOURS, EUROS]);
  });
});

describe('what a peer wants', () => {
  it('is answered by name: subscribed, unknown, not permitted', () => {
    const { subscriptions, ask, happened } = facing();
    subscriptions.connected(BEN);
    expect(ask(BEN, 'ledger:beans', HOURS, SECRETS)).toEqual([
      'topic_unknown',
      'subscribed',
      'not_permitted',
    ]);
    expect(happened).toEqual(['subscribe', 'subscribe-ack', `joined ${HOURS} ben`]);
  });

  it('is acknowledged again when it is said again, and joins nothing again', () => {
    const { subscriptions, ask, happened } = facing();
    subscriptions.connected(BEN);
    expect(ask(BEN, HOURS, HOURS)).toEqual(['subscribed', 'subscribed']);
    expect(ask(BEN, HOURS)).toEqual(['subscribed']);
    expect(happened.filter((each) => each.startsWith('joined'))).toEqual([`joined ${HOURS} ben`]);
  });

  it('is refused as full beyond what its class may want, until it gives one up', () => {
    const { subscriptions, ask } = facing(1);
    subscriptions.connected(BEN);
    subscriptions.connected(CEM);
    expect(ask(BEN, HOURS, EUROS)).toEqual(['subscribed', 'full']);
    expect(ask(BEN, HOURS)).toEqual(['subscribed']);
    expect(ask(CEM, EUROS)).toEqual(['subscribed']);
    subscriptions.receive(BEN, { type: 'unsubscribe', topics: [HOURS] });
    expect(ask(BEN, EUROS)).toEqual(['subscribed']);
  });

  it('ends with an Unsubscribe, once, and may begin again', () => {
    const { subscriptions, ask, happened } = facing();
    subscriptions.connected(BEN);
    subscriptions.receive(BEN, { type: 'unsubscribe', topics: [HOURS] });
    ask(BEN, HOURS, EUROS);
    for (let time = 0; time < 2; time++) {
      subscriptions.receive(BEN, { type: 'unsubscribe', topics: [HOURS, 'ledger:beans'] });
    }
    ask(BEN, HOURS);
    expect(happened.filter((each) => / /.test(each))).toEqual([
      `joined ${HOURS} ben`,
      `joined ${EUROS} ben`,
      `left ${HOURS} ben`,
      `joined ${HOURS} ben`,
    ]);
  });

  it('is forgotten with its session: the next one begins with nothing', () => {
    const { subscriptions, ask, happened } = facing();
    subscriptions.connected(BEN);
    ask(BEN, HOURS);
    subscriptions.disconnected(BEN);
    expect(happened).not.toContain(`left ${HOURS} ben`);
    subscriptions.connected(BEN);
    ask(BEN, HOURS);
    expect(happened.filter((each) => each.startsWith('joined'))).toHaveLength(2);
  });

  it('is not heard of a peer that is not connected', () => {
    const { ask, said } = facing();
    expect(ask(BEN, HOURS)).toBeUndefined();
    expect(said).toEqual([]);
  });
});

describe('a review after trust has changed', () => {
  const changes = (happened: readonly string[]) => happened.filter((each) => / /.test(each));

  it('lets go who may not read any more, once, and takes it back when it may', () => {
    const { subscriptions, ask, happened, closed, said } = facing();
    subscriptions.connected(BEN);
    ask(BEN, HOURS, EUROS);
    closed.add(HOURS);
    for (let time = 0; time < 2; time++) subscriptions.review();
    expect(subscriptions.subscribers(HOURS)).toEqual([]);
    closed.delete(HOURS);
    for (let time = 0; time < 2; time++) subscriptions.review();
    expect(changes(happened)).toEqual([
      `joined ${HOURS} ben`,
      `joined ${EUROS} ben`,
      `left ${HOURS} ben`,
      `joined ${HOURS} ben`,
    ]);
    const acknowledged = [{ topic: HOURS, status: 'subscribed' }];
    expect(said.at(-1)?.message).toEqual({ type: 'subscribe-ack', topics: acknowledged });
  });

  it('lets in who was refused, and says what we want of it; not who gave it up meanwhile', () => {
    const { subscriptions, ask, happened, closed, wanted } = facing();
    for (const peer of [BEN, CEM]) subscriptions.connected(peer);
    expect([BEN, CEM].map((peer) => ask(peer, SECRETS))).toEqual([
      ['not_permitted'],
      ['not_permitted'],
    ]);
    expect(wanted().flat()).not.toContain(SECRETS);
    subscriptions.receive(CEM, { type: 'unsubscribe', topics: [SECRETS] });
    closed.clear();
    subscriptions.review();
    expect(changes(happened)).toEqual([`joined ${SECRETS} ben`]);
    expect(wanted().filter((topics) => topics.includes(SECRETS))).toHaveLength(2);
  });

  it('changes nothing where nothing changed', () => {
    const { subscriptions, ask, said } = facing();
    subscriptions.connected(BEN);
    ask(BEN, HOURS, SECRETS);
    const before = said.length;
    subscriptions.review();
    expect(said).toHaveLength(before);
  });
});
