/**
 * Which algorithm for which swarm: the answer of a cost model, for every size, deadline and kind of
 * fault. Thresholds are what comes out, not what goes in: the seed has them as constants, in two
 * versions that disagree, and the one that is code leaves out a thousand agents.
 *
 * For each algorithm: messages for one decision, the load of its busiest agent, and the time until all
 * know. The first in the order below whose time and messages fit is chosen; all of these only grow with
 * the size, so a growing swarm moves down the list and never back. Gossip comes last and always applies.
 */
import assert from 'node:assert/strict';
import { quorumOf } from '../quorum.ts';

/** From a leader that all follow to a swarm without one. */
export const ALGORITHMS = ['raft', 'pbft', 'hotstuff', 'gossip'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** crash: agents stop. byzantine: they lie. */
export const FAULT_MODELS = ['crash', 'byzantine'] as const;
export type FaultModel = (typeof FAULT_MODELS)[number];

export const STRATEGY_AGENTS_MAX = 2_000_000;

export interface Demand {
  readonly agents: number;
  /** Within which a decision should have reached everybody. */
  readonly latencyMsMax: number;
  readonly faults: FaultModel;
}

export interface Cost {
  readonly algorithm: Algorithm;
  /** Of one decision, all agents together. */
  readonly messages: number;
  /** Messages that the busiest agent sends and receives for it. */
  readonly peakLoad: number;
  /** Signatures that the busiest agent checks for it. */
  readonly peakChecks: number;
  readonly latencyMs: number;
}

export interface Strategy extends Cost {
  readonly reason: string;
  /** Whether the demand is met; where not even gossip meets it, gossip it is, and this is false. */
  readonly isInTime: boolean;
}

/** What the model rests on; measured on the course's reference machine where not a convention. */
export interface Prices {
  /** There and back between two agents. */
  readonly roundTripMs: number;
  /** To send or receive one message: system call, framing, authentication code. */
  readonly messageMs: number;
  /** Ed25519 in Node: 104 us. */
  readonly checkMs: number;
  /** Messages that one decision may cost: where PBFT's square ends, at a thousand agents. */
  readonly messagesMax: number;
}

export const PRICES_DEFAULT: Prices = {
  roundTripMs: 10,
  messageMs: 0.01,
  checkMs: 0.104,
  messagesMax: 2_000_000,
};

/** Chooses; the same for the same demand, wherever it is asked. */
export const chooseStrategy = (demand: Demand, prices: Prices = PRICES_DEFAULT): Strategy => {
  const { agents, latencyMsMax, faults } = demand;
  assert(
    Number.isSafeInteger(agents) && agents >= 1 && agents <= STRATEGY_AGENTS_MAX,
    `expected from 1 to ${STRATEGY_AGENTS_MAX} agents, came ${agents}`,
  );
  assert(latencyMsMax >= 0, `expected a deadline of 0 ms or more, came ${latencyMsMax}`);
  const passed: string[] = [];
  for (const algorithm of CANDIDATES[faults]) {
    const cost = costOf(algorithm, demand, prices);
    const isInTime = cost.latencyMs <= latencyMsMax;
    const isLast = algorithm === 'gossip';
    if (isLast || (isInTime && cost.messages <= prices.messagesMax)) {
      return { ...cost, isInTime, reason: [...passed, praise(cost, demand, isInTime)].join('; ') };
    }
    passed.push(
      isInTime
        ? `${algorithm}: ${cost.messages} messages, ${prices.messagesMax} are the bound`
        : `${algorithm}: ${ms(cost.latencyMs)}, ${ms(latencyMsMax)} are asked for`,
    );
  }
  throw new Error('gossip is always a candidate');
};

/** What one decision costs with that algorithm. */
export const costOf = (algorithm: Algorithm, demand: Demand, prices = PRICES_DEFAULT): Cost => {
  const work = WORK[algorithm](demand);
  const { roundTripMs, messageMs, checkMs } = prices;
  const { delays, messages, peakLoad, peakChecks } = work;
  const latencyMs = (delays * roundTripMs) / 2 + peakLoad * messageMs + peakChecks * checkMs;
  return { algorithm, messages, peakLoad, peakChecks, latencyMs };
};

const CANDIDATES: Readonly<Record<FaultModel, readonly Algorithm[]>> = {
  crash: ['raft', 'gossip'],
  byzantine: ['pbft', 'hotstuff', 'gossip'],
};

interface Work {
  /** One-way journeys, one after another. */
  readonly delays: number;
  readonly messages: number;
  readonly peakLoad: number;
  readonly peakChecks: number;
}

const WORK: Readonly<Record<Algorithm, (demand: Demand) => Work>> = {
  /** One exchange with a leader (Ongaro and Ousterhout, 2014). */
  raft: ({ agents }) => {
    const messages = 2 * (agents - 1);
    return { delays: 3, messages, peakLoad: messages, peakChecks: 0 };
  },
  /** pre-prepare to all, prepare and commit from all to all (Castro and Liskov, 1999): about 2 n^2. */
  pbft: ({ agents }) => {
    const others = agents - 1;
    // Authentication codes in the place of signatures: their price is part of a message's.
    return {
      delays: 3,
      messages: others + others * others + agents * others,
      peakLoad: 4 * others,
      peakChecks: 0,
    };
  },
  /** Four exchanges with a leader, and three quorums of signatures that it checks (Yin et al., 2019). */
  hotstuff: ({ agents }) => {
    const messages = 8 * (agents - 1);
    const { faultsMax } = quorumOf(agents);
    const peakChecks = agents === 1 ? 0 : 3 * (2 * faultsMax + 1);
    return { delays: 8, messages, peakLoad: messages, peakChecks };
  },
  /** A digest there and an answer back for each contact, until everybody knows. */
  gossip: ({ agents, faults }) => {
    const fanOut = fanOutOf(agents);
    const rounds = agents === 1 ? 0 : Math.ceil(closedForm(agents, fanOut));
    // Where agents lie, a committee's certificate is what travels: everybody checks a quorum of it.
    const voters = Math.min(agents, COMMITTEE_MEMBERS);
    const peakChecks = faults === 'crash' || agents === 1 ? 0 : quorumOf(voters).votesMin + 1;
    return {
      delays: 2 * rounds,
      messages: 2 * agents * fanOut * rounds,
      peakLoad: 2 * rounds * (fanOut + inDegreeMax(agents, fanOut)),
      peakChecks,
    };
  },
};

/** A committee for one liar in ten, unsafe once in a thousand million draws. */
const COMMITTEE_MEMBERS = 88;

/** The fan-out that the seed sets for a size. */
const FAN_OUTS = [
  [10, 3],
  [100, 5],
  [1_000, 8],
  [10_000, 10],
  [100_000, 12],
  [Infinity, 15],
] as const;

const fanOutOf = (agents: number): number =>
  Math.min(agents - 1, FAN_OUTS.find(([size]) => agents <= size)![1]);

/** Rounds of push-pull, for people (Karp et al., 2000, for a fan-out of 1). */
const closedForm = (agents: number, fanOut: number): number =>
  Math.log(agents) / Math.log(2 * fanOut + 1) +
  Math.max(0, Math.log(Math.log(agents)) / Math.log(fanOut + 1));

/** Contacts that the busiest of n agents is called for: its mean, and what chance adds (a Poisson tail, in bounds). */
const inDegreeMax = (agents: number, fanOut: number): number =>
  Math.min(agents - 1, Math.ceil(fanOut + 3 * Math.sqrt(fanOut) + Math.log2(Math.max(agents, 1))));

const praise = (cost: Cost, { agents, faults }: Demand, isInTime: boolean): string => {
  const bears = faults === 'crash' ? Math.floor((agents - 1) / 2) : quorumOf(agents).faultsMax;
  const what = `${cost.algorithm}: ${ms(cost.latencyMs)}, ${cost.messages} messages, ${cost.peakLoad} at the busiest agent`;
  if (!isInTime) return `${what}: too late, and nothing is faster at this size`;
  if (cost.algorithm === 'gossip' && faults === 'byzantine' && agents > COMMITTEE_MEMBERS) {
    return `${what}; a committee of ${COMMITTEE_MEMBERS} decides, safe while at most one agent in ten lies`;
  }
  return `${what}; bears ${bears} of ${agents} ${faults === 'crash' ? 'that stop' : 'that lie'}`;
};

const ms = (value: number): string => `${Math.round(value)} ms`;
