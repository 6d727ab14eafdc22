/** Runs of the message engine as the tests ask for them. */
import type { AcceptanceRule, Lie } from '#contracts/swarm.ts';
import type { Adversary } from '#reference/swarm/agents/adversaries.ts';
import { chosenAgents } from '#reference/swarm/engines/draws.ts';
import { runMessages } from '#reference/swarm/engines/message-engine.ts';
import type { MessageOptions } from '#reference/swarm/engines/options.ts';
import type { SwarmRun } from '#reference/swarm/engines/run.ts';

/** The fan-out that the original sets for a size. */
export const fanOutOf = (agents: number): number => {
  if (agents <= 10) return 3;
  return agents <= 100 ? 5 : 8;
};

/** So many liars, drawn by the seed; agent 0 writes, and is one of them only where the writer must lie. */
export const adversaryOf = (agents: number, lie: Lie, count: number, seed: number): Adversary => {
  const others = lie === 'equivocate' ? count - 1 : count;
  const drawn = [...chosenAgents(agents, others, seed, 0)];
  return { lie, liars: lie === 'equivocate' ? [0, ...drawn] : drawn };
};

export interface Setting extends Partial<Omit<MessageOptions, 'adversary'>> {
  readonly agents: number;
  readonly rule: AcceptanceRule;
  readonly lie?: Lie;
  readonly liars?: number;
  readonly adversary?: Partial<Adversary>;
}

/** A run with the original's fan-out; seed 1 and 60 rounds at most unless told. */
export const run = ({ lie, liars = 0, adversary, ...setting }: Setting): SwarmRun => {
  const { agents, seed = 1 } = setting;
  return runMessages({
    fanOut: fanOutOf(agents),
    seed,
    roundsMax: 60,
    ...setting,
    ...(lie && { adversary: { ...adversaryOf(agents, lie, liars, seed), ...adversary } }),
  });
};

/** How many accepted each state, most first. */
export const shares = ({ accepted }: SwarmRun): readonly number[] =>
  [...accepted.values()].sort((left, right) => right - left);

/** What a failing test shows: enough to play it again. */
export const told = ({ seed, traceHash, rounds, accepted }: SwarmRun): string =>
  `seed ${seed}, trace ${traceHash}, ${rounds.length} rounds, accepted ${[...accepted.values()].join(' and ')}`;
