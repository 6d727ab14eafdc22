/** Evidence of equivocation: it convicts the guilty before anybody, and nobody else. */
import { describe, expect, it } from 'vitest';
import { checkEvidence } from '#reference/swarm/evidence.ts';
import { keysOf } from '#reference/swarm/engines/keys.ts';
import { firstState, KEYS, stateAfter, votesFor, withBitTurned } from './support.ts';

const [one, other] = [firstState('one'), firstState('other')];
const [word] = votesFor(one, [3]);
const [second] = votesFor(other, [3]);
const status = (evidence: Parameters<typeof checkEvidence>[1]) => checkEvidence(KEYS, evidence);

describe('evidence', () => {
  it('two states of one writer for one version convict it, and so do two votes', () => {
    expect(status({ by: 0, states: [one, other] })).toBe('proven');
    expect(status({ by: 3, votes: [word!, second!] })).toBe('proven');
  });

  it('one word shown twice, or two words for two versions, are no lie', () => {
    expect(status({ by: 0, states: [one, one] })).toBe('same_word');
    expect(status({ by: 3, votes: [word!, word!] })).toBe('same_word');
    expect(status({ by: 0, states: [one, stateAfter(one)] })).toBe('version_differs');
    expect(status({ by: 3, votes: [word!, votesFor(stateAfter(one), [3])[0]!] })).toBe(
      'version_differs',
    );
  });

  it("does not convict one for another's words", () => {
    expect(status({ by: 4, votes: [word!, second!] })).toBe('speaker_differs');
    expect(status({ by: 3, votes: [word!, votesFor(other, [4])[0]!] })).toBe('speaker_differs');
    expect(status({ by: 1, states: [one, other] })).toBe('speaker_differs');
    const blamed = { ...second!, voter: 5 };
    expect(status({ by: 5, votes: [{ ...word!, voter: 5 }, blamed] })).toBe('signature_invalid');
  });

  it('is nothing with any bit of a signature or a field changed', () => {
    for (let at = 0; at < 64; at++) {
      const signature = withBitTurned(second!.signature, at, at % 8);
      expect(status({ by: 3, votes: [word!, { ...second!, signature }] })).toBe(
        'signature_invalid',
      );
      const turned = withBitTurned(other.signature, at, at % 8);
      const states = [one, { ...other, signature: turned }] as const;
      expect(status({ by: 0, states })).toBe('signature_invalid');
    }
    for (const change of [{ valueHash: one.valueHash }, { previousHash: one.id }]) {
      expect(status({ by: 0, states: [one, { ...other, ...change }] })).toBe('signature_invalid');
    }
  });

  it('cannot be made against an agent without its key', () => {
    const hand = keysOf(KEYS, new Set([1, 2]));
    expect(() => votesFor(one, [3], hand)).toThrow(/not in this hand/);
    expect(votesFor(one, [1], hand)).toHaveLength(1);
  });
});
