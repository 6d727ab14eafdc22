/**
 * The ladder of acceptance: six rules, each with the liar that fells it, or its price.
 *
 *   0 highest-version   falls to one forger: a hash proves integrity, never authority
 *   1 signed-writer     falls to a writer that signs twice: who hears later is rewritten
 *   2 version-votes     never begins, and where it has begun mixes votes for two values
 *   3 direct-votes      holds; every vote from its voter's mouth: 7, 79, 745 rounds at 10, 100, 1 000
 *   4 relayed-votes     holds; 4, 7, 8 rounds, and 64 bytes a voter in every agent's memory
 *   5 committee         holds while few enough lie; the votes of a sample, for swarms of any size
 */
import type { AcceptanceRule, Proposal } from '#contracts/swarm.ts';
import type { Holding, Seat } from './holding.ts';
import { createPlainHolding } from './plain-holding.ts';
import { createVotingHolding } from './voting-holding.ts';

/** What an agent under that rule knows. `first`: what it holds or is given before the first round. */
export const createHolding = (
  rule: AcceptanceRule,
  seat: Seat,
  first: Proposal | undefined,
): Holding => {
  switch (rule) {
    case 'highest-version':
    case 'signed-writer':
    case 'version-votes':
      return createPlainHolding(rule, seat, first);
    case 'direct-votes':
      return createVotingHolding(false, seat, first);
    case 'relayed-votes':
    case 'committee':
      return createVotingHolding(true, seat, first);
  }
};

/** Whether an agent that has accepted never changes its mind. */
export const isFinal = (rule: AcceptanceRule): boolean =>
  rule === 'direct-votes' || rule === 'relayed-votes' || rule === 'committee';
