/** What the tests of the swarm share: keys, states, votes. */
import type { SignedState, Standing, SwarmKeys, Vote } from '#contracts/swarm.ts';
import { blake3, toHex } from '#reference/swarm/hash.ts';
import { createKeys } from '#reference/swarm/engines/keys.ts';
import { genesis, signState } from '#reference/swarm/state.ts';
import { signVote } from '#reference/swarm/vote.ts';

export const KEYS = createKeys(1_000);

export const hashOf = (text: string): string => toHex(blake3(Buffer.from(text)));

/** What follows a standing, with that value, by that writer. */
export const stateAfter = (
  standing: Standing,
  value = 'value',
  keys: SwarmKeys = KEYS,
): SignedState =>
  signState(keys, {
    epoch: standing.epoch,
    version: standing.version + 1,
    previousHash: standing.id,
    valueHash: hashOf(value),
    writer: standing.writer,
  });

export const firstState = (value = 'value', writer = 0): SignedState =>
  stateAfter(genesis(writer), value);

export const votesFor = (
  state: SignedState,
  voters: readonly number[],
  keys: SwarmKeys = KEYS,
): readonly Vote[] => voters.map((voter) => signVote(keys, voter, state));

/** The bytes with one bit turned over. */
export const withBitTurned = (bytes: Uint8Array, at: number, bit = 0): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at]! ^= 1 << bit;
  return copy;
};

export const numbersBelow = (end: number): readonly number[] =>
  Array.from({ length: end }, (_, number) => number);
