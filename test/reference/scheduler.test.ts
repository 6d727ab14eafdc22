import { describe, expect, it } from 'vitest';
import { createRandom } from '#reference/sim/random.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';

describe('virtual time', () => {
  it('runs things by time, and those of one time in the order of asking', () => {
    const random = createRandom('scheduler');
    const scheduler = createScheduler(1_000);
    const ran: { timeMs: number; order: number }[] = [];
    for (let order = 0; order < 2_000; order++) {
      // Few distinct times, so that most are shared.
      const timeMs = 1_000 + random.integer(50);
      scheduler.at(timeMs, () => ran.push({ timeMs, order }));
    }
    scheduler.runUntil(2_000);
    expect(ran).toHaveLength(2_000);
    const sorted = [...ran].sort((a, b) => a.timeMs - b.timeMs || a.order - b.order);
    expect(ran).toEqual(sorted);
  });

  it('shows each thing its own time, and stands at the limit afterwards', () => {
    const scheduler = createScheduler(0);
    const seen: number[] = [];
    for (const delayMs of [7, 0.25, 3]) scheduler.after(delayMs, () => seen.push(scheduler.now()));
    scheduler.runUntil(3);
    expect([seen, scheduler.now(), scheduler.pending]).toEqual([[0.25, 3], 3, 1]);
    scheduler.runUntil(100);
    expect([seen, scheduler.now(), scheduler.pending]).toEqual([[0.25, 3, 7], 100, 0]);
  });

  it('runs what is asked for while it runs, at its time and not before', () => {
    const scheduler = createScheduler(0);
    const ran: string[] = [];
    scheduler.after(1, () => {
      ran.push('first');
      scheduler.after(0, () => ran.push('at once, after what was due then'));
      scheduler.after(5, () => ran.push('later'));
    });
    scheduler.after(1, () => ran.push('second'));
    scheduler.runUntil(2);
    expect(ran).toEqual(['first', 'second', 'at once, after what was due then']);
    scheduler.runUntil(6);
    expect(ran.at(-1)).toBe('later');
  });

  it('never runs what was cancelled, even by a neighbour of the same moment', () => {
    const scheduler = createScheduler(0);
    const ran: string[] = [];
    const cancels = Array.from({ length: 100 }, (_, index) =>
      scheduler.after(5, () => ran.push(`${index}`)),
    );
    scheduler.after(1, () => cancels.forEach((cancel, index) => index % 3 !== 0 && cancel()));
    scheduler.after(5, () => ran.push('last'));
    scheduler.at(4, () => scheduler.at(5, () => ran.push('after last')));
    scheduler.runUntil(5);
    expect(ran).toEqual([
      ...Array.from({ length: 34 }, (_, index) => `${index * 3}`),
      'last',
      'after last',
    ]);
    expect(scheduler.pending).toBe(0);
  });

  it('lets a cancel that comes late or twice do nothing', () => {
    const scheduler = createScheduler(0);
    const cancelRun = scheduler.after(1, () => undefined);
    const cancelled = scheduler.after(1, () => expect.unreachable());
    scheduler.after(9, () => undefined);
    cancelled();
    scheduler.runUntil(2);
    cancelRun();
    cancelled();
    expect(scheduler.pending).toBe(1);
  });

  it('steps one thing at a time and says when none is left', () => {
    const scheduler = createScheduler(0);
    const ran: number[] = [];
    scheduler.after(2, () => ran.push(2));
    scheduler.after(1, () => ran.push(1));
    scheduler.after(3, () => expect.unreachable())();
    expect(scheduler.step()).toBe(true);
    expect([ran, scheduler.now()]).toEqual([[1], 1]);
    expect(scheduler.step()).toBe(true);
    expect(scheduler.step()).toBe(false);
    expect([ran, scheduler.now()]).toEqual([[1, 2], 2]);
  });

  it('refuses the past and what is no time', () => {
    const scheduler = createScheduler(10);
    for (const delayMs of [-1, NaN, Infinity]) {
      expect(() => scheduler.after(delayMs, () => undefined)).toThrow(/cannot schedule/);
    }
    expect(() => scheduler.at(9, () => undefined)).toThrow(/it is 10/);
    expect(() => scheduler.runUntil(9)).toThrow(/it is 10/);
  });

  it('costs per event what a heap costs: ten times the events, not a hundred times the comparisons', () => {
    const comparisons = (count: number): number => {
      const random = createRandom('cost');
      const scheduler = createScheduler(0);
      let asked = 0;
      const time = (): number => random.next() * 1_000;
      // A number whose every use is counted.
      for (let index = 0; index < count; index++) {
        const timeMs = time();
        const counted = {
          valueOf() {
            asked += 1;
            return timeMs;
          },
        };
        scheduler.at(counted as unknown as number, () => undefined);
      }
      scheduler.runUntil(1_000);
      return asked;
    };
    expect(comparisons(20_000) / comparisons(2_000)).toBeLessThan(16);
  });
});
