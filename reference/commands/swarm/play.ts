/** Plays a plan: one engine, or the committee's messages and then the bulk engine. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Overlay } from '#contracts/hierarchy.ts';
import type { AcceptanceRule, AgentNumber } from '#contracts/swarm.ts';
import { create as createHierarchy } from '#reference/hierarchy/hierarchy.ts';
import { blake3, sameHash } from '#reference/swarm/blake3.ts';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { certificateBytes } from '#reference/swarm/certificate.ts';
import { committeeOf } from '#reference/swarm/sizing/committee.ts';
import {
  chosenAgents,
  flatOverlay,
  nextWord,
  peerAt,
  streamOf,
} from '#reference/swarm/engines/draws.ts';
import { playMessages } from '#reference/swarm/engines/message-engine.ts';
import type { MessageOptions } from '#reference/swarm/engines/options.ts';
import { expectedShares, roundBudget, ROUNDS_MAX } from '#reference/swarm/sizing/oracle.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import type { SwarmRun } from '#reference/swarm/engines/run.ts';
import type { Plan } from './plan.ts';

/** A round as it is shown. */
export interface PlayedRound {
  readonly round: number;
  readonly informed: number;
  readonly contacts: number;
  readonly bytes: number;
}

export interface Played {
  readonly rounds: readonly PlayedRound[];
  /** Agents that do not lie. */
  readonly correct: number;
  readonly informed: number;
  /** The informed share that the mean field expects after each round; none where a rule decides. */
  readonly expected: readonly number[] | undefined;
  readonly traceHash: string;
  /** Of the rounds alone. */
  readonly playMs: number;
  /** What the decision was: by everybody, or by the committee. */
  readonly decision: SwarmRun | undefined;
  /** Of the committee: who, and how many of them lie. */
  readonly committee: { readonly members: number; readonly liars: number } | undefined;
  readonly crossGroupShare: number | undefined;
  readonly interrupted: boolean;
}

/** How far a run is. */
export interface Progress {
  readonly round: number;
  /** About how many it will be; undefined: nobody knows. */
  readonly of: number | undefined;
  /** Of the correct agents, those that know. */
  readonly share: number;
}

export interface Watching {
  progressed(progress: Progress): void;
  /** Whether somebody wants it to end. */
  isEnding(): boolean;
}

/** A digest: version, id, framing. */
const DIGEST_BYTES = 40;
/** A signed state with a short value, where no certificate comes along. */
const BODY_BYTES = 200;
/** The state that every agent hashes where it was asked to verify. */
const VERIFIED_BYTES = 64;

const overlayFor = ({ agents, groups, seed }: Plan): Overlay =>
  groups
    ? createHierarchy(blake3).overlay({
        agents,
        groupSize: groups.size,
        ambassadors: groups.ambassadors,
        seed,
      })
    : flatOverlay(agents);

const spreadingOf = ({ agents, fanOut, liars }: Plan) => ({
  agents,
  fanOut,
  silentShare: liars / agents,
});

/** A check that does what it says: the hash of the state is formed anew and compared with its id. */
const verifier = (): (() => boolean) => {
  const state = new Uint8Array(VERIFIED_BYTES).fill(7);
  const id = blake3(state);
  return () => sameHash(blake3(state), id);
};

/** Groups take about twice as many rounds; where somebody cannot be reached, this ends it. */
const roundsMaxOf = (plan: Plan): number =>
  Math.min(
    ROUNDS_MAX,
    plan.groups ? 3 * roundBudget(spreadingOf(plan)) : roundBudget(spreadingOf(plan)),
  );

interface Spreading {
  readonly source: AgentNumber;
  readonly silent: Uint32Array;
  readonly bodyBytes: number;
}

const spread = async (
  plan: Plan,
  { source, silent, bodyBytes }: Spreading,
  watching: Watching,
): Promise<Played> => {
  const { fanOut, seed } = plan;
  const overlay = overlayFor(plan);
  const roundsMax = roundsMaxOf(plan);
  const expected = expectedShares(spreadingOf(plan));
  const about = (plan.groups ? 2 : 1) * expected.length;
  const run = bulkRun({
    overlay,
    fanOut,
    seed,
    source,
    silent,
    roundsMax,
    ...(plan.verify ? { verify: verifier() } : {}),
  });
  const rounds: PlayedRound[] = [];
  const playing = run.rounds();
  let playMs = 0;
  let interrupted = false;
  for (;;) {
    const beganMs = performance.now();
    const step = playing.next();
    playMs += performance.now() - beganMs;
    if (step.done === true) break;
    const { round, informed, contacts, transfers } = step.value;
    rounds.push({
      round,
      informed,
      contacts,
      bytes: 2 * DIGEST_BYTES * contacts + bodyBytes * transfers,
    });
    watching.progressed({ round, of: about, share: informed / run.correct });
    await turn(); // A signal is heard between rounds alone.
    interrupted = watching.isEnding();
    if (interrupted) break;
  }
  return {
    rounds,
    correct: run.correct,
    informed: rounds.at(-1)?.informed ?? 1,
    expected: plan.groups ? undefined : expected,
    traceHash: run.traceHash(),
    playMs,
    decision: undefined,
    committee: undefined,
    crossGroupShare: plan.groups
      ? createHierarchy(blake3).traffic(overlay, fanOut).crossGroupShare
      : undefined,
    interrupted,
  };
};

/** Direct votes collect coupons: every voter must be met. */
const DIRECT_ROUNDS_PER_AGENT = 12;
const MESSAGE_ROUNDS_MAX = 60;

const messageRoundsMax = (rule: AcceptanceRule, agents: number): number =>
  rule === 'direct-votes'
    ? Math.max(MESSAGE_ROUNDS_MAX, DIRECT_ROUNDS_PER_AGENT * agents)
    : MESSAGE_ROUNDS_MAX;

interface Deciding {
  readonly options: MessageOptions;
  readonly run: SwarmRun | undefined;
  readonly rounds: readonly PlayedRound[];
  readonly playMs: number;
  readonly interrupted: boolean;
}

const decide = async (options: MessageOptions, watching: Watching): Promise<Deciding> => {
  const correct = options.agents - (options.adversary?.liars.length ?? 0);
  const rounds: PlayedRound[] = [];
  const playing = playMessages(options);
  const beganMs = performance.now();
  for (;;) {
    const step = playing.next();
    const playMs = performance.now() - beganMs;
    if (step.done === true) {
      return { options, run: step.value, rounds, playMs, interrupted: false };
    }
    const { round, informed, contacts, bytes } = step.value;
    rounds.push({ round, informed, contacts, bytes });
    watching.progressed({ round, of: undefined, share: informed / correct });
    await turn();
    if (watching.isEnding()) {
      return { options, run: undefined, rounds, playMs, interrupted: true };
    }
  }
};

/** The liars: the writer is one of them where it must be. */
const liarsOf = ({ agents, lie, liars, seed }: Plan): Uint32Array =>
  lie === 'equivocate'
    ? Uint32Array.of(0, ...chosenAgents(agents, liars - 1, seed))
    : chosenAgents(agents, liars, seed);

const playAll = async (plan: Plan, watching: Watching): Promise<Played> => {
  const { agents, fanOut, seed, lie, liars, groups } = plan;
  const rule = plan.rule ?? 'relayed-votes';
  const decided = await decide(
    {
      agents,
      fanOut,
      seed,
      rule,
      roundsMax: messageRoundsMax(rule, agents),
      ...(groups ? { overlay: overlayFor(plan) } : {}),
      ...(liars > 0 ? { adversary: { lie, liars: [...liarsOf(plan)] } } : {}),
    },
    watching,
  );
  return playedOf(plan, decided);
};

const playedOf = (plan: Plan, { run, rounds, playMs, interrupted }: Deciding): Played => ({
  rounds,
  correct: plan.agents - plan.liars,
  informed: rounds.at(-1)?.informed ?? 0,
  expected: undefined,
  traceHash: run?.traceHash ?? '',
  playMs,
  decision: run,
  committee: undefined,
  crossGroupShare: undefined,
  interrupted,
});

/** The committee decides among itself by relayed votes; what it certified, the swarm spreads. */
const playCommittee = async (plan: Plan, watching: Watching): Promise<Played> => {
  const { agents, seed, lie } = plan;
  const members = committeeOf(agents, plan.committee!, { seed, epoch: 1 });
  const liars = chosenAgents(agents, plan.liars, seed, members[0]);
  const lying = new Set(liars);
  const lyingPlaces = [...members.keys()].filter((place) => lying.has(members[place]!));
  const committee = { members: members.length, liars: lyingPlaces.length };
  const decided = await decide(
    {
      agents: members.length,
      fanOut: Math.min(3, members.length - 1),
      seed,
      rule: 'relayed-votes',
      roundsMax: MESSAGE_ROUNDS_MAX,
      ...(lyingPlaces.length > 0 ? { adversary: { lie, liars: lyingPlaces } } : {}),
    },
    watching,
  );
  if (decided.run?.isLive !== true) return { ...playedOf(plan, decided), committee };
  const { votesMin } = quorumOf(members.length);
  const bodyBytes = BODY_BYTES + certificateBytes(members.length, votesMin);
  const played = await spread(plan, { source: members[0]!, silent: liars, bodyBytes }, watching);
  return { ...played, decision: decided.run, committee };
};

/** Plays a plan. */
export const play = (plan: Plan, watching: Watching): Promise<Played> => {
  if (plan.rule === 'committee') return playCommittee(plan, watching);
  if (plan.engine === 'messages') return playAll(plan, watching);
  const silent = chosenAgents(plan.agents, plan.liars, plan.seed);
  return spread(plan, { source: 0, silent, bodyBytes: BODY_BYTES }, watching);
};

/**
 * The calibration loop: what no engine that plays contact by contact can leave out. As many contacts
 * between as many agents, drawn the same way, and for each of them one byte of the one that was drawn is
 * read, changed and written. Nobody is asked what he knows, and nothing is counted.
 */
export const bareLoop = (agents: number, contacts: number): void => {
  const bytes = new Uint8Array(agents);
  const others = agents - 1;
  let word = streamOf(1, 0);
  for (let done = 0; done < contacts; done += agents) {
    const end = Math.min(agents, contacts - done);
    for (let agent = 0; agent < end; agent++) {
      word = nextWord(word);
      const peer = peerAt(word, agent, others);
      bytes[peer] = bytes[peer]! ^ 1;
    }
  }
};
