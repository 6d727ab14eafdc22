/** What came of a run. */
import type { Equivocation, QuorumCertificate, StateId } from '#contracts/swarm.ts';
import type { Drop } from '../agents/agent.ts';
import type { CheckCosts } from './checks.ts';
import type { MessageOptions } from './options.ts';
import type { MessageRound, Meter } from './meter.ts';
import type { Stage } from './stage.ts';

export interface SwarmRun {
  readonly seed: number;
  readonly rounds: readonly MessageRound[];
  readonly correct: number;
  /** Of the correct agents, how many accepted each state. */
  readonly accepted: ReadonlyMap<StateId, number>;
  /** No two correct agents accepted different states of one version. */
  readonly isSafe: boolean;
  /** All correct agents accepted what the writer proposed. Of a writer that lies nobody promises it. */
  readonly isLive: boolean;
  /** One piece of evidence for each that signed two words, by their numbers. */
  readonly evidence: readonly Equivocation[];
  /** What convinces whoever has the keys: of the first correct agent that has one. */
  readonly certificate: QuorumCertificate | undefined;
  /** What was not listened to. */
  readonly drops: ReadonlyMap<Drop, number>;
  readonly checks: CheckCosts;
  readonly traceHash: string;
}

/** Looks at the correct agents when a run is over. */
export const summarize = (
  { seed }: MessageOptions,
  { correct, proposal, checks, drops, start }: Stage,
  rounds: readonly MessageRound[],
  meter: Pick<Meter, 'traceHash'>,
): SwarmRun => {
  const accepted = new Map<StateId, number>();
  const versions = new Map<number, Set<StateId>>();
  const evidence = new Map<number, Equivocation>();
  let certificate: QuorumCertificate | undefined;
  for (const agent of correct.values()) {
    const { version, id } = agent.held();
    certificate ??= agent.holding.certificate();
    for (const each of agent.holding.evidence()) {
      if (!evidence.has(each.by)) evidence.set(each.by, each);
    }
    if (version === start.version) continue;
    accepted.set(id, (accepted.get(id) ?? 0) + 1);
    versions.set(version, (versions.get(version) ?? new Set()).add(id));
  }
  return {
    seed,
    rounds,
    correct: correct.size,
    accepted,
    isSafe: [...versions.values()].every((ids) => ids.size === 1),
    isLive: proposal !== undefined && accepted.get(proposal.state.id) === correct.size,
    evidence: [...evidence.values()].sort((left, right) => left.by - right.by),
    certificate,
    drops,
    checks: checks.costs(),
    traceHash: meter.traceHash(),
  };
};
