/**
 * The reference filling of layer 13: neighbours by number in groups, ambassadors by hash.
 *
 * A leader by number (the first of each hundred) is known to a liar before the run, and silent with
 * its share of chance; several ambassadors by a seeded hash are neither. Each costs one contact in a
 * hundred across groups.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import {
  LEVELS_MAX,
  type Hierarchy,
  type HierarchyOptions,
  type Level,
  type Overlay,
  type Traffic,
} from '#contracts/hierarchy.ts';
import type { AgentNumber } from '#contracts/swarm.ts';

/** BLAKE3, or what equals it and is faster for 32 bytes. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

export const create = (hash: Hash = blake3): Hierarchy => ({
  overlay: (options) => overlayOf(options, hash),
  ambassadors: ambassadorsOf,
  traffic: trafficOf,
});

const TAG = new TextEncoder().encode('murmuration/ambassador/1');

/** A rank for each agent: the first 48 bits of its hash. Equal ones go by the agent's number. */
const rankBy = (seed: number, level: number, hash: Hash): ((agent: AgentNumber) => number) => {
  const message = new Uint8Array(TAG.length + 16);
  message.set(TAG);
  const view = new DataView(message.buffer, TAG.length);
  view.setBigUint64(0, BigInt(seed), true);
  view.setUint32(8, level, true);
  return (agent) => {
    view.setUint32(12, agent, true);
    return Buffer.from(hash(message)).readUIntBE(0, 6);
  };
};

/** Where groups of a size begin among so many places, and where the last one ends. */
const startsOf = (places: number, groupSize: number): Uint32Array =>
  Uint32Array.from({ length: Math.ceil(places / groupSize) + 1 }, (_, group) =>
    Math.min(places, group * groupSize),
  );

const groupsOf = (level: Level): number => level.groupStarts.length - 1;

/** Who is in one group of a level, in the level's order. */
const membersOf = ({ members, groupStarts }: Level, group: number): readonly AgentNumber[] => {
  const [start, end] = [groupStarts[group]!, groupStarts[group + 1]!];
  if (members) return [...members.subarray(start, end)];
  return Array.from({ length: end - start }, (_, index) => start + index);
};

const overlayOf = (options: HierarchyOptions, hash: Hash): Overlay => {
  const { agents, groupSize } = options;
  const levels: Level[] = [{ members: undefined, groupStarts: startsOf(agents, groupSize) }];
  while (groupsOf(levels.at(-1)!) > 1) levels.push(levelAbove(levels, options, hash));
  return { agents, levels };
};

/**
 * The ambassadors of all groups below, `groupSize` groups to a group. The last level that is allowed
 * takes them all in one.
 */
const levelAbove = (
  levels: readonly Level[],
  { groupSize, ambassadors, seed }: HierarchyOptions,
  hash: Hash,
): Level => {
  const below = levels.at(-1)!;
  const rankOf = rankBy(seed, levels.length - 1, hash);
  const isLast = levels.length + 1 === LEVELS_MAX;
  const perGroup = isLast ? groupsOf(below) : groupSize;
  const members: AgentNumber[] = [];
  const groupStarts: number[] = [];
  for (let group = 0; group < groupsOf(below); group++) {
    if (group % perGroup === 0) groupStarts.push(members.length);
    const ranked = membersOf(below, group).map((agent) => ({ agent, rank: rankOf(agent) }));
    ranked.sort((left, right) => left.rank - right.rank || left.agent - right.agent);
    members.push(...ranked.slice(0, ambassadors).map(({ agent }) => agent));
  }
  groupStarts.push(members.length);
  return { members: Uint32Array.from(members), groupStarts: Uint32Array.from(groupStarts) };
};

const ambassadorsOf: Hierarchy['ambassadors'] = (overlay, level, group) => {
  const [below, above] = [overlay.levels[level], overlay.levels[level + 1]];
  if (!below || !above?.members) return [];
  const sent = new Set(above.members);
  return membersOf(below, group)
    .filter((agent) => sent.has(agent))
    .toSorted((left, right) => left - right);
};

const trafficOf = ({ agents, levels }: Overlay, fanOut: number): Traffic => {
  const homes = homesOf(levels[0]!, agents);
  const callsOf = new Uint32Array(agents);
  let [contacts, across] = [0, 0];
  for (const [index, level] of levels.entries()) {
    for (let group = 0; group < groupsOf(level); group++) {
      const members = membersOf(level, group);
      if (members.length < 2) continue;
      for (const agent of members) callsOf[agent]! += fanOut;
      contacts += members.length * fanOut;
      if (index > 0) across += fanOut * expectedAcross(members, homes);
    }
  }
  return {
    contactsPerAgent: contacts / agents,
    contactsMax: callsOf.reduce((most, calls) => Math.max(most, calls), 0),
    crossGroupShare: across / contacts,
  };
};

/** In which group of level 0 each agent is. */
const homesOf = (level: Level, agents: number): Uint32Array => {
  const homes = new Uint32Array(agents);
  for (let group = 0; group < groupsOf(level); group++) {
    for (const agent of membersOf(level, group)) homes[agent] = group;
  }
  return homes;
};

/** Of one call of each member, how many are expected to reach another home. */
const expectedAcross = (members: readonly AgentNumber[], homes: Uint32Array): number => {
  const perHome = new Map<number, number>();
  for (const agent of members) {
    const home = homes[agent]!;
    perHome.set(home, (perHome.get(home) ?? 0) + 1);
  }
  let across = 0;
  for (const count of perHome.values()) {
    across += (count * (members.length - count)) / (members.length - 1);
  }
  return across;
};
