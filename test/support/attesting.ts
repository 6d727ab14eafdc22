/** Attestations for tests of the trust layer, which takes opened records: signatures are not its matter. */
import type { Genesis, TrustEdge } from '#contracts/genesis.ts';
import { TRUST_TOPIC, type Did, type RecordId, type Topic } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { TopicAccess } from '#contracts/topics.ts';
import type { TrustLayer } from '#contracts/trust.ts';
import { create } from '#reference/trust/trust.ts';
import { NETWORK } from './village.ts';

/** Names instead of keys: the layer compares DIDs and reads nothing in them. */
export const didOf = (name: string): Did => `did:key:z6Mk${name}` as Did;

export const ME = didOf('me');
/** The wall clock of tests begins here. */
export const START_MS = 1_000_000;

export interface Word {
  readonly author: Did;
  readonly subject: Did;
  readonly score: number;
  readonly sequence?: number;
  readonly expiresAt?: number;
  /** Tells the two records of a fork apart. */
  readonly branch?: string;
}

/** The record in which an author says that. */
export const attestation = (word: Word): SignedRecord<'icn/trust/1'> => {
  const { author, subject, score, sequence = 1, expiresAt = Number.MAX_SAFE_INTEGER } = word;
  // Not a hash: what counts is that other words have other ids, and that one is smaller.
  const id = JSON.stringify([author, subject, score, sequence, expiresAt, word.branch]) as RecordId;
  return {
    kind: 'icn/trust/1',
    network: NETWORK,
    topic: TRUST_TOPIC,
    author,
    sequence,
    previous: null,
    parents: [],
    timestamp: 0,
    body: { subject, score, expiresAt },
    id,
    signature: '',
  };
};

export interface Trusting {
  readonly trust: TrustLayer;
  /** The wall clock, to be set. */
  readonly clock: { now: number };
}

/** The layer of one node, with edges from the first day and rules of topics. */
export const trusting = (
  edges: readonly TrustEdge[] = [],
  access: { readonly [topic: Topic]: TopicAccess } = {},
): Trusting => {
  const clock = { now: START_MS };
  const genesis = { trust: edges } as unknown as Genesis;
  const trust = create({
    self: ME,
    genesis,
    accessOf: (topic) => access[topic],
    now: () => clock.now,
  });
  return { trust, clock };
};

export const edge = (from: Did, to: Did, score: number): TrustEdge => ({ from, to, score });
