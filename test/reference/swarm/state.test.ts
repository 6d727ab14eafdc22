/** A state: its name, its signature, and that an agent's states rise one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedState, Standing } from '#contracts/swarm.ts';
import {
  genesis,
  isAuthentic,
  judgeState,
  signState,
  stateBytes,
  stateId,
  VERSION_MAX,
} from '#reference/swarm/state.ts';
import { firstState, hashOf, KEYS, stateAfter, withBitTurned } from './support.ts';

const GENESIS = genesis(0);
const first = firstState();

describe('the name of a state', () => {
  it('is over every field: change one, and it is another state', () => {
    const changes: readonly Partial<SignedState>[] = [
      { epoch: 1 },
      { version: 2 },
      { previousHash: hashOf('elsewhere') },
      { valueHash: hashOf('another value') },
      { writer: 1 },
    ];
    const ids = [first, ...changes.map((change) => ({ ...first, ...change }))].map(stateId);
    expect(new Set(ids).size).toBe(6);
    for (const change of changes) {
      expect(judgeState(KEYS, GENESIS, { ...first, ...change })).not.toBe('fits');
      expect(isAuthentic(KEYS, { ...first, ...change })).toBe(false);
    }
  });

  it('never changes what a state means: old names stay', () => {
    expect(stateBytes(first)).toHaveLength(110);
    expect(first.id).toMatchInlineSnapshot(
      `"13c2ea28f58a53d09ca38660f6cab78d54b7c31d72d306dce7ba5db651523e50"`,
    );
  });

  it('is none for fields that the layout cannot hold', () => {
    for (const change of [
      { version: 0 },
      { version: 1.5 },
      { version: Number.MAX_SAFE_INTEGER },
      { epoch: -1 },
      { writer: 2 ** 32 },
      { previousHash: 'A'.repeat(64) },
      { valueHash: 'ab' },
    ]) {
      expect(() => stateId({ ...first, ...change })).toThrow(/no state/);
      expect(judgeState(KEYS, GENESIS, { ...first, ...change })).toBe('malformed');
    }
  });
});

describe('what may follow an accepted state', () => {
  const standing: Standing = first;

  it('is the next version, linked, signed by its writer', () => {
    expect(judgeState(KEYS, GENESIS, first)).toBe('fits');
    expect(judgeState(KEYS, standing, stateAfter(first))).toBe('fits');
  });

  it('is not the highest number a liar can think of', () => {
    const jump = { ...first, version: Number.MAX_SAFE_INTEGER };
    expect(judgeState(KEYS, GENESIS, jump)).toBe('malformed');
    const { id: _id, signature: _signature, ...fields } = first;
    const high = signState(KEYS, { ...fields, version: VERSION_MAX });
    expect(judgeState(KEYS, GENESIS, high)).toBe('version_jumps');
  });

  it('is not what came before, what hangs elsewhere, or what another epoch or writer says', () => {
    expect(judgeState(KEYS, standing, first)).toBe('stale');
    const elsewhere = stateAfter({ ...first, id: hashOf('elsewhere') });
    expect(judgeState(KEYS, standing, elsewhere)).toBe('link_differs');
    expect(judgeState(KEYS, { ...standing, epoch: 1 }, stateAfter(first))).toBe('epoch_differs');
    expect(judgeState(KEYS, { ...standing, writer: 1 }, stateAfter(first))).toBe('writer_differs');
  });

  it('is not signed by another, or with a signature that changed on the way', () => {
    const next = stateAfter(first);
    expect(judgeState(KEYS, standing, { ...next, id: hashOf('a name') })).toBe('id_differs');
    const taken = { ...next, signature: KEYS.sign(1, Buffer.from(next.id)) };
    expect(judgeState(KEYS, standing, taken)).toBe('signature_invalid');
    const turned = { ...next, signature: withBitTurned(next.signature, 5) };
    expect(judgeState(KEYS, standing, turned)).toBe('signature_invalid');
    const short = { ...next, signature: next.signature.subarray(1) };
    expect(judgeState(KEYS, standing, short)).toBe('signature_invalid');
  });

  it('whatever is offered, accepted versions rise by exactly one, each linked to the one before', () => {
    const offer = fc.record({
      jump: fc.constantFrom(-1, 0, 1, 1, 1, 1, 1, 2, VERSION_MAX),
      epoch: fc.constantFrom(0, 0, 0, 0, 0, 1),
      isLinked: fc.constantFrom(true, true, true, true, false),
      isSigned: fc.constantFrom(true, true, true, true, false),
      writer: fc.constantFrom(0, 0, 0, 0, 1),
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(offer, { minLength: 10, maxLength: 30 }), (offers) => {
        const chain: Standing[] = [GENESIS];
        for (const { jump, epoch, isLinked, isSigned, writer } of offers) {
          const standing = chain.at(-1)!;
          const version = Math.min(Math.max(standing.version + jump, 1), VERSION_MAX);
          const previousHash = isLinked ? standing.id : hashOf('elsewhere');
          const fields = { epoch, version, previousHash, valueHash: hashOf('value'), writer };
          const signed = signState(KEYS, fields);
          const state = isSigned ? signed : { ...signed, signature: new Uint8Array(64) };
          if (judgeState(KEYS, standing, state) === 'fits') chain.push(state);
        }
        accepted += chain.length - 1;
        for (const [at, state] of chain.entries()) {
          expect(state.version).toBe(at);
          if (at > 0) expect((state as SignedState).previousHash).toBe(chain[at - 1]!.id);
        }
      }),
      { numRuns: 50 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
