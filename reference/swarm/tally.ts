/**
 * Counts votes by (epoch, version, id). What it answers depends on the set of votes that it was given,
 * never on their order: a member that votes for two states of one version counts for both, and is named.
 *
 * It holds one number for each member and state that it is told of. Who asks it bounds that: an agent
 * takes votes for the states it knows, two of a version at most, and drops the tally with the version.
 */
import assert from 'node:assert/strict';
import type { AgentNumber, Tally, Vote } from '#contracts/swarm.ts';

/** An empty tally. The signatures of what is added were checked before. */
export const createTally: (electorate: {
  readonly members: number;
  readonly votesMin: number;
}) => Tally = ({ members, votesMin }) => {
  assert(
    Number.isSafeInteger(votesMin) && votesMin >= 1,
    `expected at least one vote to decide, came ${votesMin}`,
  );
  /** By version, by id: who voted for it. */
  const versions = new Map<string, Map<string, Set<AgentNumber>>>();
  const liars = new Set<AgentNumber>();

  const ofVersion = (epoch: number, version: number) => versions.get(`${epoch}/${version}`);

  const open = ({ epoch, version, id }: Pick<Vote, 'epoch' | 'version' | 'id'>) => {
    const key = `${epoch}/${version}`;
    const ids = versions.get(key) ?? new Map<string, Set<AgentNumber>>();
    versions.set(key, ids);
    const voters = ids.get(id) ?? new Set<AgentNumber>();
    ids.set(id, voters);
    return { ids, voters };
  };

  return {
    add(vote) {
      const { voter } = vote;
      if (!Number.isSafeInteger(voter) || voter < 0 || voter >= members) return 'not_a_member';
      const { ids, voters } = open(vote);
      if (voters.has(voter)) return 'duplicate';
      const isSecond = hasVoted(ids, voter);
      voters.add(voter);
      if (!isSecond) return 'counted';
      liars.add(voter);
      return 'equivocation';
    },
    voters: (epoch, version, id) => sorted(ofVersion(epoch, version)?.get(id) ?? []),
    decided(epoch, version) {
      const found: string[] = [];
      for (const [id, { size }] of ofVersion(epoch, version) ?? []) {
        if (size >= votesMin) found.push(id);
      }
      return found.sort();
    },
    equivocators: () => sorted(liars),
  };
};

/** It is asked for every vote: no list is made of it. */
const hasVoted = (
  ids: ReadonlyMap<string, ReadonlySet<AgentNumber>>,
  voter: AgentNumber,
): boolean => {
  for (const voters of ids.values()) if (voters.has(voter)) return true;
  return false;
};

const sorted = (agents: Iterable<AgentNumber>): readonly AgentNumber[] =>
  [...agents].sort((left, right) => left - right);
