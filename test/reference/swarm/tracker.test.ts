/** Convergence: who is counted, and when it is there. */
import { describe, expect, it } from 'vitest';
import { createTracker } from '#reference/swarm/tracker.ts';
import { hashOf, numbersBelow } from './support.ts';

const [X, Y] = [hashOf('x'), hashOf('y')];

describe('the tracker', () => {
  it('four correct agents and three liars for one state, three correct for another: not converged', () => {
    const tracker = createTracker({ correct: numbersBelow(7) });
    for (const agent of numbersBelow(4)) expect(tracker.report(agent, X)).toBe(true);
    for (const agent of [4, 5, 6]) tracker.report(agent, Y);
    for (const liar of [7, 8, 9]) expect(tracker.report(liar, X)).toBe(false);
    const seen = tracker.check(5);
    expect(seen.state).toBe('partial');
    expect([...seen.holders]).toEqual([
      [X, 4],
      [Y, 3],
    ]);
    expect(seen.percentage).toBeCloseTo(400 / 7);
  });

  it('is diverged below half, partial from half on, converged when all correct agents agree', () => {
    const tracker = createTracker({ correct: numbersBelow(4), expected: X });
    const states = [0, 1, 2, 3].map((agent) => {
      tracker.report(agent, X);
      return tracker.check(agent).state;
    });
    expect(states).toEqual(['diverged', 'partial', 'partial', 'converged']);
    expect(tracker.history().map(({ round }) => round)).toEqual([0, 1, 2, 3]);
  });

  it('who agrees on something else than expected has not converged', () => {
    const tracker = createTracker({ correct: numbersBelow(3), expected: X });
    for (const agent of numbersBelow(3)) tracker.report(agent, Y);
    expect(tracker.check(1)).toMatchObject({ state: 'diverged', percentage: 0 });
  });

  it('remembers the last rounds and no more', () => {
    const tracker = createTracker({ correct: [0], historyMax: 3 });
    for (const round of numbersBelow(10)) tracker.check(round);
    expect(tracker.history().map(({ round }) => round)).toEqual([7, 8, 9]);
  });
});
