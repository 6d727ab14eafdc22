/** The message engine: its rounds are strict, its runs repeat, its inboxes are bounded. */
import { describe, expect, it } from 'vitest';
import { contactsOf, flatOverlay } from '#reference/swarm/engines/draws.ts';
import { playMessages, runMessages } from '#reference/swarm/engines/message-engine.ts';
import type { MessageOptions } from '#reference/swarm/engines/options.ts';
import { adversaryOf, run, told } from './runs.ts';
import { numbersBelow } from './support.ts';

/** The mean field of the model, as the contract's research has it. */
const expectedRounds = (agents: number, fanOut: number, silentShare = 0): number => {
  const correct = (1 - silentShare) * agents;
  let [informed, rounds] = [1 / correct, 0];
  while ((1 - informed) * correct > 0.5) {
    const missed = (1 - ((1 - silentShare) * informed * agents) / (agents - 1)) ** fanOut;
    const uncalled = (1 - 1 / (agents - 1)) ** (fanOut * informed * correct);
    informed = 1 - (1 - informed) * missed * uncalled;
    rounds++;
  }
  return rounds;
};

/** Who knows at the end of each round. `isStrict`: what was learned in a round is told from the next one on. */
const spread = (options: {
  readonly agents: number;
  readonly fanOut: number;
  readonly seed: number;
  readonly silent?: readonly number[];
  readonly isStrict: boolean;
}): readonly number[] => {
  const { agents, fanOut, seed, silent = [], isStrict } = options;
  const [known, deaf] = [new Set([0]), new Set(silent)];
  const informed: number[] = [];
  while (known.size < agents - deaf.size) {
    const before = isStrict ? new Set(known) : known;
    const overlay = flatOverlay(agents);
    for (const [from, to] of contactsOf({ overlay, fanOut, seed }, informed.length + 1)) {
      if (deaf.has(from) || deaf.has(to) || before.has(from) === before.has(to)) continue;
      known.add(before.has(from) ? to : from);
    }
    informed.push(known.size);
  }
  return informed;
};

const plain: MessageOptions = {
  agents: 300,
  fanOut: 2,
  seed: 5,
  rule: 'signed-writer',
  roundsMax: 60,
};

describe('rounds', () => {
  it.each([
    [10, 3, 0],
    [100, 1, 0],
    [100, 2, 33],
    [400, 1, 40],
  ])(
    'of %d agents, fan-out %d, %d silent, inform whom the bare model informs, round by round',
    (agents, fanOut, liars) => {
      for (const seed of [1, 2]) {
        const setting = { agents, fanOut, seed, rule: 'signed-writer' } as const;
        const played = run({ ...setting, lie: 'silent', liars });
        const { liars: silent } = adversaryOf(agents, 'silent', liars, seed);
        const informed = played.rounds.map((round) => round.informed);
        expect(informed, `in ${told(played)}`).toEqual(
          spread({ agents, fanOut, seed, silent, isStrict: true }),
        );
        const expected = expectedRounds(agents, fanOut, liars / agents);
        expect(Math.abs(informed.length - expected)).toBeLessThanOrEqual(2);
      }
    },
  );

  it('an engine that tells what it learned in the same round is caught: faster than the oracle by more than two', () => {
    const [agents, fanOut] = [20_000, 1];
    const [strict, inPlace] = [true, false].map(
      (isStrict) => spread({ agents, fanOut, seed: 1, isStrict }).length,
    );
    expect(Math.abs(strict! - expectedRounds(agents, fanOut))).toBeLessThanOrEqual(2);
    expect(inPlace).toBeLessThan(expectedRounds(agents, fanOut) - 2);
  });

  it('are shown as they end', () => {
    const shown = playMessages(plain);
    expect(shown.next().value).toMatchObject({ round: 1 });
    expect(shown.next().value).toMatchObject({ round: 2 });
  });

  it('cost a digest of 40 bytes a contact, and the body where it is news', () => {
    const { rounds } = runMessages({ ...plain, fanOut: 1 });
    const pushes = rounds.reduce((sum, { messages }) => sum + messages.push, 0);
    expect(pushes).toBeGreaterThanOrEqual(299);
    expect(pushes / 300).toBeLessThan(2); // Measured at a million: 1.33 an agent.
    const [first] = rounds;
    expect(first!.messages.push_pull).toBe(first!.contacts);
    expect(first!.bytes).toBeLessThan(60 * first!.contacts + 10 * 300);
  });
});

describe('a run', () => {
  it('is what its options make of it: the same trace for the same, another for each that differs', () => {
    const base = runMessages(plain);
    expect(base.traceHash).toMatch(/^[0-9a-f]{64}$/);
    expect(runMessages({ ...plain })).toEqual(base);
    const changes: readonly Partial<MessageOptions>[] = [
      { seed: 6 },
      { agents: 301 },
      { fanOut: 3 },
      { rule: 'highest-version' },
      { adversary: { lie: 'silent', liars: [7] } },
      { adversary: { lie: 'silent', liars: [8] } },
      { adversary: { lie: 'forge', liars: [7] } },
    ];
    const traces = changes.map((change) => runMessages({ ...plain, ...change }).traceHash);
    expect(new Set([base.traceHash, ...traces]).size).toBe(changes.length + 1);
  });

  it('never changes what a seed means: old traces replay', () => {
    const setting = { agents: 50, fanOut: 2, rule: 'relayed-votes', lie: 'equivocate' } as const;
    expect(run({ ...setting, liars: 16 }).traceHash).toMatchInlineSnapshot(
      `"57d88f2a4f41d72af57225697ee5478e0ecf95143dc8cc4598ea1d212604db96"`,
    );
  });

  it('stops where it would mean nothing', () => {
    const wrong: readonly [Partial<MessageOptions>, RegExp][] = [
      [{ agents: 1 }, /from 2 to 2000 agents/],
      [{ agents: 1_000_000 }, /from 2 to 2000 agents/],
      [{ fanOut: 0 }, /fan-out/],
      [{ roundsMax: 0 }, /at least one round/],
      [{ rule: 'committee' }, /committee/],
      [{ adversary: { lie: 'silent', liars: numbersBelow(300) } }, /does not lie/],
      [{ adversary: { lie: 'silent', liars: [1, 1] } }, /each liar once/],
      [{ adversary: { lie: 'silent', liars: [300] } }, /below 300/],
      [{ adversary: { lie: 'equivocate', liars: [] } }, /writer that lies/],
    ];
    for (const [change, reason] of wrong) {
      expect(() => runMessages({ ...plain, ...change })).toThrow(reason);
    }
  });
});

describe('a flood', () => {
  const setting = { agents: 60, fanOut: 2, rule: 'relayed-votes', liars: 19 } as const;

  it('costs a correct agent one check for each liar, and no round: the rest is dropped unread', () => {
    const calm = run({ ...setting, lie: 'forge' });
    const flooded = run({ ...setting, lie: 'flood', adversary: { callsPerVictim: 50 } });
    expect(flooded.isLive, `in ${told(flooded)}`).toBe(true);
    expect(flooded.rounds.length).toBeLessThanOrEqual(calm.rounds.length + 1);
    const correct = 60 - 19;
    // Each accepts 41 votes and one proposal; each liar is listened to once by each.
    expect(flooded.checks.asked).toBeLessThanOrEqual(correct * (correct + 1 + 19));
    expect(flooded.drops.get('shunned')).toBeGreaterThan(50 * 19 * correct);
  });

  it('of an inbox that is too small for it keeps nobody from asking', () => {
    const flooded = run({ ...setting, lie: 'flood', inboxMax: 3 });
    expect(flooded.drops.get('inbox_full') ?? 0).toBeGreaterThan(0);
    expect(flooded.isLive, `in ${told(flooded)}`).toBe(true);
  });
});
