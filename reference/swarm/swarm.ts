/**
 * Layer 12 as its contract has it: quorum, tally, Merkle tree and the name of a state. The engines that
 * run whole swarms stand in `engines/`, those who play in them in `agents/`.
 */
import type { CreateSwarm } from '#contracts/swarm.ts';
import { merkle } from './merkle.ts';
import { quorumOf } from './quorum.ts';
import { stateId } from './state.ts';
import { createTally } from './tally.ts';

/** The reference filling of layer 12. */
export const create: CreateSwarm = () => ({
  quorum: quorumOf,
  tally: createTally,
  merkle,
  stateId,
});
