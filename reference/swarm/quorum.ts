/**
 * How many may lie and how many votes decide, from the number of members alone.
 *
 * Two sets of q among m members share at least 2q - m of them. With q = floor((m + f) / 2) + 1 that is
 * f + 1 or more, so one of the shared is honest, and an honest member votes once: two quorums for one
 * version are for one state. The m - f honest are at least q where m >= 3f + 1, so the silence of f
 * liars stops nobody (Malkhi and Reiter, "Byzantine quorum systems", 1998).
 */
import assert from 'node:assert/strict';
import type { Quorum } from '#contracts/swarm.ts';

/** Members have numbers of 32 bits on the wire. */
export const MEMBERS_MAX = 2 ** 32;

/** The quorum of an electorate. */
export const quorumOf = (members: number): Quorum => {
  assert(
    Number.isSafeInteger(members) && members >= 1 && members <= MEMBERS_MAX,
    `expected from 1 to ${MEMBERS_MAX} members, came ${members}`,
  );
  const faultsMax = Math.floor((members - 1) / 3);
  return { members, faultsMax, votesMin: Math.floor((members + faultsMax) / 2) + 1 };
};
