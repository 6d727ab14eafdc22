/**
 * What gossip remembers: topics, peers of this moment, what is wanted and what is being pulled.
 * Held in one place; the other rooms read and change it.
 */
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';
import type { TopicState } from './admission.ts';
import { createCadence, type Cadence } from './pacing.ts';
import type { Peer } from './peers.ts';
import { createPulls } from './pulls.ts';
import { createTopicLog } from './topic-log.ts';
import { createWaitingRoom } from './waiting.ts';
import { createWants } from './wants.ts';

/** One topic: what is held, what waits, how often we speak of it. */
export interface Subject extends TopicState {
  readonly cadence: Cadence;
  /** Own records that nobody was told of yet. */
  readonly unpushed: Set<RecordId>;
}

/** Peers told of a new record among `count` nodes: clamp(ceil(log2 n) + 1, 3, 10). */
const fanOut = (count: number): number =>
  Math.min(10, Math.max(3, Math.ceil(Math.log2(Math.max(1, count))) + 1));

export const createState = ({ topics, random, settings }: GossipOptions) => {
  const subjects = new Map<Topic, Subject>();
  for (const topic of topics) {
    subjects.set(topic, {
      log: createTopicLog(topic),
      waiting: createWaitingRoom(settings.waitingMax),
      cadence: createCadence(settings, random),
      unpushed: new Set(),
    });
  }
  const peers = new Map<Did, Peer>();

  const subscribers = (topic: Topic): Did[] =>
    [...peers.values()]
      .filter(({ subscriptions }) => subscriptions.has(topic))
      .map(({ did }) => did);

  /** Up to `count` of a list, drawn anew each time: the first steps of a Fisher-Yates shuffle. */
  const some = <Item>(list: readonly Item[], count: number): Item[] => {
    const pool = [...list];
    for (let index = 0; index < Math.min(count, pool.length - 1); index++) {
      const other = index + Math.floor(random() * (pool.length - index));
      [pool[index], pool[other]] = [pool[other]!, pool[index]!];
    }
    return pool.slice(0, count);
  };

  /** A few subscribers. */
  const chosen = (topic: Topic, except?: Did): Did[] => {
    const all = subscribers(topic);
    const others = all.filter((did) => did !== except);
    return some(others, fanOut(all.length + 1));
  };

  return {
    subjects,
    peers,
    wants: createWants(settings.requestRetryMs),
    pulls: createPulls(settings.pullTimeoutMs),
    subscribers,
    some,
    chosen,
    /** 16 random bytes, base64url. */
    nonce: (): string =>
      Buffer.from(Array.from({ length: 16 }, () => Math.floor(random() * 256))).toString(
        'base64url',
      ),
    /** A topic of this node's; asking for another is a bug. */
    subject(topic: Topic): Subject {
      const subject = subjects.get(topic);
      if (!subject) throw new Error(`gossip: topic ${topic} is not one of this node's`);
      return subject;
    },
  };
};
export type State = ReturnType<typeof createState>;
