/** A vote: one member vouches for one state of a version, with its signature. */
import type { AgentNumber, SignedState, SwarmKeys, Vote } from '#contracts/swarm.ts';
import { fromHex, HASH_BYTES, isHash } from './hash.ts';
import { MEMBERS_MAX } from './quorum.ts';
import { isCount, VERSION_MAX } from './state.ts';

/** What a voter signs: tag, epoch, version, id. The tag keeps a vote from ever being read as a state. */
export const voteMessage = ({
  epoch,
  version,
  id,
}: Pick<Vote, 'epoch' | 'version' | 'id'>): Uint8Array => {
  const bytes = Buffer.alloc(VOTE_TAG.length + 2 * 8 + HASH_BYTES);
  VOTE_TAG.copy(bytes);
  let at = VOTE_TAG.length;
  at = bytes.writeBigUInt64BE(BigInt(epoch), at);
  at = bytes.writeBigUInt64BE(BigInt(version), at);
  bytes.set(fromHex(id), at);
  return bytes;
};

/** The voter puts its name to a state. */
export const signVote = (
  keys: SwarmKeys,
  voter: AgentNumber,
  { epoch, version, id }: Pick<SignedState, 'epoch' | 'version' | 'id'>,
): Vote => ({
  epoch,
  version,
  id,
  voter,
  signature: keys.sign(voter, voteMessage({ epoch, version, id })),
});

/** Whether the voter signed it. Whether it is a member is not asked. */
export const isVoteAuthentic = (keys: SwarmKeys, vote: Vote): boolean =>
  isCount(vote.epoch, VERSION_MAX) &&
  isCount(vote.version, VERSION_MAX) &&
  isHash(vote.id) &&
  isCount(vote.voter, MEMBERS_MAX - 1) &&
  keys.verify(vote.voter, voteMessage(vote), vote.signature);

const VOTE_TAG = Buffer.from('murmuration/swarm/vote/1\0');
