/**
 * Worlds in which agents are near or far, and how long a state takes through them, in virtual time.
 *
 * An agent makes its contacts, waits for the slowest answer, and makes the next (or starts a round every
 * `intervalMs`, answered or not). A request carries what the sender knew when it left, and an answer
 * what the other knew when it came: here time takes the place of rounds.
 */
import type { AgentNumber } from '#contracts/swarm.ts';
import { nextWord, streamOf } from '../engines/draws.ts';
import { createPeers, type PeerChoice, type Peers } from './peers.ts';

/**
 * plane: agents lie in a square, 2 to 101 ms apart, by distance. regions: eight clusters, 3 to 7 ms inside,
 * 80 to 119 ms from one to another. All there and back, whole milliseconds.
 */
export const WORLDS = ['plane', 'regions'] as const;
export type WorldName = (typeof WORLDS)[number];

export type Latency = (from: AgentNumber, to: AgentNumber) => number;

const REGIONS = 8;

/** A world of that kind. */
export const createWorld = (world: WorldName, agents: number, seed: number): Latency => {
  if (world === 'regions') {
    return (from, to) => {
      const isInside = from % REGIONS === to % REGIONS;
      const spread = streamOf(seed, Math.min(from, to) * agents + Math.max(from, to));
      return isInside ? 3 + (spread % 5) : 80 + (spread % 40);
    };
  }
  const places = Float64Array.from({ length: 2 * agents }, (_, at) => streamOf(seed, at) / 2 ** 32);
  return (from, to) => {
    const [across, along] = [0, 1].map((axis) => places[2 * from + axis]! - places[2 * to + axis]!);
    return 2 + Math.round((99 * Math.hypot(across!, along!)) / Math.SQRT2);
  };
};

export interface JourneyOptions {
  readonly world: WorldName;
  readonly agents: number;
  readonly fanOut: number;
  readonly choice: PeerChoice;
  readonly seed: number;
  readonly timeMsMax: number;
  /** A round begins this often; undefined: as soon as the last one is answered. */
  readonly intervalMs?: number;
  /** Who never answers. Not agent 0, with whom the state begins. */
  readonly dead?: readonly AgentNumber[];
}

export interface Journey {
  /** When the last living agent heard; undefined: not all did. */
  readonly tookMs: number | undefined;
  /** Living agents that heard, of all living ones. */
  readonly coverage: number;
  readonly contacts: number;
  /** Contacts that nobody answered. */
  readonly unanswered: number;
}

/** Without an answer for so long a contact is given up. */
const TIMEOUT_MS = 200;

/** One state on its way from agent 0. A pure function of its options. */
export const travel = (options: JourneyOptions): Journey => {
  const { world, agents, fanOut, choice, seed, timeMsMax, intervalMs, dead = [] } = options;
  const latency = createWorld(world, agents, seed);
  const gone = new Set(dead);
  const heardAt = new Float64Array(agents).fill(Infinity);
  heardAt[0] = 0;
  const book = Array.from({ length: agents }, (_, self): Peers => {
    const latencyMs = (peer: AgentNumber): number => latency(self, peer);
    return createPeers({ self, agents, fanOut, choice, latencyMs });
  });
  const turns = new Uint32Array(agents);
  const agenda = createAgenda();
  let word = streamOf(seed, 0);
  let [contacts, unanswered, hearing] = [0, 0, 1];

  const hear = (agent: AgentNumber, nowMs: number): void => {
    if (heardAt[agent] !== Infinity) return;
    heardAt[agent] = nowMs;
    hearing++;
  };

  const contact = (from: AgentNumber, nowMs: number): number => {
    word = nextWord(word);
    const to = book[from]!.choose(word, turns[from]!++);
    contacts++;
    if (gone.has(to)) {
      unanswered++;
      agenda.at(nowMs + TIMEOUT_MS, () => book[from]!.record(to, false));
      return TIMEOUT_MS;
    }
    const thereAndBackMs = latency(from, to);
    const knew = heardAt[from] !== Infinity;
    agenda.at(nowMs + thereAndBackMs / 2, (thenMs) => {
      const otherKnew = heardAt[to] !== Infinity;
      if (knew) hear(to, thenMs);
      agenda.at(nowMs + thereAndBackMs, (backMs) => {
        if (otherKnew) hear(from, backMs);
        book[from]!.record(to, true);
      });
    });
    return thereAndBackMs;
  };

  const begin = (agent: AgentNumber, nowMs: number): void => {
    let slowest = 0;
    for (let slot = 0; slot < fanOut; slot++) slowest = Math.max(slowest, contact(agent, nowMs));
    agenda.at(nowMs + (intervalMs ?? slowest), (thenMs) => begin(agent, thenMs));
  };

  const living = agents - gone.size;
  for (let agent = 0; agent < agents; agent++) if (!gone.has(agent)) begin(agent, 0);
  agenda.run(timeMsMax, () => hearing === living);
  const tookMs = hearing === living ? Math.max(...heardAt.filter(Number.isFinite)) : undefined;
  return { tookMs, coverage: hearing / living, contacts, unanswered };
};

/** What is to happen when, in half milliseconds; what falls on one of them happens in the order in which it was put down. */
const createAgenda = () => {
  const slots = new Map<number, ((nowMs: number) => void)[]>();
  return {
    at(timeMs: number, act: (nowMs: number) => void): void {
      const slot = Math.round(2 * timeMs);
      const acts = slots.get(slot);
      if (acts === undefined) slots.set(slot, [act]);
      else acts.push(act);
    },
    run(timeMsMax: number, isDone: () => boolean): void {
      for (let slot = 0; slot <= 2 * timeMsMax && !isDone(); slot++) {
        for (const act of slots.get(slot) ?? []) act(slot / 2);
        slots.delete(slot);
      }
    },
  };
};
