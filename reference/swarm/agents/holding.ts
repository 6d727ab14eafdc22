/** What an agent knows and stands on: the half of it that depends on the rule of acceptance. */
import type {
  AgentNumber,
  Equivocation,
  Proposal,
  Quorum,
  QuorumCertificate,
  Standing,
  StateId,
  SwarmDigest,
  SwarmKeys,
  Vote,
} from '#contracts/swarm.ts';
import type { Checks } from '../engines/checks.ts';

export interface Goods {
  readonly proposals: readonly Proposal[];
  readonly votes: readonly Vote[];
}

/** What became of something that was handed over. */
export const TAKEN = ['news', 'nothing_new', 'false'] as const;
export type Taken = (typeof TAKEN)[number];

export interface Holding {
  /** What is known now is what will be told, until the next time. */
  freeze(): void;
  /** Of what was frozen. */
  digest(): SwarmDigest;
  /** What the other lacks of what was frozen. */
  lackedBy(other: SwarmDigest, whom: AgentNumber): Goods | undefined;
  /** Whether the other may have something that is lacking here, learned in this round included. */
  wants(other: SwarmDigest, from: AgentNumber): boolean;
  /** Checks and keeps. False: no correct agent would have handed it over. */
  take(from: AgentNumber, goods: Goods): Taken;
  held(): Standing;
  /** Who signed two words for one version. */
  evidence(): readonly Equivocation[];
  /** What convinces others of the accepted state; undefined: nothing accepted, or a rule without votes. */
  certificate(): QuorumCertificate | undefined;
}

/** Of whom an agent is one, and what it may do. */
export interface Seat {
  readonly number: AgentNumber;
  readonly agents: number;
  readonly start: Standing;
  /** Who votes; undefined: everybody. */
  readonly committee: ReadonlySet<AgentNumber> | undefined;
  readonly quorum: Quorum;
  readonly keys: SwarmKeys;
  readonly checks: Checks;
  /** Around the counting of a vote. */
  readonly counting?: () => () => void;
}

/** Nobody voted. */
export const noVoters = (agents: number): Uint8Array => new Uint8Array(Math.ceil(agents / 8));

export const hasVoter = (voters: Uint8Array, agent: AgentNumber): boolean =>
  ((voters[agent >> 3] ?? 0) & (1 << (agent & 7))) !== 0;

export const addVoter = (voters: Uint8Array, agent: AgentNumber): void => {
  voters[agent >> 3]! |= 1 << (agent & 7);
};

/** Those who are in the one and not in the other. */
export const votersLacking = (ours: Uint8Array, theirs: Uint8Array): readonly AgentNumber[] => {
  const lacking: AgentNumber[] = [];
  for (let at = 0; at < ours.length; at++) {
    const left = ours[at]! & ~(theirs[at] ?? 0);
    for (let bit = 0; left >> bit !== 0; bit++) if ((left >> bit) & 1) lacking.push(at * 8 + bit);
  }
  return lacking;
};

export const hasMore = (ours: Uint8Array, theirs: Uint8Array): boolean => {
  for (let at = 0; at < ours.length; at++) if (ours[at]! & ~(theirs[at] ?? 0)) return true;
  return false;
};

/** One of the two states of a digest. */
export const isKnownIn = (digest: SwarmDigest, id: StateId): boolean =>
  digest.candidates.some((candidate) => candidate.id === id);
