import { describe, expect, it } from 'vitest';
import { createDisk } from '#reference/sim/disk.ts';
import { createGate } from '#reference/sim/gate.ts';
import { createSimulatedHost } from '#reference/sim/host.ts';
import { createNetwork } from '#reference/sim/network.ts';
import { shrink } from '#reference/sim/nemesis/shrink.ts';
import { numbersText, readNumbers } from '#reference/sim/nemesis/plan.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';

const world = () => {
  const scheduler = createScheduler(0);
  const random = createRandom('gate');
  const disk = createDisk({ scheduler, random });
  const network = createNetwork({ scheduler, random });
  const own = createSimulatedHost({
    scheduler,
    random,
    store: disk.open(),
    transport: network.transport('a'),
  });
  const gate = createGate();
  return { scheduler, disk, network, own, gate, host: gate.wrap(own) };
};

describe('a gate', () => {
  it('holds timers, bytes and confirmations back while it is shut, and gives them in order', () => {
    const { scheduler, network, gate, host } = world();
    const seen: string[] = [];
    void network.transport('b').listen('b', (link) => {
      link.open({ received: () => {}, drained: () => {}, closed: () => {} });
      link.send(Uint8Array.of(1));
    });
    host.transport.dial('b', undefined, (result) => {
      seen.push(result.status);
      if (result.status !== 'open') return;
      result.link.open({
        received: (bytes) => seen.push(`bytes ${bytes.length}`),
        drained: () => {},
        closed: () => {},
      });
    });
    gate.shut();
    host.after(100, () => seen.push('timer'));
    const cancel = host.after(101, () => seen.push('cancelled'));
    host.store.commit([{ key: 'a', value: '1' }], () => seen.push('durable'));
    scheduler.runUntil(1_000);
    expect(seen).toEqual([]);
    cancel();
    gate.open();
    expect(seen.slice(0, 3).sort()).toEqual(['durable', 'open', 'timer']);
    scheduler.runUntil(2_000);
    expect(seen.at(-1)).toBe('bytes 1');
    expect(host.now()).toBe(2_000);
  });

  it('keeps what comes while it hands over behind what waited, and stays shut if it is shut again', () => {
    const { scheduler, gate, host } = world();
    const seen: number[] = [];
    gate.shut();
    host.after(1, () => {
      seen.push(1);
      gate.shut();
    });
    host.after(2, () => seen.push(2));
    scheduler.runUntil(10);
    gate.open();
    expect([seen, gate.isShut]).toEqual([[1], true]);
    gate.open();
    expect(seen).toEqual([1, 2]);
  });

  it('lets the host count its timers through it', () => {
    const { scheduler, own, host } = world();
    const cancel = host.after(5, () => {});
    host.after(6, () => {});
    expect(own.timers).toBe(2);
    cancel();
    cancel();
    expect(own.timers).toBe(1);
    scheduler.runUntil(10);
    expect(own.timers).toBe(0);
  });
});

describe('a disk that may have kept more than it said', () => {
  const put = (key: string) => [{ key, value: key }];

  it('keeps the first so many commits under way over a crash, and calls nobody back', () => {
    const { disk, host } = world();
    for (const key of ['a', 'b', 'c']) host.store.commit(put(key), () => expect.unreachable());
    disk.crash(2);
    const next = disk.open();
    expect(['a', 'b', 'c'].map((key) => next.get(key))).toEqual(['a', 'b', undefined]);
  });

  it('fails until it is repaired, and keeps what it was given if so told', () => {
    for (const kept of [true, false]) {
      const { scheduler, disk, host } = world();
      const answers: (Error | undefined)[] = [];
      disk.fail(new Error('EIO'), kept);
      host.store.commit(put('a'), (error) => answers.push(error));
      scheduler.runUntil(100);
      expect(answers[0]?.message).toContain('EIO');
      disk.crash();
      const still = disk.open();
      still.commit(put('b'), (error) => answers.push(error));
      scheduler.runUntil(200);
      expect(answers[1]).toBeDefined();
      disk.crash();
      disk.repair();
      const next = disk.open();
      next.commit(put('c'), (error) => answers.push(error));
      scheduler.runUntil(300);
      expect(answers[2]).toBeUndefined();
      expect(['a', 'b', 'c'].map((key) => next.get(key) !== undefined)).toEqual([kept, kept, true]);
    }
  });

  it('tells of the next operation of a kind, once', () => {
    const { scheduler, disk, host } = world();
    const seen: string[] = [];
    disk.atNext('durable', () => seen.push(`durable at ${disk.operations}`));
    disk.atNext('asked', () => seen.push(`asked at ${disk.operations}`));
    for (const key of ['a', 'b']) host.store.commit(put(key), () => seen.push(key));
    scheduler.runUntil(100);
    expect(seen).toEqual(['asked at 1', 'durable at 3', 'a', 'b']);
  });
});

describe('shrinking', () => {
  it.each([
    [[7], 100],
    [[1, 50, 100], 100],
    [[], 40],
    [[1, 2, 3], 3],
  ])('finds the actions %j among %d', async (guilty, count) => {
    const fails = async (numbers: ReadonlySet<number>) => guilty.every((each) => numbers.has(each));
    const { numbers, runs } = await shrink(count, fails, 500);
    expect(numbers).toEqual(guilty);
    expect(runs).toBeLessThanOrEqual(120);
  });

  it('stops at its bound with something that still fails', async () => {
    const fails = async (numbers: ReadonlySet<number>) => numbers.has(3) && numbers.has(90);
    const { numbers, runs } = await shrink(100, fails, 5);
    expect(runs).toBe(5);
    expect(await fails(new Set(numbers))).toBe(true);
  });

  it('spells numbers as they are read', () => {
    expect(numbersText([9, 1, 2, 3, 7])).toBe('1-3,7,9');
    expect([...readNumbers('1-3,7,9', 9)!]).toEqual([1, 2, 3, 7, 9]);
    for (const text of ['', '0', '3-1', '10', '1,,2', 'x', '1-10']) {
      expect(readNumbers(text, 9)).toBeUndefined();
    }
  });
});
