/**
 * Rungs 3 to 5: vouching and accepting are two things. A correct voter vouches once for a version, for
 * the first state that fits; a state is accepted when enough have vouched for that very id.
 *
 * On rung 3 a vote counts only from the voter's own mouth. From rung 4 on it is handed on, because a
 * signature needs no mouth: the votes of a quorum are a certificate. On rung 5 a committee votes, and
 * all the others carry.
 */
import type {
  AgentNumber,
  Equivocation,
  Proposal,
  Standing,
  StateId,
  Vote,
} from '#contracts/swarm.ts';
import { certify } from '../certificate.ts';
import {
  addVoter,
  hasMore,
  hasVoter,
  isKnownIn,
  noVoters,
  votersLacking,
  type Goods,
  type Holding,
  type Seat,
  type Taken,
} from './holding.ts';
import { judgePlace } from '../state.ts';
import { createTally } from '../tally.ts';
import { signVote } from '../vote.ts';

/** The second state of a version is evidence against its writer; a third would add nothing. */
const CANDIDATES_MAX = 2;

interface Candidate {
  readonly proposal: Proposal;
  readonly votes: Map<AgentNumber, Vote>;
  readonly voters: Uint8Array;
  /** The voters when the round began; undefined: it was not known then. */
  told: Uint8Array | undefined;
}

/** An agent's knowledge under votes. `first`: what it is given before the first round. */
export const createVotingHolding = (
  isRelayed: boolean,
  seat: Seat,
  first: Proposal | undefined,
): Holding => {
  const { number, agents, start, committee, quorum, keys, checks } = seat;
  const candidates = new Map<StateId, Candidate>();
  const tally = createTally({ members: agents, votesMin: quorum.votesMin });
  const evidence: Equivocation[] = [];
  let accepted: Standing = start;
  let told: Standing = start;

  const isVoter = (agent: AgentNumber): boolean =>
    committee === undefined ? agent < agents : committee.has(agent);

  const keep = (candidate: Candidate, vote: Vote): void => {
    candidate.votes.set(vote.voter, vote);
    addVoter(candidate.voters, vote.voter);
    const done = seat.counting?.();
    if (tally.add(vote) === 'equivocation') noteDoubleVote(vote);
    const { epoch, version } = candidate.proposal.state;
    // What was accepted stays, whatever comes.
    const [id] = accepted === start ? tally.decided(epoch, version) : [];
    if (id !== undefined) accepted = { epoch, version, id, writer: start.writer };
    done?.();
  };

  const noteDoubleVote = (vote: Vote): void => {
    const other = [...candidates.values()]
      .map(({ votes }) => votes.get(vote.voter))
      .find((word) => word !== undefined && word.id !== vote.id);
    if (other !== undefined) evidence.push({ by: vote.voter, votes: [other, vote] });
  };

  const learn = (proposal: Proposal): void => {
    const { state } = proposal;
    const others = [...candidates.values()];
    const candidate: Candidate = {
      proposal,
      votes: new Map(),
      voters: noVoters(agents),
      told: undefined,
    };
    candidates.set(state.id, candidate);
    if (others.length > 0) {
      evidence.push({ by: state.writer, states: [others[0]!.proposal.state, state] });
    } else if (isVoter(number)) {
      keep(candidate, Object.freeze(signVote(keys, number, state)));
    }
  };

  const isAgreed = (ours: Standing, other: { readonly id: StateId }): boolean =>
    ours !== start && ours.id === other.id;

  const isTold = ({ told: voters }: Candidate): boolean => voters !== undefined;

  const takeVote = (from: AgentNumber, vote: Vote): Taken => {
    const candidate = candidates.get(vote.id);
    if (candidate === undefined) return 'nothing_new';
    if (!isVoter(vote.voter)) return 'false';
    if (!isRelayed && vote.voter !== from) return 'nothing_new';
    if (candidate.votes.has(vote.voter)) return 'nothing_new';
    if (!isFor(candidate.proposal, vote) || !checks.vote(vote)) return 'false';
    keep(candidate, vote);
    return 'news';
  };

  if (first !== undefined) learn(first);

  return {
    freeze() {
      told = accepted;
      for (const candidate of candidates.values()) candidate.told = candidate.voters.slice();
    },
    digest: () => ({
      version: told.version,
      id: told.id,
      candidates: [...candidates]
        .filter(([, candidate]) => isTold(candidate))
        .map(([id, candidate]) => ({ id, voters: candidate.told! })),
    }),
    lackedBy(other) {
      if (isAgreed(told, other)) return undefined;
      const known = [...candidates.values()].filter(isTold);
      const proposals = known
        .map(({ proposal }) => proposal)
        .filter(({ state }) => !isKnownIn(other, state.id));
      const votes = known.flatMap((candidate) => {
        const { id } = candidate.proposal.state;
        const theirs = other.candidates.find((each) => each.id === id)?.voters;
        return votesLacking(candidate, theirs ?? NO_VOTERS, isRelayed ? undefined : number);
      });
      return proposals.length + votes.length > 0 ? { proposals, votes } : undefined;
    },
    wants(other, from) {
      if (isAgreed(accepted, other)) return false;
      return other.candidates.some(({ id, voters }) => {
        const ours = candidates.get(id);
        if (ours === undefined) return candidates.size < CANDIDATES_MAX;
        return isRelayed
          ? hasMore(voters, ours.voters)
          : hasVoter(voters, from) && !hasVoter(ours.voters, from);
      });
    },
    take(from, { proposals, votes }: Goods) {
      let taken: Taken = 'nothing_new';
      for (const proposal of proposals.slice(0, CANDIDATES_MAX)) {
        if (candidates.has(proposal.state.id)) continue;
        if (judgePlace(start, proposal.state) !== 'fits') return 'false';
        if (candidates.size >= CANDIDATES_MAX) continue;
        if (!checks.proposal(proposal)) return 'false';
        learn(proposal);
        taken = 'news';
      }
      for (const vote of votes.slice(0, CANDIDATES_MAX * agents)) {
        const one = takeVote(from, vote);
        if (one === 'false') return one;
        if (one === 'news') taken = one;
      }
      return taken;
    },
    held: () => accepted,
    evidence: () => evidence,
    certificate() {
      const candidate = candidates.get(accepted.id);
      return candidate && certify(candidate.proposal.state, candidate.votes.values());
    },
  };
};

const NO_VOTERS = new Uint8Array();

/** The votes that the other has not: all of them, or the speaker's own alone. */
const votesLacking = (
  { told, votes }: Candidate,
  theirs: Uint8Array,
  speaker: AgentNumber | undefined,
): readonly Vote[] => {
  if (speaker === undefined) return votersLacking(told!, theirs).map((voter) => votes.get(voter)!);
  return hasVoter(told!, speaker) && !hasVoter(theirs, speaker) ? [votes.get(speaker)!] : [];
};

const isFor = ({ state }: Proposal, vote: Vote): boolean =>
  vote.epoch === state.epoch && vote.version === state.version;
