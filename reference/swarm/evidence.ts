/**
 * Evidence of equivocation: two signed words of one agent for one (epoch, version). It convicts by
 * itself: whoever has the keys needs to trust nobody, and a correct agent never gives it.
 */
import type { Equivocation, SwarmKeys } from '#contracts/swarm.ts';
import { isAuthentic } from './state.ts';
import { isVoteAuthentic } from './vote.ts';

/** What evidence proves, or why it proves nothing; in order of precedence. */
export const EVIDENCE_STATUSES = [
  'proven',
  /** One word, shown twice. */
  'same_word',
  /** Not both words are of the accused. */
  'speaker_differs',
  /** Two words for two versions, or in two epochs, are no lie. */
  'version_differs',
  'signature_invalid',
] as const;
export type EvidenceStatus = (typeof EVIDENCE_STATUSES)[number];

/** Judges evidence offline. */
export const checkEvidence = (keys: SwarmKeys, evidence: Equivocation): EvidenceStatus => {
  if ('votes' in evidence) {
    const words = evidence.votes.map(({ voter, ...vote }) => ({ ...vote, speaker: voter }));
    const status = compare(evidence.by, words);
    if (status !== 'proven') return status;
    return evidence.votes.every((vote) => isVoteAuthentic(keys, vote))
      ? status
      : 'signature_invalid';
  }
  const words = evidence.states.map(({ writer, ...state }) => ({ ...state, speaker: writer }));
  const status = compare(evidence.by, words);
  if (status !== 'proven') return status;
  return evidence.states.every((state) => isAuthentic(keys, state)) ? status : 'signature_invalid';
};

interface Word {
  readonly epoch: number;
  readonly version: number;
  readonly id: string;
  readonly speaker: number;
}

const compare = (by: number, words: readonly Word[]): EvidenceStatus => {
  const [one, other] = words as readonly [Word, Word];
  if (one.id === other.id) return 'same_word';
  if (one.speaker !== by || other.speaker !== by) return 'speaker_differs';
  return one.epoch === other.epoch && one.version === other.version ? 'proven' : 'version_differs';
};
