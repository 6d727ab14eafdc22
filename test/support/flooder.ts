/**
 * A flooder: a node whose gossip does nothing but ask. It pulls everything from everybody again and again,
 * by runs and with empty filters, asks by id for what it was sent, says digest after digest, and obeys no
 * request to wait.
 */
import type { Effect } from '#contracts/effects.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { TopicMessage } from '#contracts/messages.ts';
import { fill } from '#reference/reconciliation/filter.ts';

/** What a flooder got. */
export interface Loot {
  bytes: number;
  answers: number;
  deferred: number;
}

export interface FloodOptions {
  /** Whom it floods. */
  readonly victim: () => Did;
  /** Authors whose records it asks for. */
  readonly authors: () => readonly Did[];
  readonly everyMs: number;
  /** It is silent, and asks for nothing: what a flood is measured against. */
  readonly silent: boolean;
  readonly loot: Loot;
}

const randomText = (random: () => number, bytes: number): string =>
  Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256))).toString(
    'base64url',
  );

/** The gossip of a flooder in place of another one. */
export const flooding =
  (create: CreateGossip, { victim, authors, everyMs, silent, loot }: FloodOptions): CreateGossip =>
  (options) => {
    const { topic, random } = options;
    const gossip = create(options);
    const seen: RecordId[] = [];
    const again: Effect = { effect: 'schedule', timer: 'flood', delayMs: everyMs };
    const say = (message: TopicMessage): Effect => ({ effect: 'send', peer: victim(), message });
    const nonce = (): string => randomText(random, 16);

    const flood = (): Effect[] => {
      const ranges = authors().map((author) => ({ author, from: 1, to: 1_000_000 }));
      const bounds = { type: 'pull-request', topic, maxBytes: 1 << 30 } as const;
      const fingerprint = 'f'.repeat(64);
      return [
        say({ ...bounds, ranges, nonce: nonce() }),
        say({ ...bounds, ranges: [], filter: fill([], randomText(random, 8)), nonce: nonce() }),
        say({ type: 'request', topic, ids: seen.slice(-256) }),
        say({ type: 'digest', topic, clock: {}, count: 0, fingerprint, nonce: nonce() }),
        again,
      ];
    };

    return {
      ...gossip,
      knowledge: gossip.knowledge,
      start: () => (silent ? [] : [again]),
      joined: () => [],
      left: () => [],
      elapsed: () => flood(),
      receive(_now, _peer, message) {
        if (message.type !== 'pull-response' && message.type !== 'response') return [];
        loot.answers += 1;
        loot.bytes += JSON.stringify(message).length;
        if (message.type === 'pull-response' && message.waitMs !== undefined) loot.deferred += 1;
        for (const record of message.records) seen.push((record as { id: RecordId }).id);
        return [];
      },
    };
  };
