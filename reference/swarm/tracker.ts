/**
 * Where the correct agents stand. What liars report does not count: in the original four correct agents
 * and three liars for one state, and three correct ones for another, are "converged" at ten.
 */
import type { AgentNumber, ConvergenceState, StateId } from '#contracts/swarm.ts';

/** The correct agents at the end of one round. */
export interface Convergence {
  readonly round: number;
  readonly state: ConvergenceState;
  /** Of the correct agents, how many hold each state, most first. */
  readonly holders: ReadonlyMap<StateId, number>;
  /** Those who hold the expected state, or, if none is expected, the one most have. */
  readonly percentage: number;
}

export interface Tracker {
  /** One agent's word; a liar's, or a stranger's, is not taken. */
  report(agent: AgentNumber, held: StateId): boolean;
  /** Looks, and keeps what it saw. */
  check(round: number): Convergence;
  /** The last ones, oldest first. */
  history(): readonly Convergence[];
}

export interface TrackerOptions {
  readonly correct: readonly AgentNumber[];
  /** What all should hold; undefined: whatever most hold. */
  readonly expected?: StateId;
  /** Rounds to remember. */
  readonly historyMax?: number;
}

/** Half of them, and it is partly there. */
const PARTIAL_PERCENTAGE_MIN = 50;
const HISTORY_MAX_DEFAULT = 1_000;

/** See the head of the file. */
export const createTracker = ({
  correct,
  expected,
  historyMax = HISTORY_MAX_DEFAULT,
}: TrackerOptions): Tracker => {
  const members = new Set(correct);
  const reports = new Map<AgentNumber, StateId>();
  const history: Convergence[] = [];

  const look = (round: number): Convergence => {
    const counts = new Map<StateId, number>();
    for (const held of reports.values()) counts.set(held, (counts.get(held) ?? 0) + 1);
    const holders = new Map(
      [...counts].sort(([left, few], [right, many]) => many - few || (left < right ? -1 : 1)),
    );
    const [most = 0] = holders.values();
    const agreeing = expected === undefined ? most : (counts.get(expected) ?? 0);
    const percentage = (100 * agreeing) / members.size;
    return { round, state: stateOf(percentage), holders, percentage };
  };

  return {
    report(agent, held) {
      if (!members.has(agent)) return false;
      reports.set(agent, held);
      return true;
    },
    check(round) {
      const seen = look(round);
      history.push(seen);
      if (history.length > historyMax) history.shift();
      return seen;
    },
    history: () => history,
  };
};

const stateOf = (percentage: number): ConvergenceState => {
  if (percentage === 100) return 'converged';
  return percentage >= PARTIAL_PERCENTAGE_MIN ? 'partial' : 'diverged';
};
