/**
 * The committee: a few agents decide for all, and gossip spreads what they signed.
 *
 * Deterministic agreement among a million with a third of liars takes more than (f / 2)^2 messages,
 * 2.8 * 10^10 (Dolev and Reischuk, 1985). A sample drawn after the liars were is as good as all but for
 * a chance that is computed here, exactly: that more of it lie than its quorum allows for. The price is
 * slack: near a third no size is safe, and from 0.30 on none is offered.
 */
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import type { AgentNumber } from '#contracts/swarm.ts';
import { blake3 } from '../blake3.ts';

/** From this share of liars on, a committee is refused: for 10^-9 it would be larger than 6 800. */
export const LIAR_SHARE_BOUND = 0.3;

/** log of "count out of total", the binomial coefficient: a sum of count terms, so exact enough for tails of 1e-300. */
const logChoose = (total: number, count: number): number => {
  let sum = 0;
  for (let each = 0; each < count; each++) sum += Math.log((total - each) / (each + 1));
  return sum;
};

/** How many of a quorum's members may lie: floor((members - 1) / 3), as in the contract. */
const faultsMaxOf = (members: number): number => Math.floor((members - 1) / 3);

/**
 * The chance that more than `faultsMax` of a committee are liars, where it is drawn evenly, without
 * replacement: the tail of the hypergeometric distribution.
 */
export const unsafeChance = (agents: number, liars: number, members: number): number => {
  const most = Math.min(members, liars);
  const least = Math.max(0, members - (agents - liars));
  const from = Math.max(faultsMaxOf(members) + 1, least);
  if (from > most) return 0;
  let chance = Math.exp(
    logChoose(liars, from) + logChoose(agents - liars, members - from) - logChoose(agents, members),
  );
  let sum = 0;
  for (let lying = from; lying <= most && chance > 0; lying++) {
    sum += chance;
    chance *= (liars - lying) / (lying + 1);
    chance *= (members - lying) / (agents - liars - members + lying + 1);
  }
  return Math.min(1, sum);
};

/** What a committee must hold against. */
export interface CommitteeNeed {
  readonly agents: number;
  /** At most so many of them lie. */
  readonly liars: number;
  /** The chance of an unsafe committee is at most this. */
  readonly chanceMax: number;
}

/**
 * The smallest safe committee. Of three sizes in a row the smallest, 3 f + 1, tolerates as many liars
 * as the others, so only those are tried; in the end it is everybody.
 */
export const smallestCommittee = ({
  agents,
  liars,
  chanceMax,
}: CommitteeNeed): Outcome<number, 'liars_too_many'> => {
  if (liars >= LIAR_SHARE_BOUND * agents) {
    return refused(
      'liars_too_many',
      `expected a share of liars below ${LIAR_SHARE_BOUND}, came ${liars} of ${agents}: ` +
        'near a third no sample of a swarm is safe, whatever its size',
    );
  }
  for (let members = 1; members < agents; members += 3) {
    if (unsafeChance(agents, liars, members) <= chanceMax) return accepted(members);
  }
  return accepted(agents);
};

const TAG = new TextEncoder().encode('murmuration/committee/1');

/** What the draw of a committee depends on: the seed is fixed after the liars are. */
export interface Sortition {
  readonly seed: number;
  readonly epoch: number;
}

/**
 * The members: those whose BLAKE3 of (seed, epoch, agent) is smallest, sorted by number. Anybody can
 * recompute it. Compared are the first 53 bits, as a number; equal ones go by the agent's.
 */
export const committeeOf = (
  agents: number,
  members: number,
  { seed, epoch }: Sortition,
): readonly AgentNumber[] => {
  const message = new Uint8Array(TAG.length + 24);
  message.set(TAG);
  const view = new DataView(message.buffer);
  view.setBigUint64(TAG.length, BigInt(seed), true);
  view.setBigUint64(TAG.length + 8, BigInt(epoch), true);
  const ranks = Float64Array.from({ length: agents }, (_, agent) => {
    view.setUint32(TAG.length + 16, agent, true);
    const hash = new DataView(blake3(message).buffer);
    return hash.getUint32(0) * 2 ** 21 + (hash.getUint32(4) >>> 11);
  });
  const last = ranks.toSorted()[members - 1]!;
  const drawn = [...ranks.keys()].filter((agent) => ranks[agent]! <= last);
  return drawn
    .sort((left, right) => ranks[left]! - ranks[right]! || left - right)
    .slice(0, members)
    .sort((left, right) => left - right);
};
