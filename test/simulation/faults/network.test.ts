/** F5 to F8: partitions, weather, swizzle, pause, slow peers and clocks that are wrong. */
import { describe, expect, it } from 'vitest';
import type { Conditions } from '#reference/sim/conditions.ts';
import type { Cluster } from '#reference/sim/cluster.ts';
import type { Cut } from '#reference/sim/nemesis/plan.ts';
import {
  alone,
  halves,
  majoritiesRing,
  minorityThird,
  oneWay,
} from '#reference/sim/nemesis/shapes.ts';
import { planOf } from '#reference/sim/nemesis/draw.ts';
import { createStrikes } from '#reference/sim/nemesis/strike.ts';
import { allAgree, nodeOf, run, runUntil } from '#test/support/clusters.ts';
import {
  balancesTextOf,
  calm,
  exportsOf,
  meaningOf,
  patient,
  settled,
  statusesOf,
  sumOf,
  trade,
} from '#test/support/lives.ts';
import { everyDay } from '#test/support/depth.ts';

const cut = (cluster: Cluster, cuts: readonly Cut[]): (() => void) => {
  const addressesOf = (indices: readonly number[]): string[] =>
    indices.map((index) => cluster.places[index]!.address);
  const heals = cuts.map(({ from, to }) =>
    cluster.network.block(addressesOf(from), addressesOf(to)),
  );
  return () => heals.forEach((heal) => heal());
};

const SHAPES: { readonly [name: string]: (order: readonly number[]) => Cut[] } = {
  one: alone,
  halves: (order) => halves(order, Math.floor(order.length / 2)),
  'minority third': minorityThird,
  'majorities ring': majoritiesRing,
  'one way': (order) => oneWay(order, Math.ceil(order.length / 2)),
};

/** Two digest rounds of 10 s, each with its jitter. */
const TWO_ROUNDS_MS = 24_000;

describe('F5: a partition', () => {
  // 25 nodes have their turn in test/long.
  const cases = Object.keys(SHAPES).flatMap((shape) => [3, 5].map((nodes) => ({ shape, nodes })));

  it.each(cases)(
    '($shape, $nodes nodes) stops nobody from paying, and all agree within two digest rounds after it',
    async ({ shape, nodes }) => {
      const cluster = await settled(`partition ${shape}`, nodes);
      const order = cluster.random.fork('order').shuffle(cluster.places.map(({ index }) => index));
      const heal = cut(cluster, SHAPES[shape]!(order));
      await run(cluster, 5_000);
      for (const { index } of cluster.places) cluster.pay(index, (index + 1) % nodes, 10n);
      await run(cluster, 7_000);
      expect(cluster.acknowledged.size).toBe(nodes);
      expect(cluster.places.map(sumOf)).toEqual(cluster.places.map(() => 0n));
      heal();
      expect(await runUntil(cluster, () => allAgree(cluster))).toBeLessThanOrEqual(TWO_ROUNDS_MS);
      expect(exportsOf(cluster.places)).toBe(1);
      expect(meaningOf(cluster.places[0]!)).toHaveLength(nodes);
      expect(new Set(cluster.places.map(balancesTextOf)).size).toBe(1);
    },
  );

  it('of every shape lets somebody not hear somebody, and only the one-way one is not mutual', () => {
    for (const [name, shape] of Object.entries(SHAPES)) {
      for (const nodes of [2, 3, 5, 25]) {
        const order = Array.from({ length: nodes }, (_, index) => index);
        const pairs = new Set(
          shape(order).flatMap(({ from, to }) =>
            from.flatMap((one) => to.map((two) => `${one} ${two}`)),
          ),
        );
        expect({ name, nodes, size: pairs.size > 0 }).toEqual({ name, nodes, size: true });
        const mutual = [...pairs].every((pair) => pairs.has(pair.split(' ').reverse().join(' ')));
        expect({ name, mutual }).toEqual({ name, mutual: name !== 'one way' });
        if (name !== 'majorities ring' || nodes < 4) continue;
        const heard = order.map((node) =>
          order.filter((other) => !pairs.has(`${other} ${node}`)).join(),
        );
        expect(heard.every((set) => set.split(',').length > nodes / 2)).toBe(true);
        expect(new Set(heard).size).toBe(nodes);
      }
    }
  });
});

describe('F6: weather', () => {
  const ROUNDS = 12;
  const SKIES: readonly {
    readonly sky: string;
    readonly limitMs: number;
    readonly conditions: Partial<Conditions>;
  }[] = [
    { sky: '10 % lost', limitMs: 60_000, conditions: { dropRate: 0.1 } },
    { sky: '30 % lost', limitMs: 120_000, conditions: { dropRate: 0.3 } },
    { sky: '50 % lost', limitMs: 300_000, conditions: { dropRate: 0.5 } },
    { sky: '20 % doubled', limitMs: 24_000, conditions: { duplicateRate: 0.2 } },
    { sky: '50 % doubled', limitMs: 24_000, conditions: { duplicateRate: 0.5 } },
    { sky: 'overtaking', limitMs: 24_000, conditions: { reorder: true, delayMsMax: 500 } },
    { sky: 'up to 2 s late', limitMs: 24_000, conditions: { delayMsMax: 2_000 } },
    {
      sky: 'all at once',
      limitMs: 300_000,
      conditions: { dropRate: 0.3, duplicateRate: 0.3, reorder: true, delayMsMax: 2_000 },
    },
  ];

  const under = async (conditions: Partial<Conditions>, limitMs: number) => {
    const cluster = await settled('weather', 4);
    cluster.network.set(conditions);
    await trade(cluster, ROUNDS);
    // The weather does not clear up for their sake.
    const tookMs = await runUntil(cluster, () => allAgree(cluster), limitMs);
    const [first] = cluster.places;
    return {
      tookMs,
      exports: exportsOf(cluster.places),
      meaning: meaningOf(first!),
      balances: balancesTextOf(first!),
    };
  };

  it('of any kind leaves the same books as a clear sky, within bounded time, while it lasts', async () => {
    const clear = await under(calm, TWO_ROUNDS_MS);
    expect(clear.meaning).toHaveLength(ROUNDS);
    const wrong: unknown[] = [];
    const worst = SKIES.filter(({ sky }) => /^50|overtaking|all/.test(sky));
    for (const { sky, limitMs, conditions } of everyDay(worst, SKIES)) {
      const { tookMs, ...state } = await under(conditions, limitMs);
      const isSame =
        state.exports === 1 &&
        state.balances === clear.balances &&
        state.meaning.join() === clear.meaning.join();
      if (tookMs === undefined || !isSame) wrong.push({ sky, tookMs, isSame });
    }
    expect(wrong).toEqual([]);
  });
});

describe('F7: one who is slow', () => {
  const NODES = 5;
  const LAST = NODES - 1;
  const ROUNDS = 15;

  const others = (cluster: Cluster) => cluster.places.slice(0, LAST);

  /** How long the others take to hold everything, the most that waited for links, and the rest of the story. */
  const live = async (before: (cluster: Cluster) => void, after: (cluster: Cluster) => void) => {
    const cluster = await settled('slow', NODES);
    before(cluster);
    const beganMs = cluster.scheduler.now();
    for (let round = 0; round < ROUNDS; round++) {
      for (const { index } of others(cluster)) cluster.pay(index, (index + 1) % LAST, 5n);
      await run(cluster, 20);
    }
    const all = ROUNDS * LAST;
    let mostBytes = 0;
    const done = (): boolean => {
      mostBytes = Math.max(mostBytes, ...cluster.places.map((place) => place.load().unsentBytes));
      return others(cluster).every((place) => nodeOf(place).topics()[0]?.records === all);
    };
    await runUntil(cluster, done, 60_000);
    const othersMs = cluster.scheduler.now() - beganMs;
    await run(cluster, 10_000);
    done();
    after(cluster);
    const caughtUpMs = await runUntil(cluster, () => allAgree(cluster), 300_000);
    return { othersMs, mostBytes, caughtUpMs, exports: exportsOf(cluster.places) };
  };

  const slowly = (conditions: Partial<Conditions> | undefined) => (cluster: Cluster) => {
    const { address } = cluster.places[LAST]!;
    for (const { address: other } of others(cluster)) {
      cluster.network.setPair(address, other, conditions);
      cluster.network.setPair(other, address, conditions);
    }
  };

  it('(1 kB/s, or stopped) keeps nobody else waiting, fills no queue, and catches up', async () => {
    const nothing = (): void => undefined;
    const baseline = await live(nothing, nothing);
    const slow = await live(slowly({ bytesPerSecondMax: 1_000 }), slowly(undefined));
    const stopped = await live(
      (cluster) => cluster.pause(LAST),
      (cluster) => cluster.resume(LAST),
    );
    for (const { othersMs, mostBytes, caughtUpMs, exports } of [slow, stopped]) {
      expect(othersMs).toBeLessThanOrEqual(1.2 * baseline.othersMs);
      expect(mostBytes).toBeLessThanOrEqual(1_048_576);
      expect(caughtUpMs).toBeLessThanOrEqual(TWO_ROUNDS_MS);
      expect(exports).toBe(1);
    }
    // Something did wait for the slow one.
    expect(slow.mostBytes).toBeGreaterThan(10_000);
  });

  it('(everybody in turn: swizzle-clog) loses nothing, and all agree within two rounds after it', async () => {
    const cluster = await settled('swizzle', NODES);
    const strikes = createStrikes({
      cluster,
      calm,
      later: (delayMs, act) => void cluster.scheduler.after(delayMs, () => void act()),
      liarAt: () => expect.unreachable(),
    });
    const order = [3, 0, 4, 1];
    const [action] = planOf('swizzle', { nodes: NODES, spanMs: 1 }, [
      {
        atMs: 0,
        nemesis: 'swizzle',
        deed: { do: 'swizzle', clog: order, free: [1, 3, 0, 4], stepMs: 2_000, holdMs: 3_000 },
      },
    ]).actions;
    strikes.strike(action!);
    await trade(cluster, 60);
    expect(cluster.acknowledged.size).toBe(60);
    expect(await runUntil(cluster, () => allAgree(cluster))).toBeLessThanOrEqual(TWO_ROUNDS_MS);
    expect(meaningOf(cluster.places[2]!)).toHaveLength(60);
    expect(exportsOf(cluster.places)).toBe(1);
  });
});

describe('F8: a wall clock', () => {
  const HOUR_MS = 3_600_000;
  const CLOCKS: { readonly [what: string]: (cluster: Cluster, at: 'begin' | 'middle') => void } = {
    'nine minutes ahead and nine behind': (cluster, at) => {
      if (at === 'middle') return;
      cluster.setClock(0, 540_000);
      cluster.setClock(1, -540_000);
    },
    'an hour ahead, and an hour behind': (cluster, at) => {
      if (at === 'middle') return;
      cluster.setClock(0, HOUR_MS);
      cluster.setClock(1, -HOUR_MS);
    },
    'that jumps back an hour (as in autumn)': (cluster, at) => {
      if (at === 'middle') cluster.setClock(2, -HOUR_MS);
    },
    'that stands still': (cluster, at) => cluster.freezeClock(1, at === 'begin'),
  };

  const under = async (set: (cluster: Cluster, at: 'begin' | 'middle') => void) => {
    const cluster = await settled('clocks', 3);
    set(cluster, 'begin');
    await trade(cluster, 12);
    set(cluster, 'middle');
    await trade(cluster, 12);
    const tookMs = await runUntil(cluster, () => allAgree(cluster));
    return {
      tookMs,
      meaning: meaningOf(cluster.places[0]!),
      statuses: statusesOf(cluster.places[1]!),
      balances: balancesTextOf(cluster.places[2]!),
      exports: exportsOf(cluster.places),
    };
  };

  it.each(Object.keys(CLOCKS))(
    '(%s) decides nothing: same books, same verdicts, same pace',
    async (what) => {
      const right = await under(() => {});
      expect(right.statuses).toHaveLength(24);
      expect(new Set(right.statuses.map((line) => line.split(' ').at(-1)))).toEqual(
        new Set(['accepted']),
      );
      // The pace, too: intervals never see the wall clock.
      expect(await under(CLOCKS[what]!)).toEqual(right);
      expect(patient.gossip.digestIntervalMs).toBe(10_000);
    },
  );
});
