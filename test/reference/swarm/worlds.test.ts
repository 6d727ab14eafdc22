/** Near and far: whom to contact, and the trap of the nearest. */
import { describe, expect, it } from 'vitest';
import { createPeers } from '#reference/swarm/worlds/peers.ts';
import {
  createWorld,
  travel,
  WORLDS,
  type JourneyOptions,
} from '#reference/swarm/worlds/worlds.ts';
import { numbersBelow } from './support.ts';

const SEEDS = numbersBelow(3);
const setting: Omit<JourneyOptions, 'world' | 'choice' | 'seed'> = {
  agents: 160,
  fanOut: 3,
  timeMsMax: 1_200,
};
const mean = (list: readonly number[]): number =>
  list.reduce((sum, each) => sum + each) / list.length;

describe('the worlds', () => {
  it('are as far as they say, and as far there as back', () => {
    for (const [world, min, max] of [
      ['plane', 2, 101],
      ['regions', 3, 119],
    ] as const) {
      const latency = createWorld(world, 40, 1);
      for (const from of numbersBelow(40)) {
        for (const to of numbersBelow(from)) {
          expect(latency(from, to)).toBe(latency(to, from));
          expect(latency(from, to)).toBeGreaterThanOrEqual(min);
          expect(latency(from, to)).toBeLessThanOrEqual(max);
          if (world === 'regions') expect(latency(from, to) < 8).toBe(from % 8 === to % 8);
        }
      }
    }
  });
});

describe('contacts', () => {
  it('with the nearest alone: in a clustered world the news never leaves its cluster', () => {
    for (const seed of SEEDS) {
      const short = { ...setting, timeMsMax: 500 }; // The others need 300.
      const journey = travel({ ...short, world: 'regions', choice: 'nearest', seed });
      expect(journey.tookMs).toBeUndefined();
      expect(journey.coverage).toBeLessThan(0.5);
    }
  });

  it.each(WORLDS)(
    'half near, half anybody, in %s: all hear, always, and no later than from anybody',
    (world) => {
      for (const intervalMs of [undefined, 50]) {
        const clock = intervalMs === undefined ? {} : { intervalMs };
        const [mixed, uniform] = (['mixed', 'uniform'] as const).map((choice) =>
          SEEDS.map((seed) => {
            const journey = travel({ ...setting, ...clock, world, choice, seed });
            expect(journey.coverage, `${choice}, seed ${seed}`).toBe(1);
            return journey.tookMs!;
          }),
        );
        expect(mean(mixed!)).toBeLessThanOrEqual(mean(uniform!));
      }
    },
  );

  it('are the same for the same seed', () => {
    const options = { ...setting, world: 'plane', choice: 'mixed', seed: 3 } as const;
    expect(travel(options)).toEqual(travel(options));
    expect(travel({ ...options, seed: 4 })).not.toEqual(travel(options));
  });

  it('a fifth of the agents are dead: all the living hear', () => {
    const dead = numbersBelow(32).map((place) => 5 * place + 1);
    const journey = travel({ ...setting, world: 'plane', choice: 'mixed', seed: 1, dead });
    expect(journey.unanswered).toBeGreaterThan(0);
    expect(journey.coverage).toBe(1);
  });
});

describe('the peers of an agent', () => {
  const peersOf = (choice: 'mixed' | 'nearest') =>
    createPeers({ self: 0, agents: 100, fanOut: 2, choice, latencyMs: (peer) => peer });
  const words = numbersBelow(400).map((at) => Math.imul(at + 1, 0x9e37_79b9));
  const chosen = (peers: ReturnType<typeof peersOf>) =>
    new Set(words.map((word) => peers.choose(word, 0)));

  it('the nearest are twice the fan-out, and never the agent itself', () => {
    expect([...chosen(peersOf('nearest'))].sort((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    const anybody = new Set(words.map((word) => peersOf('mixed').choose(word, 1)));
    expect(anybody.has(0)).toBe(false);
    expect(anybody.size).toBeGreaterThan(90);
  });

  it('who was silent three times in a row is dead, and the next nearest takes its place', () => {
    const peers = peersOf('nearest');
    for (let time = 0; time < 3; time++) {
      expect(peers.isAlive(2)).toBe(true);
      peers.record(2, false);
    }
    expect(peers.isAlive(2)).toBe(false);
    expect([...chosen(peers)].sort((a, b) => a - b)).toEqual([1, 3, 4, 5]);
    const mixed = peersOf('mixed');
    for (let time = 0; time < 3; time++) mixed.record(50, false);
    expect(words.map((word) => mixed.choose(word, 1))).not.toContain(50);
  });

  it('who answers less than seven times in ten is passed over, and preferred again when it does', () => {
    const peers = peersOf('nearest');
    for (const hasAnswered of [true, false, true, false]) peers.record(1, hasAnswered);
    expect(peers.successOf(1)).toBe(0.5);
    expect(chosen(peers).has(1)).toBe(false);
    for (let time = 0; time < 3; time++) peers.record(1, true);
    expect(chosen(peers).has(1)).toBe(true);
  });
});
