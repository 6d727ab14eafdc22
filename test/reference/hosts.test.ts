import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DurableStore, Host, LogLevel } from '#contracts/host.ts';
import type { Transport } from '#contracts/transport.ts';
import { createHost, openLog, type LogSink } from '#reference/host/host.ts';
import { createSimulatedHost, type LogLine } from '#reference/sim/host.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';

/** No host touches what it only carries. */
const store = {} as DurableStore;
const transport = {} as Transport;
const START_MS = 1_700_000_000_000;

interface World {
  readonly host: Host & { halt(): void };
  wait(forMs: number): Promise<void>;
}

const realWorld = (): World => ({
  host: createHost({
    store,
    transport,
    log: { write: () => undefined, close: async () => undefined },
  }),
  wait: (forMs) => new Promise((resolve) => setTimeout(resolve, forMs)),
});

const simulatedWorld = (): World => {
  const scheduler = createScheduler(START_MS);
  const random = createRandom('host');
  return {
    host: createSimulatedHost({ scheduler, random, store, transport }),
    wait: async (forMs) => scheduler.runUntil(scheduler.now() + forMs),
  };
};

for (const [name, makeWorld] of [
  ['the real host', realWorld],
  ['the simulated host', simulatedWorld],
] as const) {
  describe(`host: ${name}`, () => {
    it('runs timers in the order of their times, and never one that was cancelled', async () => {
      const { host, wait } = makeWorld();
      const ran: string[] = [];
      host.after(40, () => ran.push('second'));
      host.after(10, () => ran.push('first'));
      const cancel = host.after(20, () => ran.push('cancelled'));
      cancel();
      cancel();
      await wait(80);
      expect(ran).toEqual(['first', 'second']);
    });

    it('fires no timer after halt, whenever it was set', async () => {
      const { host, wait } = makeWorld();
      const ran: string[] = [];
      host.after(10, () => ran.push('set before'));
      host.halt();
      host.after(10, () => ran.push('set after'))();
      host.after(10, () => ran.push('set after'));
      await wait(40);
      expect(ran).toEqual([]);
    });

    it('counts whole milliseconds by the wall and never backwards by the interval', async () => {
      const { host, wait } = makeWorld();
      const [wall, interval] = [host.now(), host.monotonic()];
      await wait(20.5);
      expect(Number.isInteger(host.now())).toBe(true);
      expect(host.now() - wall).toBeGreaterThanOrEqual(18);
      expect(host.monotonic() - interval).toBeGreaterThanOrEqual(18);
    });

    it('draws numbers in [0, 1) and bytes that do not repeat', () => {
      const { host } = makeWorld();
      const draws = Array.from({ length: 2_000 }, () => host.random());
      expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...draws)).toBeLessThan(1);
      expect(new Set(draws).size).toBe(2_000);
      expect(draws.reduce((sum, draw) => sum + draw) / 2_000).toBeCloseTo(0.5, 1);
      expect(host.randomBytes(16)).toHaveLength(16);
      expect(host.randomBytes(16)).not.toEqual(host.randomBytes(16));
    });
  });
}

describe('the simulated host', () => {
  const create = (clockOffsetMs?: number) => {
    const scheduler = createScheduler(START_MS);
    const lines: LogLine[] = [];
    const host = createSimulatedHost({
      scheduler,
      random: createRandom('host'),
      store,
      transport,
      log: (line) => lines.push(line),
      ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    });
    return { scheduler, host, lines };
  };

  it('lets the wall clock jump, and intervals and timers go on as if nothing had been', () => {
    const { scheduler, host } = create(-3_600_000);
    expect(host.now()).toBe(START_MS - 3_600_000);
    const ranAt: number[] = [];
    host.after(100, () => ranAt.push(host.monotonic()));
    host.setClockOffset(7_200_000);
    scheduler.runUntil(START_MS + 200);
    expect(host.now()).toBe(START_MS + 7_200_200);
    expect([ranAt, host.monotonic()]).toEqual([[100], 200]);
  });

  it('says its lines in virtual time until it is halted', () => {
    const { scheduler, host, lines } = create(999);
    scheduler.runUntil(START_MS + 5);
    host.log('warn', 'something', { peer: 'x' });
    host.halt();
    host.log('warn', 'after its end');
    expect(lines).toEqual([
      { timeMs: START_MS + 5, level: 'warn', event: 'something', fields: { peer: 'x' } },
    ]);
  });
});

describe('the log of the real host', () => {
  const create = (logLevelMin: LogLevel) => {
    const lines: string[] = [];
    const log: LogSink = { write: (line) => lines.push(line), close: async () => undefined };
    return { host: createHost({ store, transport, log, logLevelMin }), lines };
  };

  it('writes one JSON object a line, from its level upwards', () => {
    const { host, lines } = create('warn');
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      host.log(level, 'event', { text: 'two\nlines' });
    }
    expect(lines.map((line) => line.indexOf('\n') === line.length - 1)).toEqual([true, true]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { time: expect.any(String), level: 'warn', event: 'event', text: 'two\nlines' },
      { time: expect.any(String), level: 'error', event: 'event', text: 'two\nlines' },
    ]);
  });

  it('never fails on what has no JSON, and lets no field hide the event', () => {
    const { host, lines } = create('debug');
    const circle: { self?: unknown } = {};
    circle.self = circle;
    host.log('info', 'circle', { circle });
    host.log('info', 'amount', { amount: 12n, error: new Error('why'), event: 'forged' });
    const [first, second] = lines.map((line) => JSON.parse(line) as unknown);
    expect(first).toMatchObject({ event: 'circle', unprintable: expect.any(String) });
    expect(second).toMatchObject({ event: 'amount', amount: '12', error: 'why' });
  });

  describe('in a file', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'log-'));
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    it('appends, and has written everything when it is closed', async () => {
      const path = join(directory, 'log');
      for (const line of ['one\n', 'two\n']) {
        const log = openLog(path);
        log.write(line);
        await log.close();
        await log.close();
        log.write('after its end\n');
      }
      expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    });

    it('drops lines rather than the node when the file cannot be written', async () => {
      const log = openLog(join(directory, 'no', 'such', 'folder'));
      log.write('line\n');
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(() => log.write('line\n')).not.toThrow();
      await expect(log.close()).resolves.toBeUndefined();
    });
  });
});
