/** What came of a run, said plainly: safety (no two states) and liveness (everybody, in the end) apart. */
import { quorumOf } from '#reference/swarm/quorum.ts';
import type { SwarmRun } from '#reference/swarm/engines/run.ts';
import { EXIT } from '../exit.ts';
import { grouped, percent } from './chart.ts';
import type { Plan } from './plan.ts';
import type { Played } from './play.ts';

export const VERDICTS = [
  'converged',
  /** Correct agents accepted different states of one version. */
  'split',
  /** Correct agents accepted what the writer never wrote. */
  'felled',
  /** Nobody accepted anything. */
  'undecided',
  /** Some correct agents accepted, others never did. */
  'partial',
  'interrupted',
] as const;
export type Verdict = (typeof VERDICTS)[number];

const ofDecision = ({ lie }: Plan, run: SwarmRun): Verdict => {
  const accepting = [...run.accepted.values()];
  const all = accepting.reduce((sum, count) => sum + count, 0);
  if (!run.isSafe) return 'split';
  if (all === 0) return 'undecided';
  const proposed = run.rounds.at(-1)?.informed ?? 0;
  if (lie !== 'equivocate' && all > proposed) return 'felled';
  return accepting.length === 1 && all === run.correct ? 'converged' : 'partial';
};

export const verdictOf = (plan: Plan, played: Played): Verdict => {
  const { decision, interrupted, informed, correct, committee } = played;
  if (interrupted) return 'interrupted';
  if (decision) {
    const decided = ofDecision(plan, decision);
    if (!committee || decided !== 'converged') return decided;
  }
  return informed === correct ? 'converged' : 'partial';
};

const EXITS: Readonly<Record<Verdict, number>> = {
  converged: EXIT.ok,
  split: EXIT.failed,
  felled: EXIT.failed,
  undecided: EXIT.stalled,
  partial: EXIT.stalled,
  interrupted: EXIT.interrupted,
};

export const exitOfVerdict = (verdict: Verdict): number => EXITS[verdict];

/** How many accepted what, the most first. */
const countsOf = ({ accepted }: SwarmRun): string =>
  [...accepted]
    .sort(([, left], [, right]) => right - left)
    .map(([id, count]) => `${count} accepted ${id.slice(0, 8)}`)
    .join(', ');

const whyNot = (plan: Plan, voters: number): string => {
  const { votesMin } = quorumOf(voters);
  const { rule, liars, lie, isBeyond } = plan;
  if (isBeyond) {
    return `${rule} needs ${votesMin} of ${voters} votes, and with ${liars} liars only ${voters - liars} are honest: they can be stopped, or split in two`;
  }
  if (lie === 'equivocate') {
    return 'the writer lies, and a writer that lies may make its version undecidable: nobody is deceived';
  }
  if (rule === 'version-votes') return 'nobody can be the first to see enough holders of a version';
  return `${votesMin} of ${voters} votes were not gathered in the rounds that were played`;
};

/** The verdict in a sentence or two. */
export const explain = (plan: Plan, played: Played, verdict: Verdict): readonly string[] => {
  const { decision, informed, correct, rounds, committee } = played;
  const voters = committee?.members ?? plan.agents;
  switch (verdict) {
    case 'converged':
      return [
        `all ${grouped(correct)} correct agents hold the same state after ${rounds.length} rounds`,
      ];
    case 'split':
      return [
        `SAFETY IS BROKEN: correct agents accepted different states of one version (${countsOf(decision!)})`,
        plan.isBeyond ? whyNot(plan, voters) : `${plan.rule} falls to a writer that signs twice`,
      ];
    case 'felled':
      return [
        `SAFETY IS BROKEN: correct agents accepted what the writer never wrote (${countsOf(decision!)})`,
        `${plan.rule} falls to one liar: a hash that fits proves that nothing was changed, not who wrote it`,
      ];
    case 'undecided':
      return [`NOBODY DECIDED: no correct agent accepted anything. ${whyNot(plan, voters)}`];
    case 'partial':
      return [
        `NOT EVERYBODY: ${grouped(informed)} of ${grouped(correct)} correct agents, ${percent(informed / correct)}, after ${rounds.length} rounds`,
        // A committee's decision stands; what did not reach everybody is its certificate.
        ...(decision && !committee ? [whyNot(plan, voters)] : []),
        ...(plan.groups && plan.liars > 0
          ? ['groups whose ambassadors are all silent are cut off: more ambassadors help']
          : []),
      ];
    case 'interrupted':
      return [
        `interrupted after ${rounds.length} rounds: ${grouped(informed)} of ${grouped(correct)} correct agents, ${percent(informed / correct)}`,
      ];
  }
};
