/** The herald: what is said at once, what waits for company, and what is never said. */
import { describe, expect, it } from 'vitest';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import { BATCH_MAX, type TopicMessage } from '#contracts/messages.ts';
import { ANNOUNCE_WINDOW_MS, createHerald } from '#reference/node/peers/herald.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';
import { HOURS, inventedId, nonceOf, signerOf } from '#test/support/village.ts';

const [ann, ben] = [signerOf('ann').did, signerOf('ben').did];

const announce = (...records: readonly Json[]): TopicMessage => ({
  type: 'announce',
  topic: HOURS,
  records,
  ids: [],
});
const request = (...ids: readonly RecordId[]): TopicMessage => ({
  type: 'request',
  topic: HOURS,
  ids,
});
const digest: TopicMessage = {
  type: 'digest',
  topic: HOURS,
  clock: {},
  count: 0,
  fingerprint: '',
  nonce: nonceOf('herald'),
};

interface Said {
  readonly atMs: number;
  readonly peers: readonly Did[];
  readonly message: TopicMessage;
}

const heraldOf = () => {
  const scheduler = createScheduler(0);
  const said: Said[] = [];
  const herald = createHerald({
    host: { after: scheduler.after, monotonic: scheduler.now },
    say: (peers, message) => said.push({ atMs: scheduler.now(), peers, message }),
  });
  return { scheduler, herald, said };
};

/** The records that a peer was told, message by message. */
const toldTo = (said: readonly Said[], peer: Did): (readonly Json[])[] =>
  said.flatMap(({ peers, message }) =>
    peers.includes(peer) && message.type === 'announce' ? [message.records] : [],
  );

describe('the herald', () => {
  it('says the first announcement at once, and what follows together and in order', () => {
    const { scheduler, herald, said } = heraldOf();
    for (const record of [1, 2, 3, 4]) {
      herald.say([ann], announce(record));
      scheduler.runUntil(scheduler.now() + 1);
    }
    scheduler.runUntil(1_000);
    expect(said).toEqual([
      { atMs: 0, peers: [ann], message: announce(1) },
      { atMs: ANNOUNCE_WINDOW_MS, peers: [ann], message: announce(2, 3, 4) },
    ]);
    expect(scheduler.pending).toBe(0);
  });

  it('keeps nobody waiting longer than the window, and says no more than a message in each', () => {
    const { scheduler, herald, said } = heraldOf();
    const saidAt = new Map<Json, number>();
    for (let record = 0; record < 1_000; record++) {
      saidAt.set(record, scheduler.now());
      herald.say(record % 3 === 0 ? [ann] : [ann, ben], announce(record));
      scheduler.runUntil(scheduler.now() + 1);
    }
    scheduler.runUntil(2_000);
    for (const { atMs, message } of said) {
      if (message.type !== 'announce') continue;
      for (const record of message.records) {
        expect(atMs - saidAt.get(record)!).toBeLessThanOrEqual(ANNOUNCE_WINDOW_MS);
      }
    }
    for (const [peer, count] of [
      [ann, 1_000],
      [ben, 666],
    ] as const) {
      const told = toldTo(said, peer);
      const records = told.flat() as number[];
      expect(records).toEqual(records.toSorted((left, right) => left - right));
      expect(new Set(records).size).toBe(count);
      expect(told.length).toBeLessThanOrEqual(1_000 / ANNOUNCE_WINDOW_MS + 2);
    }
  });

  it('says at once what comes a window after the last word, whoever else is spoken to', () => {
    const { scheduler, herald, said } = heraldOf();
    for (let time = 0; time < 200; time++) {
      herald.say([ben], announce(time));
      if (time % ANNOUNCE_WINDOW_MS === 7) herald.say([ann], announce(time));
      scheduler.runUntil(scheduler.now() + 1);
    }
    const toAnn = said.filter(({ peers }) => peers.includes(ann));
    expect(toAnn.map(({ atMs }) => atMs)).toEqual([7, 32, 57, 82, 107, 132, 157, 182]);
  });

  it('is no faster for whoever speaks around the ends of windows', () => {
    const { scheduler, herald, said } = heraldOf();
    // Ben keeps the window open; Ann is told just before and just after each of its ends.
    for (let time = 0; time < 1_000; time++) {
      const place = time % ANNOUNCE_WINDOW_MS;
      if (place === 10) herald.say([ben], announce(time));
      if (place === 1 || place === ANNOUNCE_WINDOW_MS - 1) herald.say([ann], announce(time));
      scheduler.runUntil(scheduler.now() + 1);
    }
    expect(toldTo(said, ann).length).toBeLessThanOrEqual(1_000 / ANNOUNCE_WINDOW_MS + 1);
  });

  it('tells peers who are told the same in one message, and others apart', () => {
    const { scheduler, herald, said } = heraldOf();
    herald.say([ann, ben], announce(1));
    herald.say([ann, ben], announce(2));
    scheduler.runUntil(ANNOUNCE_WINDOW_MS);
    herald.say([ann, ben], announce(3));
    herald.say([ben], announce(4));
    scheduler.runUntil(1_000);
    expect(said.map(({ peers, message }) => [peers, message])).toEqual([
      [[ann, ben], announce(1)],
      [[ann, ben], announce(2)],
      [[ann], announce(3)],
      [[ben], announce(3, 4)],
    ]);
  });

  it('asks for each id once, and beside what is announced', () => {
    const { scheduler, herald, said } = heraldOf();
    const [one, two, three] = ['1', '2', '3'].map(inventedId) as [RecordId, RecordId, RecordId];
    herald.say([ann], request(one));
    herald.say([ann], announce(1));
    herald.say([ann], request(two, three));
    herald.say([ann], request(three));
    scheduler.runUntil(1_000);
    expect(said.map(({ message }) => message)).toEqual([
      request(one),
      announce(1),
      request(two, three),
    ]);
  });

  it('says what waits before a digest that claims it', () => {
    const { scheduler, herald, said } = heraldOf();
    for (const record of [1, 2]) herald.say([ann, ben], announce(record));
    herald.say([ann], digest);
    expect(said.map(({ peers, message }) => [peers, message])).toEqual([
      [[ann, ben], announce(1)],
      [[ann], announce(2)],
      [[ann], digest],
    ]);
    scheduler.runUntil(1_000);
    expect(toldTo(said, ann)).toEqual([[1], [2]]);
    expect(toldTo(said, ben)).toEqual([[1], [2]]);
  });

  it('holds no more than a batch for anybody', () => {
    const { herald, said } = heraldOf();
    const records = BATCH_MAX * 3 + 1;
    for (let record = 0; record < records; record++) herald.say([ann], announce(record));
    expect(toldTo(said, ann).map(({ length }) => length)).toEqual([1, BATCH_MAX, BATCH_MAX, BATCH_MAX]); // prettier-ignore
  });

  it('forgets what waits for who is gone, for a topic that is closed, and when it stops', () => {
    const { scheduler, herald, said } = heraldOf();
    const speak = (): void => {
      for (const record of [1, 2]) herald.say([ann, ben], announce(record));
    };
    speak();
    herald.disconnected(ann);
    scheduler.runUntil(100);
    expect(toldTo(said, ann)).toEqual([[1]]);
    expect(toldTo(said, ben)).toEqual([[1], [2]]);
    speak();
    herald.closed(HOURS);
    expect(scheduler.pending).toBe(0);
    speak();
    herald.stop();
    expect(scheduler.pending).toBe(0);
    scheduler.runUntil(1_000);
    expect(toldTo(said, ben)).toEqual([[1], [2], [1], [1]]);
  });
});
