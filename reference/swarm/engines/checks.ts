/**
 * Checks of signatures, each made once for the whole run.
 *
 * Whether a signature is right is a pure function of its bytes, and what agents hand each other here is
 * one and the same frozen object. So the answer is kept with the object, and two things are counted: what
 * was asked, which is what a thousand agents on a thousand machines would pay, and what was done.
 */
import type { Proposal, SwarmKeys, Vote } from '#contracts/swarm.ts';
import { blake3, toHex } from '../hash.ts';
import { isAuthentic } from '../state.ts';
import { isVoteAuthentic } from '../vote.ts';

export interface CheckCosts {
  /** Verifications that the agents asked for: each of them would have made its own. */
  readonly asked: number;
  /** Verifications that were made; the others were answered from memory. */
  readonly made: number;
}

export interface Checks {
  /** Whether the value is that of the state, the id that of its fields, and the writer signed it. */
  proposal(proposal: Proposal): boolean;
  vote(vote: Vote): boolean;
  costs(): CheckCosts;
}

/** The memory goes with the objects. */
export const createChecks = (keys: SwarmKeys): Checks => {
  const answers = new WeakMap<object, boolean>();
  let [asked, made] = [0, 0];

  const once = (subject: object, ask: () => boolean): boolean => {
    asked++;
    const known = answers.get(subject);
    if (known !== undefined) return known;
    made++;
    const answer = ask();
    answers.set(subject, answer);
    return answer;
  };

  return {
    proposal: (proposal) =>
      once(proposal, () => isValueOf(proposal) && isAuthentic(keys, proposal.state)),
    vote: (vote) => once(vote, () => isVoteAuthentic(keys, vote)),
    costs: () => ({ asked, made }),
  };
};

/** Integrity alone: whether the value is the one that the state names. */
export const isValueOf = ({ state, value }: Proposal): boolean =>
  toHex(blake3(value)) === state.valueHash;
