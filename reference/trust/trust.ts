/**
 * Trust from the genesis: who was vouched for on the first day.
 *
 * A score is the larger of the direct edge and the best product over one voucher, which alone never
 * exceeds 0.39: nobody becomes a Partner by hearsay. An unknown peer is Isolated, not refused: it is
 * served, slowly. (Attestations that arrive later, and rates, join here with the full trust layer.)
 */
import { TRUST_CLASSES, type Budget, type CreateTrust, type TrustClass } from '#contracts/trust.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { TopicAccess } from '#contracts/topics.ts';

/** The most that hearsay can give: still Known. */
const VOUCHED_SCORE_MAX = 0.39;
/** Where Known, Partner and Federated begin. */
const CLASS_FLOORS = [0.1, 0.4, 0.7] as const;

/** What each class may cost. */
export const BUDGETS: { readonly [Name in TrustClass]: Budget } = {
  Isolated: {
    pullBytesMax: 65_536,
    pullsMax: 1,
    backOffMsMin: 1_500,
    backOffMsMax: 5_000,
    subscriptionsMax: 10,
  },
  Known: {
    pullBytesMax: 262_144,
    pullsMax: 2,
    backOffMsMin: 800,
    backOffMsMax: 2_500,
    subscriptionsMax: 100,
  },
  Partner: {
    pullBytesMax: 1_048_576,
    pullsMax: 3,
    backOffMsMin: 300,
    backOffMsMax: 1_200,
    subscriptionsMax: 500,
  },
  Federated: {
    pullBytesMax: 1_048_576,
    pullsMax: 3,
    backOffMsMin: 300,
    backOffMsMax: 1_200,
    subscriptionsMax: 1_000,
  },
};

/** The class of a score in [0, 1]. */
const classOfScore = (score: number): TrustClass => {
  const index = CLASS_FLOORS.filter((floor) => score >= floor).length;
  return TRUST_CLASSES[index] ?? 'Isolated';
};

export const create: CreateTrust = ({ self, genesis, accessOf }) => {
  const edges = new Map<Did, Map<Did, number>>();
  for (const { from, to, score } of genesis.trust) {
    const out = edges.get(from) ?? new Map<Did, number>();
    edges.set(from, out.set(to, Math.max(score, out.get(to) ?? 0)));
  }

  const score = (peer: Did): number => {
    if (peer === self) return 1;
    const mine = edges.get(self) ?? new Map<Did, number>();
    let vouched = 0;
    for (const [voucher, confidence] of mine) {
      vouched = Math.max(vouched, confidence * (edges.get(voucher)?.get(peer) ?? 0));
    }
    return Math.max(mine.get(peer) ?? 0, Math.min(VOUCHED_SCORE_MAX, vouched));
  };

  const allows = (access: TopicAccess | undefined, who: Did): boolean => {
    if (access === undefined) return false;
    switch (access.access) {
      case 'Public':
        return true;
      case 'Private':
        return access.allowed.includes(who);
      case 'TrustGated':
        return TRUST_CLASSES.indexOf(classOf(who)) >= TRUST_CLASSES.indexOf(access.minTrust);
    }
  };

  const classOf = (peer: Did): TrustClass => classOfScore(score(peer));

  return {
    score,
    classOf,
    budget: (peer) => BUDGETS[classOf(peer)],
    mayPublish: (topic, author) => allows(accessOf(topic), author),
    mayRead: (topic, peer) => allows(accessOf(topic), peer),
  };
};
