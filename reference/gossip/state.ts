/**
 * What gossip remembers of its topic: what is held and what waits, the peers of this moment, what is
 * wanted and what is being pulled. Held in one place; the other rooms read and change it.
 */
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did } from '#contracts/identifiers.ts';
import { createCadence } from './pacing.ts';
import { createPeers } from './peers.ts';
import { createPulls } from './pulls.ts';
import { create as createLog } from './topic-log.ts';
import { createWaitingRoom } from './waiting.ts';
import { createWants } from './wants.ts';
import { createWindowLog } from './window-log.ts';
import { createWindow } from './window.ts';

/** Peers told of a new record among `count` nodes: clamp(ceil(log2 n) + 1, 3, 10). */
const fanOut = (count: number): number =>
  Math.min(10, Math.max(3, Math.ceil(Math.log2(Math.max(1, count))) + 1));

export const createState = (options: GossipOptions) => {
  const { topic, reconciliation, random, settings } = options;
  const windowLog = options.window && createWindowLog(topic);
  const peers = createPeers(settings);

  /** Up to `count` of a list, drawn anew each time: the first steps of a Fisher-Yates shuffle. */
  const some = <Item>(list: readonly Item[], count: number): Item[] => {
    const pool = [...list];
    for (let index = 0; index < Math.min(count, pool.length - 1); index++) {
      const other = index + Math.floor(random() * (pool.length - index));
      [pool[index], pool[other]] = [pool[other]!, pool[index]!];
    }
    return pool.slice(0, count);
  };

  /** So many random bytes, base64url. */
  const randomText = (count: number): string =>
    Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256))).toString(
      'base64url',
    );

  return {
    log: windowLog ?? createLog(topic, reconciliation.index?.()),
    /** In a topic that forgets. */
    window: options.window && windowLog && createWindow(options.window, windowLog),
    waiting: createWaitingRoom(settings.waitingMax),
    /** How often we speak. */
    cadence: createCadence(settings, random),
    peers,
    wants: createWants(settings.requestRetryMs),
    pulls: createPulls(settings.pullTimeoutMs),
    some,
    /** A few of those who joined. */
    chosen(except?: Did): readonly Did[] {
      const joined = peers.joined();
      const others = joined.filter((did) => did !== except);
      return some(others, fanOut(joined.length + 1));
    },
    /** 16 random bytes. */
    nonce: (): string => randomText(16),
    /** 8 random bytes. */
    salt: (): string => randomText(8),
  };
};
export type State = ReturnType<typeof createState>;
