/** The own chain: what others claim to know of it is heard before the first record, and a liar is waited for no longer than it says. */
import { describe, expect, it } from 'vitest';
import type { Did, Topic } from '#contracts/identifiers.ts';
import type { Digest } from '#contracts/messages.ts';
import {
  CATCHING_UP_MS_MAX,
  createOwnChain,
  HEARING_MS_MAX,
} from '#reference/node/own/own-chain.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';
import { HOURS, nonceOf, signerOf } from '#test/support/village.ts';

const [ann, ben, mallory] = ['ann', 'ben', 'mallory'].map((name) => signerOf(name).did) as [
  Did,
  Did,
  Did,
];

const digest = (sequence: number, topic: Topic = HOURS): Digest => ({
  type: 'digest',
  topic,
  clock: sequence === 0 ? {} : { [ann]: sequence },
  count: 1,
  fingerprint: 'f'.repeat(64),
  nonce: nonceOf(String(sequence)),
});

/** Ann's chain of three records, and two peers who are linked. */
const chain = () => {
  const scheduler = createScheduler(0);
  const logged: string[] = [];
  let length = 3;
  const own = createOwnChain({
    self: ann,
    host: {
      after: scheduler.after,
      monotonic: scheduler.now,
      log: (_level, event) => void logged.push(event),
    },
    peers: () => [ben, mallory],
    lengthOf: () => length,
    needsWitness: () => false,
  });
  /** When it may sign, from now on. */
  const signs = () => {
    const at: number[] = [];
    own.whenKnown(
      HOURS,
      () => at.push(scheduler.now()),
      () => at.push(-1),
    );
    return at;
  };
  return { own, scheduler, logged, signs, grow: (to: number) => void (length = to) };
};

describe('an author after a start', () => {
  it('signs at once when everybody has said that they know no more', () => {
    const { own, signs } = chain();
    own.heard(ben, digest(3));
    own.heard(mallory, digest(0));
    expect(signs()).toEqual([0]);
  });

  it('waits for what somebody knows more, until it came', () => {
    const { own, scheduler, signs, grow } = chain();
    own.heard(ben, digest(5));
    own.heard(mallory, digest(0));
    const at = signs();
    scheduler.runUntil(3_000);
    expect(at).toEqual([]);
    grow(5);
    scheduler.runUntil(3_200);
    expect(at).toHaveLength(1);
  });

  it('is held up by a peer that is silent for a while and no longer', () => {
    const { own, scheduler, signs } = chain();
    own.heard(ben, digest(3));
    const at = signs();
    scheduler.runUntil(HEARING_MS_MAX - 1);
    expect(at).toEqual([]);
    scheduler.runUntil(HEARING_MS_MAX + 200);
    expect(at).toHaveLength(1);
  });

  it('is held up by a liar once and no longer, however much it claims and however often', () => {
    const { own, scheduler, logged, signs } = chain();
    own.heard(mallory, digest(2 ** 53 - 1));
    const at = signs();
    scheduler.runUntil(CATCHING_UP_MS_MAX - 1);
    own.heard(mallory, digest(2 ** 53 - 1));
    expect(at).toEqual([]);
    scheduler.runUntil(CATCHING_UP_MS_MAX + 200);
    expect([at.length, logged]).toEqual([1, ['own_chain_behind']]);
    // From then on nothing that anybody claims is waited for.
    own.heard(mallory, digest(2 ** 53 - 1));
    expect(signs()).toEqual([scheduler.now()]);
  });

  it('that stops meanwhile is told, and leaves no timer', () => {
    const { own, scheduler, signs } = chain();
    own.heard(mallory, digest(9));
    const at = signs();
    own.stop();
    expect([at, scheduler.pending]).toEqual([[-1], 0]);
  });
});
