/** Peers that a test speaks for: what a member tells them is noted and not answered. */
import type { Did } from '#contracts/identifiers.ts';
import type { Digest, PullRequest, Request, TopicMessage } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import {
  HOURS,
  asJson,
  createVillage,
  nonceOf,
  signerOf,
  type Member,
  type Village,
  type VillageOptions,
} from './village.ts';

/** A few connected members, with names for the first ones. */
export const villageOf = (names: string, options: Partial<VillageOptions> = {}): Village => {
  const village = createVillage({ names: names.split(' '), ...options });
  village.connectAll();
  return village;
};

/** Strangers, whom nobody of a village trusts. */
export const [mallory, trudy, quinn] = ['mallory', 'trudy', 'quinn'].map(signerOf) as [
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
  ReturnType<typeof signerOf>,
];

export const announce = (...given: readonly SignedRecord[]): TopicMessage => ({
  type: 'announce',
  topic: HOURS,
  records: given.map(asJson),
  ids: [],
});

export const digestOf = (
  clock: { readonly [author: string]: number },
  nonce: string,
  fingerprint = 'f'.repeat(64),
): Digest => ({
  type: 'digest',
  topic: HOURS,
  clock,
  count: Object.values(clock).length,
  fingerprint,
  nonce: nonceOf(nonce),
});

/** A member whom Mallory has joined, and others may. */
export const facing = (settings: { readonly [name: string]: number } = {}) => {
  const village = villageOf('ann', { settings });
  const [ann] = village.members as [Member];
  const joins = (peer: Did): void => ann.carry(ann.gossip.joined(village.now(), peer));
  joins(mallory.did);
  return { village, ann, joins };
};

/** Ann, whom two peers tell of a record that she lacks: she pulls from the first. */
export const courted = () => {
  const { village, ann, joins } = facing();
  joins(trudy.did);
  ann.hears(mallory.did, digestOf({ [quinn.did]: 1 }, 'a'));
  ann.hears(trudy.did, digestOf({ [quinn.did]: 1 }, 'b'));
  return { village, ann };
};

export const requestsTo = (village: Village, peer: Did): Request[] =>
  village.said
    .filter(({ to, message }) => to === peer && message.type === 'request')
    .map(({ message }) => message as Request);

export const pullsTo = (village: Village, peer: Did): PullRequest[] =>
  village.said
    .filter(({ to, message }) => to === peer && message.type === 'pull-request')
    .map(({ message }) => message as PullRequest);
