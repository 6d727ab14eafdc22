/**
 * Whom an agent contacts where some are near and some are far.
 *
 *   uniform   anybody, evenly: what all the rest of the swarm's figures are for
 *   mixed     by turns one of the nearest and anybody: faster, and as safe, because the even half joins
 *             whatever the near half leaves apart (Kempe, Kleinberg, Demers, "Spatial gossip", 2004)
 *   nearest   the nearest alone: what the original does, and a trap. In a clustered world the nearest of
 *             everybody in a cluster are in it, and nothing ever leaves.
 *
 * An agent remembers who answered. Who answers less than seven times in ten is not preferred any more,
 * and who was silent three times in a row counts as dead until it is heard of.
 */
import type { AgentNumber } from '#contracts/swarm.ts';
import { nextWord, peerAt } from '../engines/draws.ts';

export const PEER_CHOICES = ['uniform', 'mixed', 'nearest'] as const;
export type PeerChoice = (typeof PEER_CHOICES)[number];

export interface Peers {
  /** Whom to contact, by a word of chance; `turn` counts the contacts of this agent. */
  choose(word: number, turn: number): AgentNumber;
  /** It answered, or it did not. */
  record(peer: AgentNumber, hasAnswered: boolean): void;
  isAlive(peer: AgentNumber): boolean;
  /** Share of contacts that were answered; 1 before the first. */
  successOf(peer: AgentNumber): number;
}

export interface PeersOptions {
  readonly self: AgentNumber;
  readonly agents: number;
  readonly fanOut: number;
  readonly choice: PeerChoice;
  readonly latencyMs: (peer: AgentNumber) => number;
}

/** Below this share of answers a near peer is passed over. */
const SUCCESS_MIN = 0.7;
/** Tries before the share says anything. */
const TRIES_MIN = 3;
const SILENCES_MAX = 3;
/** Words drawn in search of a peer that is not known to be dead. */
const REDRAWS_MAX = 8;

/** The peers of one agent. It remembers 4 * fanOut near ones, and of the others those whom it tried. */
export const createPeers = ({ self, agents, fanOut, choice, latencyMs }: PeersOptions): Peers => {
  const tried = new Map<AgentNumber, { tries: number; answers: number; silences: number }>();
  const nearest =
    choice === 'uniform' ? [] : nearestOf({ self, agents, latencyMs, count: 4 * fanOut });
  /** The nearest 2 * fanOut that answer; made anew whenever somebody falls out or comes back. */
  let near: readonly AgentNumber[] = nearest.slice(0, 2 * fanOut);

  const isAlive = (peer: AgentNumber): boolean => (tried.get(peer)?.silences ?? 0) < SILENCES_MAX;

  const successOf = (peer: AgentNumber): number => {
    const record = tried.get(peer);
    return record === undefined ? 1 : record.answers / record.tries;
  };

  const isPreferred = (peer: AgentNumber): boolean =>
    isAlive(peer) && ((tried.get(peer)?.tries ?? 0) < TRIES_MIN || successOf(peer) >= SUCCESS_MIN);

  const anybody = (word: number): AgentNumber => {
    let drawn = word;
    for (let redraw = 0; redraw < REDRAWS_MAX; redraw++) {
      const peer = peerAt(drawn, self, agents - 1);
      if (isAlive(peer)) return peer;
      drawn = nextWord(drawn);
    }
    return peerAt(drawn, self, agents - 1);
  };

  return {
    choose(word, turn) {
      const isNear = choice === 'nearest' || (choice === 'mixed' && turn % 2 === 0);
      if (!isNear || near.length === 0) return anybody(word);
      return near[Math.floor((word >>> 0) * (near.length / 2 ** 32))]!;
    },
    record(peer, hasAnswered) {
      const was = isPreferred(peer);
      const record = tried.get(peer) ?? { tries: 0, answers: 0, silences: 0 };
      tried.set(peer, record);
      record.tries++;
      if (hasAnswered) record.answers++;
      record.silences = hasAnswered ? 0 : record.silences + 1;
      if (isPreferred(peer) !== was) near = nearest.filter(isPreferred).slice(0, 2 * fanOut);
    },
    isAlive,
    successOf,
  };
};

/** The nearest, sorted by distance and number. */
const nearestOf = ({
  self,
  agents,
  latencyMs,
  count,
}: Pick<PeersOptions, 'self' | 'agents' | 'latencyMs'> & {
  readonly count: number;
}): readonly AgentNumber[] => {
  const latencies = Float64Array.from({ length: agents }, (_, peer) => latencyMs(peer));
  return [...latencies.keys()]
    .filter((peer) => peer !== self)
    .sort((left, right) => latencies[left]! - latencies[right]! || left - right)
    .slice(0, count);
};
