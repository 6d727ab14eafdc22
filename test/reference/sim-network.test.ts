import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type { DialResult, Link, Transport } from '#contracts/transport.ts';
import { createNetwork, type Network, type NetworkOptions } from '#reference/sim/network.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createScheduler, type Scheduler } from '#reference/sim/scheduler.ts';
import { linkSuite, pattern, witness, type LinkPair, type Witness } from '#test/suites/link.ts';

const didOf = (name: string): Did => `did:key:${name}` as Did;

interface World {
  readonly scheduler: Scheduler;
  readonly network: Network;
  start(name: string): Transport;
  /** Links of these two, both ends opened. */
  connect(left: string, right: string): { near: Witness; far: Witness };
  dial(from: string, to: string): DialResult;
  run(forMs: number): void;
}

/** A network of named nodes; a name is an address too. */
const createWorld = (
  seed: string,
  options: Omit<NetworkOptions, 'scheduler' | 'random'> = {},
): World => {
  const scheduler = createScheduler(0);
  const network = createNetwork({ scheduler, random: createRandom(seed), ...options });
  const transports = new Map<string, Transport>();
  const accepted: Link[] = [];
  const run = (forMs: number): void => scheduler.runUntil(scheduler.now() + forMs);

  const start = (name: string): Transport => {
    const transport = network.transport(name, didOf(name));
    transports.set(name, transport);
    void transport.listen(name, (link) => accepted.push(link));
    return transport;
  };

  const dial = (from: string, to: string): DialResult => {
    const results: DialResult[] = [];
    const transport = transports.get(from) ?? start(from);
    transport.dial(to, undefined, (result) => results.push(result));
    run(6_000);
    expect(results).toHaveLength(1);
    return results[0]!;
  };

  return {
    scheduler,
    network,
    start,
    dial,
    run,
    connect(left, right) {
      for (const name of [left, right]) if (!transports.has(name)) start(name);
      const result = dial(left, right);
      if (result.status !== 'open') throw new Error(result.reason);
      return { near: witness(result.link), far: witness(accepted.at(-1)!) };
    },
  };
};

/** Frames of four bytes that carry their number. */
const numbered = (number: number): Uint8Array => {
  const frame = new Uint8Array(4);
  new DataView(frame.buffer).setUint32(0, number);
  return frame;
};

const numbersIn = (end: Witness): number[] => {
  const bytes = end.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getUint32(index * 4));
};

const sendNumbers = (end: Witness, count: number): void => {
  for (let number = 0; number < count; number++) {
    expect(end.link.send(numbered(number))).toBe('accepted');
  }
};

const simulatedPair =
  (seed: string, options: Omit<NetworkOptions, 'scheduler' | 'random'>) => (): LinkPair => {
    const { scheduler, network } = createWorld(seed, options);
    const transport = (address: string, did: Did): Transport => {
      const inner = network.transport(address, did);
      // A test that awaits the end of a transport stands outside virtual time, which must go on.
      const close = (): Promise<void> => {
        const closed = inner.close();
        scheduler.runUntil(scheduler.now() + 2_000);
        return closed;
      };
      return { ...inner, close };
    };
    const left = transport('10.0.0.1:7001', didOf('left'));
    const right = transport('10.0.0.2:7001', didOf('right'));
    return {
      left,
      right,
      listenAddress: '10.0.0.2:0',
      rightDid: didOf('right'),
      wrongDid: didOf('wrong'),
      async until(predicate, what) {
        const deadlineMs = scheduler.now() + 60_000;
        while (!predicate()) {
          if (scheduler.now() > deadlineMs) throw new Error(`a minute passed without: ${what}`);
          if (!scheduler.step()) throw new Error(`nothing is left to happen without: ${what}`);
          await Promise.resolve();
        }
      },
      async close() {
        await left.close();
        await right.close();
      },
    };
  };

linkSuite('a calm simulated network', simulatedPair('calm', {}));
linkSuite(
  'a slow simulated network that cuts frames',
  simulatedPair('slow', {
    conditions: { delayMsMin: 0, delayMsMax: 200, bytesPerSecondMax: 1_000_000, cut: true },
  }),
);

describe('a network that misbehaves', () => {
  it('is a function of its seed', () => {
    const story = (seed: string): unknown => {
      const world = createWorld(seed, {
        conditions: { dropRate: 0.2, duplicateRate: 0.2, reorder: true, cut: true },
      });
      const { near, far } = world.connect('a', 'b');
      sendNumbers(near, 200);
      world.run(1_000);
      return [numbersIn(far), world.network.traffic()];
    };
    expect(story('one')).toEqual(story('one'));
    expect(story('one')).not.toEqual(story('two'));
  });

  it('drops, doubles and reorders about as often as it was told, and whole frames only', () => {
    const conditions = { dropRate: 0.3, duplicateRate: 0.2, reorder: true, cut: true };
    const world = createWorld('rates', { conditions });
    const { near, far } = world.connect('a', 'b');
    sendNumbers(near, 5_000);
    world.run(1_000);
    const numbers = numbersIn(far);
    expect(new Set(numbers).size / 5_000).toBeCloseTo(0.7, 1);
    expect(numbers.length / new Set(numbers).size).toBeCloseTo(1.2, 1);
    expect(Math.max(...numbers)).toBeLessThan(5_000);
    const overtaken = numbers.filter((number, index) => number < (numbers[index - 1] ?? 0)).length;
    expect(overtaken).toBeGreaterThan(500);
  });

  it('counts every frame once: sent and doubled are delivered, dropped or under way', () => {
    const world = createWorld('counts', { conditions: { dropRate: 0.3, duplicateRate: 0.3 } });
    const { near, far } = world.connect('a', 'b');
    sendNumbers(near, 1_000);
    sendNumbers(far, 500);
    world.run(1_000);
    const { network } = world;
    const all = network.traffic();
    expect(all.sent).toEqual({ frames: 1_500, bytes: 6_000 });
    expect(network.traffic('a').sent.frames).toBe(1_000);
    expect(network.traffic('b').sent.frames).toBe(500);
    expect(network.traffic('b').delivered.bytes).toBe(far.byteCount());
    for (const unit of ['frames', 'bytes'] as const) {
      expect(all.delivered[unit] + all.dropped[unit]).toBe(all.sent[unit] + all.duplicated[unit]);
      const each = (['a', 'b'] as const).map((name) => network.traffic(name).dropped[unit]);
      expect(each[0]! + each[1]!).toBe(all.dropped[unit]);
    }
  });

  it('lets dropping leave the delays of the others as they were', () => {
    const arrivalsMs = (dropRate: number): Map<number, number> => {
      const { network, run, scheduler, connect } = createWorld('streams');
      const { near, far } = connect('a', 'b');
      network.set({ dropRate, reorder: true });
      const arrivals = new Map<number, number>();
      sendNumbers(near, 100);
      for (let tick = 0; tick < 2_000; tick++) {
        run(0.01);
        for (const number of numbersIn(far).slice(arrivals.size)) {
          arrivals.set(number, Math.round(scheduler.now() * 100));
        }
      }
      return arrivals;
    };
    const calm = arrivalsMs(0);
    const harsh = arrivalsMs(0.1);
    expect(harsh.size).toBeLessThan(calm.size);
    // Delays are drawn frame by frame, so only those before the first drop can be compared.
    const firstDropped = [...Array(100).keys()].find((number) => !harsh.has(number))!;
    expect(firstDropped).toBeGreaterThan(0);
    for (let number = 0; number < firstDropped; number++) {
      expect(harsh.get(number)).toBe(calm.get(number));
    }
  });

  it('delays each frame within its bounds', () => {
    const world = createWorld('delay', { conditions: { delayMsMin: 50, delayMsMax: 60 } });
    const { near, far } = world.connect('a', 'b');
    sendNumbers(near, 20);
    world.run(49.9);
    expect(far.byteCount()).toBe(0);
    world.run(10.2);
    expect(numbersIn(far)).toEqual([...Array(20).keys()]);
  });

  it('delivers no faster than the bandwidth, and a change of it holds from the next frame', () => {
    const { network, run, connect } = createWorld('bandwidth');
    const { near, far } = connect('a', 'b');
    network.setPair('a', 'b', { bytesPerSecondMax: 1_000, delayMsMin: 0, delayMsMax: 0 });
    for (let frame = 0; frame < 10; frame++) near.link.send(pattern(1_000, frame));
    run(2_500);
    expect(far.byteCount()).toBe(2_000);
    expect(near.link.unsentBytes).toBe(8_000);
    far.link.send(pattern(5_000));
    run(20);
    expect(near.byteCount(), 'the other direction was not slowed').toBe(5_000);
    network.setPair('a', 'b', undefined);
    run(1_000);
    expect(far.byteCount()).toBe(10_000);
  });

  it('overrides conditions for a pair in one direction, and lifts them again', () => {
    const { network, run, connect } = createWorld('pairs');
    const first = connect('a', 'b');
    const second = connect('a', 'c');
    network.setPair('a', 'b', { dropRate: 1 });
    sendNumbers(first.near, 3);
    sendNumbers(first.far, 3);
    sendNumbers(second.near, 3);
    run(100);
    expect([first.far, first.near, second.far].map((end) => end.byteCount())).toEqual([0, 12, 12]);
    network.setPair('a', 'b', undefined);
    sendNumbers(first.near, 3);
    run(100);
    expect(first.far.byteCount()).toBe(12);
    network.set({ delayMsMin: 500, delayMsMax: 500 });
    network.setPair('a', 'b', { cut: true });
    sendNumbers(first.near, 3);
    run(499);
    expect(first.far.byteCount(), 'what is not overridden is as for all').toBe(12);
    run(2);
    expect(first.far.byteCount()).toBe(24);
  });
});

describe('the window of a link', () => {
  const limits = { windowBytes: 1_000, unsentBytesMax: 1_000 };

  it('gives back the room of frames that were dropped, before or on their way', () => {
    const { network, run, connect } = createWorld('window', limits);
    const { near, far } = connect('a', 'b');
    network.set({ dropRate: 0.9 });
    for (let frame = 0; frame < 50; frame++) {
      near.link.send(pattern(100));
      run(20);
    }
    network.set({ dropRate: 0 });
    for (let flap = 0; flap < 20; flap++) {
      near.link.send(pattern(100));
      const heal = network.partition(['a'], ['b']);
      run(20);
      heal();
    }
    const before = far.byteCount();
    near.link.send(pattern(100));
    run(20);
    expect([far.byteCount() - before, near.link.unsentBytes]).toEqual([100, 0]);
  });

  it('gives no room for second copies', () => {
    const { network, run, connect } = createWorld('copies', limits);
    const { near } = connect('a', 'b');
    network.set({ duplicateRate: 1 });
    for (let frame = 0; frame < 50; frame++) {
      near.link.send(pattern(100));
      run(20);
    }
    network.set({ duplicateRate: 0 });
    let accepted = 0;
    while (accepted < 100 && near.link.send(pattern(100)) === 'accepted') accepted += 1;
    expect(accepted).toBe(20);
  });
});

describe('partitions, silence and crashes', () => {
  it('parts the sets from each other and nobody else', () => {
    const { network, run, connect } = createWorld('sets');
    const names = ['a', 'b', 'c', 'outside'];
    const links = names.flatMap((left, at) =>
      names.slice(at + 1).map((right) => ({ left, right, ...connect(left, right) })),
    );
    const heal = network.partition(['a'], ['b', 'c']);
    for (const { near } of links) sendNumbers(near, 1);
    run(100);
    const reached = links.filter(({ far }) => far.byteCount() > 0);
    expect(reached.map(({ left, right }) => `${left}-${right}`)).toEqual([
      'a-outside',
      'b-c',
      'b-outside',
      'c-outside',
    ]);
    heal();
    for (const { near } of links) sendNumbers(near, 1);
    run(100);
    expect(links.every(({ far }) => far.byteCount() > 0)).toBe(true);
  });

  it('drops what is under way when the partition comes, and what is sent into it', () => {
    const { network, run, connect } = createWorld('under way', { conditions: { delayMsMin: 9 } });
    const { near, far } = connect('a', 'b');
    sendNumbers(near, 1);
    run(1);
    const heal = network.partition(['a'], ['b']);
    run(100);
    sendNumbers(near, 1);
    heal();
    run(100);
    expect(far.byteCount()).toBe(0);
    expect(network.traffic('a').dropped.frames).toBe(2);
  });

  it('stops a goodbye and a handshake that are under way when the partition comes', () => {
    const { network, run, connect, start } = createWorld('both', { conditions: { delayMsMin: 9 } });
    const { near, far } = connect('a', 'b');
    const results: DialResult[] = [];
    start('c').dial('b', undefined, (result) => results.push(result));
    near.link.close();
    run(1);
    network.partition(['a'], ['b']);
    network.block(['c'], ['b']);
    run(20);
    network.heal();
    run(2_900);
    expect(far.closed).toEqual([]);
    run(3_000);
    expect(far.closed).toEqual(['lost']);
    expect(results).toEqual([expect.objectContaining({ status: 'unreachable' })]);
  });

  it('hands over no further piece of a frame at whose first piece the node crashed', () => {
    const scheduler = createScheduler(0);
    const random = createRandom('pieces');
    const network = createNetwork({ scheduler, random, conditions: { cut: true } });
    let pieces = 0;
    const received = (): void => {
      pieces += 1;
      network.crash('b');
    };
    const ignore = (): void => undefined;
    void network
      .transport('b')
      .listen('b', (link) => link.open({ received, drained: ignore, closed: ignore }));
    network.transport('a').dial('b', undefined, (result) => {
      if (result.status === 'open') result.link.send(pattern(1_000));
    });
    scheduler.runUntil(1_000);
    expect(pieces).toBe(1);
  });

  it('makes a parted link lost at both ends after the silence time-out, not before', () => {
    const { network, run, connect } = createWorld('silence');
    const { near, far } = connect('a', 'b');
    network.partition(['a'], ['b']);
    run(2_999);
    expect([near.closed, far.closed]).toEqual([[], []]);
    run(2);
    expect([near.closed, far.closed]).toEqual([['lost'], ['lost']]);
    expect(near.link.send(numbered(1))).toBe('closed');
  });

  it('forgives a silence that ends in time', () => {
    const { network, run, connect } = createWorld('flapping');
    const { near, far } = connect('a', 'b');
    for (let flap = 0; flap < 5; flap++) {
      const heal = network.partition(['a'], ['b']);
      run(2_500);
      heal();
      run(1);
    }
    sendNumbers(near, 1);
    run(100);
    expect([far.byteCount(), near.closed, far.closed]).toEqual([4, [], []]);
  });

  it('makes a half-parted link lost where nothing is heard, and then at the other end', () => {
    const { network, run, connect } = createWorld('one way');
    const { near, far } = connect('a', 'b');
    network.block(['a'], ['b']);
    sendNumbers(near, 1);
    sendNumbers(far, 1);
    run(2_999);
    expect([near.byteCount(), far.byteCount()]).toEqual([4, 0]);
    run(2);
    expect([near.closed, far.closed]).toEqual([[], ['lost']]);
    run(3_000);
    expect(near.closed).toEqual(['lost']);
  });

  it('answers no dial over a partition, in either direction, until it heals', () => {
    const { network, start, dial } = createWorld('redial');
    start('a');
    start('b');
    for (const raise of [
      () => network.partition(['a'], ['b']),
      () => network.block(['a'], ['b']),
      () => network.block(['b'], ['a']),
    ]) {
      const heal = raise();
      expect(dial('a', 'b').status).toBe('unreachable');
      expect(dial('b', 'a').status).toBe('unreachable');
      heal();
      expect(dial('a', 'b').status).toBe('open');
    }
  });

  it('loses a goodbye in a partition: the other end finds out by silence', () => {
    const { network, run, connect } = createWorld('goodbye');
    const { near, far } = connect('a', 'b');
    network.partition(['a'], ['b']);
    near.link.close();
    run(2_900);
    expect([near.closed, far.closed]).toEqual([['local'], []]);
    run(200);
    expect(far.closed).toEqual(['lost']);
  });

  it('ends all partitions with heal, and one that was healed is not healed twice', () => {
    const { network, start, dial } = createWorld('heal');
    start('a');
    start('b');
    const healFirst = network.partition(['a'], ['b']);
    network.block(['b'], ['a']);
    healFirst();
    expect(dial('a', 'b').status).toBe('unreachable');
    network.heal();
    expect(dial('a', 'b').status).toBe('open');
    network.partition(['a'], ['b']);
    healFirst();
    expect(dial('a', 'b').status, 'an old heal ended a new partition').toBe('unreachable');
  });

  it('tells nobody of a crash: the others find out by silence, the dead never', () => {
    const { network, run, connect, start, dial } = createWorld('crash');
    const { near, far } = connect('a', 'b');
    const results: DialResult[] = [];
    start('c').dial('a', undefined, (result) => results.push(result));
    network.crash('c');
    sendNumbers(near, 1);
    network.crash('b');
    run(2_999);
    expect([near.closed, far.closed]).toEqual([[], []]);
    run(2);
    expect(near.closed).toEqual(['lost']);
    run(10_000);
    expect([far.closed, far.byteCount(), results]).toEqual([[], 0, []]);
    expect(dial('a', 'b').status).toBe('unreachable');
    start('b');
    expect(dial('a', 'b').status).toBe('open');
  });

  it('lets a node that came back be dialled while the old link is not yet lost', () => {
    const { network, run, connect, start } = createWorld('back');
    const old = connect('a', 'b');
    network.crash('b');
    start('b');
    const fresh = connect('a', 'b');
    expect(fresh.near.link.binding).not.toBe(old.near.link.binding);
    sendNumbers(fresh.near, 1);
    run(4_000);
    expect([old.near.closed, fresh.near.closed, fresh.far.byteCount()]).toEqual([['lost'], [], 4]);
  });

  it('proves to each end whom the network was told of at the other', () => {
    const { near, far } = createWorld('proof').connect('a', 'b');
    expect([near.link.proven, far.link.proven]).toEqual([didOf('b'), didOf('a')]);
    expect([near.link.remoteAddress, far.link.remoteAddress]).toEqual(['b', 'a']);
  });

  it('refuses a second listener on an address, and any on a closed transport', async () => {
    const { network, start } = createWorld('listen');
    start('a');
    const other = network.transport('b');
    await expect(other.listen('a', () => undefined)).rejects.toMatchObject({ code: 'port_in_use' });
    await other.close();
    await expect(other.listen('b', () => undefined)).rejects.toMatchObject({
      code: 'transport_unavailable',
    });
  });

  it('gives up a dial of a transport that closes, once', async () => {
    const { run, start } = createWorld('closing');
    const results: DialResult[] = [];
    const transport = start('a');
    transport.dial('nobody', undefined, (result) => results.push(result));
    await transport.close();
    run(20_000);
    expect(results).toEqual([expect.objectContaining({ status: 'unreachable' })]);
  });
});
