/** The rate of a log: bounded for each event, and what was left out is counted. */
import { describe, expect, it } from 'vitest';
import type { DurableStore } from '#contracts/host.ts';
import type { Transport } from '#contracts/transport.ts';
import { createHost } from '#reference/host/host.ts';
import { createLogRate, LINES_MAX, SPAN_MS } from '#reference/host/log-rate.ts';

describe('the rate of a log', () => {
  it('admits so many lines of an event in a while, whatever others say, and tells what it left out', () => {
    const rate = createLogRate();
    const admitted = (now: number, event: string, times: number): number =>
      Array.from({ length: times }, () => rate.admit(now, event)).filter(Boolean).length;
    expect(admitted(0, 'link_refused', 1_000)).toBe(LINES_MAX);
    expect(admitted(0, 'store_failed', 1)).toBe(1);
    expect(rate.admit(SPAN_MS - 1, 'link_refused')).toBeUndefined();
    expect(rate.admit(SPAN_MS, 'link_refused')).toEqual({ leftOut: 1_000 - LINES_MAX + 1 });
    expect(rate.admit(SPAN_MS, 'link_refused')).toEqual({ leftOut: 0 });
  });

  it('remembers a bounded number of events: a hundred thousand names share what is left', () => {
    const rate = createLogRate();
    const admitted = Array.from({ length: 100_000 }, (_, index) => rate.admit(0, `event ${index}`));
    expect(admitted.filter(Boolean).length).toBeLessThan(1_000);
  });

  it('bounds the lines of a host, each of which is JSON with time, level, event and its fields', () => {
    const lines: string[] = [];
    const host = createHost({
      store: {} as DurableStore,
      transport: {} as Transport,
      log: { write: (line) => lines.push(line), close: () => Promise.resolve() },
    });
    for (let count = 0; count < 10_000; count++) host.log('warn', 'link_refused', { links: count });
    host.log('error', 'store_failed', { reason: 'no space left on device' });
    expect(lines).toHaveLength(LINES_MAX + 1);
    expect(lines.map((line) => JSON.parse(line) as object).at(-1)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      level: 'error',
      event: 'store_failed',
      reason: 'no space left on device',
    });
  });
});
