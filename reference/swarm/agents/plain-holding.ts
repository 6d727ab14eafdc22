/**
 * Rungs 0 to 2: to hear is to accept, or to count holders. None of them survives a liar; they are here
 * to be seen falling. Each adds one thing to the one before.
 */
import type {
  AcceptanceRule,
  AgentNumber,
  Equivocation,
  Proposal,
  Standing,
} from '#contracts/swarm.ts';
import { isValueOf } from '../engines/checks.ts';
import type { Holding, Seat } from './holding.ts';
import { isWellFormed, judgePlace, stateId } from '../state.ts';

type PlainRule = Extract<AcceptanceRule, 'highest-version' | 'signed-writer' | 'version-votes'>;

/** An agent's knowledge under one of the three. `first`: what it holds before the first round. */
export const createPlainHolding = (
  rule: PlainRule,
  { start, quorum, checks, agents }: Seat,
  first: Proposal | undefined,
): Holding => {
  let held: Proposal | undefined = first;
  let told: Proposal | undefined;
  /** Who said to hold what; an agent counts once. */
  const claims = new Map<AgentNumber, Proposal>();
  const evidence: Equivocation[] = [];

  const standingOf = (proposal: Proposal | undefined): Standing =>
    proposal === undefined ? start : { ...proposal.state, writer: start.writer };

  /** Whether the rule puts what came in the place of what is held. */
  const isBetter = ({ state }: Proposal): boolean => {
    const { version, id } = standingOf(held);
    if (rule === 'highest-version') return state.version > version;
    // The ids of one version are compared: all end with the same one. And nothing is ever final.
    return state.version > version || (state.version === version && state.id > id);
  };

  const isGenuine = (proposal: Proposal): boolean => {
    const { state } = proposal;
    if (rule === 'highest-version') {
      return isWellFormed(state) && isValueOf(proposal) && state.id === stateId(state);
    }
    return judgePlace(start, state) === 'fits' && checks.proposal(proposal);
  };

  const noteEquivocation = ({ state }: Proposal): void => {
    if (held === undefined || held.state.id === state.id || evidence.length > 0) return;
    if (held.state.version !== state.version || rule === 'highest-version') return;
    evidence.push({ by: state.writer, states: [held.state, state] });
  };

  /** Rung 2: as many as a quorum hold some state of that version; which one is not asked. */
  const adoptByVersion = (): void => {
    if (held !== undefined) return;
    const claimed = [...claims.values()];
    if (claimed.length >= quorum.votesMin) held = claimed[0];
  };

  return {
    freeze: () => {
      told = held;
    },
    digest: () => {
      const { version, id } = standingOf(told);
      return { version, id, candidates: [] };
    },
    lackedBy(other) {
      if (told === undefined) return undefined;
      const { version, id } = told.state;
      const isNews = version > other.version || (version === other.version && id !== other.id);
      return isNews || rule === 'version-votes' ? { proposals: [told], votes: [] } : undefined;
    },
    wants(other, from) {
      if (rule === 'version-votes') return other.version > 0 && !claims.has(from);
      const { version, id } = standingOf(held);
      if (rule === 'highest-version') return other.version > version;
      // One above or beside: a number that leaps is not even asked about.
      if (other.version > start.version + 1) return false;
      return other.version > version || (other.version === version && other.id > id);
    },
    take(from, { proposals }) {
      let taken: 'news' | 'nothing_new' = 'nothing_new';
      for (const proposal of proposals.slice(0, 1)) {
        if (!isGenuine(proposal)) return 'false';
        noteEquivocation(proposal);
        if (rule === 'version-votes') {
          if (!claims.has(from) && from < agents) claims.set(from, proposal);
          adoptByVersion();
        } else if (isBetter(proposal)) {
          held = proposal;
          taken = 'news';
        }
      }
      return taken;
    },
    held: () => standingOf(held),
    evidence: () => evidence,
    certificate: () => undefined,
  };
};
