/** The choice of an algorithm: its formulas, and that it answers everybody and never wavers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALGORITHMS,
  chooseStrategy,
  costOf,
  FAULT_MODELS,
  STRATEGY_AGENTS_MAX,
  type Algorithm,
  type Demand,
} from '#reference/swarm/sizing/strategy.ts';

const demand = fc.record({
  agents: fc.oneof(
    fc.integer({ min: 1, max: 2_000 }),
    fc.integer({ min: 1, max: STRATEGY_AGENTS_MAX }),
  ),
  latencyMsMax: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constant(Infinity)),
  faults: fc.constantFrom(...FAULT_MODELS),
});

const at = (algorithm: Algorithm, agents: number) =>
  costOf(algorithm, { agents, latencyMsMax: 100, faults: 'byzantine' });

describe('the costs', () => {
  it('PBFT: two million messages at a thousand agents, by the square', () => {
    expect(at('pbft', 1_000).messages).toBe(1_998_000);
    for (const agents of [4, 100, 1_000]) {
      expect(at('pbft', agents).messages).toBe(2 * agents * (agents - 1));
    }
  });

  it('HotStuff: eight messages an agent, and 2001 signatures for the leader at a thousand: 208 ms', () => {
    const cost = at('hotstuff', 1_000);
    expect(cost.messages).toBe(8 * 999);
    expect(cost.peakChecks).toBe(3 * (2 * 333 + 1));
    expect(Math.round(cost.peakChecks * 0.104)).toBe(208);
    const checksMs = (agents: number): number => at('hotstuff', agents).peakChecks * 0.104;
    expect(checksMs(478)).toBeLessThan(100);
    expect(checksMs(483)).toBeGreaterThan(100);
  });

  it('gossip: 64 000 digests at a thousand agents, and no agent much busier than another', () => {
    const cost = at('gossip', 1_000);
    expect(cost.messages).toBe(2 * 1_000 * 8 * 4);
    expect(cost.peakLoad).toBeLessThan(300);
    expect(at('gossip', 1_000_000).peakLoad).toBeLessThan(3 * cost.peakLoad);
  });

  it('only grow with the size', () => {
    fc.assert(
      fc.property(demand, fc.integer({ min: 1, max: 2_000 }), (asked, more) => {
        for (const algorithm of ALGORITHMS) {
          const agents = Math.min(STRATEGY_AGENTS_MAX, asked.agents + more);
          const [here, there] = [costOf(algorithm, asked), costOf(algorithm, { ...asked, agents })];
          expect(there.messages).toBeGreaterThanOrEqual(here.messages);
          expect(there.latencyMs).toBeGreaterThanOrEqual(here.latencyMs);
          expect(there.peakLoad).toBeGreaterThanOrEqual(here.peakLoad);
        }
      }),
    );
  });
});

describe('the choice', () => {
  it('is there for every size, deadline and kind of fault, with its reason', () => {
    fc.assert(
      fc.property(demand, (asked) => {
        const chosen = chooseStrategy(asked);
        expect(chosen.reason).toContain(chosen.algorithm);
        expect(chosen.isInTime).toBe(chosen.latencyMs <= asked.latencyMsMax);
        expect(chosen).toMatchObject(costOf(chosen.algorithm, asked));
        if (asked.faults === 'byzantine') expect(chosen.algorithm).not.toBe('raft');
      }),
    );
  });

  it('covers a thousand agents that may lie, which the seed leaves out, and its neighbours', () => {
    for (const agents of [999, 1_000, 1_001]) {
      for (const latencyMsMax of [50, 100, 500, 5_000]) {
        expect(chooseStrategy({ agents, latencyMsMax, faults: 'byzantine' }).reason).not.toBe('');
      }
    }
  });

  it('moves down the list as the swarm grows, and never back', () => {
    fc.assert(
      fc.property(demand, fc.integer({ min: 1, max: STRATEGY_AGENTS_MAX }), (asked, other) => {
        const [few, many] = [asked.agents, other].sort((left, right) => left - right);
        const rank = (agents: number): number =>
          ALGORITHMS.indexOf(chooseStrategy({ ...asked, agents }).algorithm);
        expect(rank(many!)).toBeGreaterThanOrEqual(rank(few!));
      }),
    );
  });

  it('comes out as one would say: PBFT for a few, HotStuff past the square, gossip for the many', () => {
    const choose = (agents: number, latencyMsMax: number, faults: Demand['faults'] = 'byzantine') =>
      chooseStrategy({ agents, latencyMsMax, faults }).algorithm;
    expect(choose(4, 100)).toBe('pbft');
    expect(choose(1_001, 500)).toBe('hotstuff');
    expect(choose(1_000_000, 1_000)).toBe('gossip');
    expect(choose(1_000, 100, 'crash')).toBe('raft');
    // The seed has Raft here: its leader would handle two million messages.
    expect(choose(1_000_000, 1_000, 'crash')).toBe('gossip');
  });

  it('says so where nothing is fast enough', () => {
    const chosen = chooseStrategy({ agents: 1_000_000, latencyMsMax: 1, faults: 'byzantine' });
    expect(chosen).toMatchObject({ algorithm: 'gossip', isInTime: false });
    expect(chosen.reason).toMatch(/too late/);
  });

  it('of nobody, of too many, or before now there is none', () => {
    for (const agents of [0, 1.5, STRATEGY_AGENTS_MAX + 1]) {
      expect(() => chooseStrategy({ agents, latencyMsMax: 1, faults: 'crash' })).toThrow(
        /expected/,
      );
    }
    expect(() => chooseStrategy({ agents: 1, latencyMsMax: NaN, faults: 'crash' })).toThrow(
      /deadline/,
    );
  });
});
