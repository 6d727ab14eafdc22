/**
 * Trust: what members say of each other gives a peer its class, its class gives it a budget, and what
 * it does on its links may lower both for a while. An unknown peer is Isolated, not refused: it is
 * served, slowly.
 *
 * The rooms of this layer:
 *
 *   graph.ts     who trusts whom, and the score that follows
 *   conduct.ts   what a peer did to us, wearing off
 *   rates.ts     how many messages it may still say
 *   shelf.ts     a map with a bound, for what is remembered of peers
 */
import { BUDGETS, TRUST_CLASSES, type CreateTrust, type TrustClass } from '#contracts/trust.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { TopicAccess } from '#contracts/topics.ts';
import { createConduct } from './conduct.ts';
import { createGraph } from './graph.ts';
import { createRates } from './rates.ts';

/** Where Known, Partner and Federated begin. */
const CLASS_FLOORS = [0.1, 0.4, 0.7] as const;

const rankOf = (name: TrustClass): number => TRUST_CLASSES.indexOf(name);

/** The class of a score in [0, 1]. */
const classOfScore = (score: number): TrustClass => {
  const rank = CLASS_FLOORS.filter((floor) => score >= floor).length;
  return TRUST_CLASSES[rank] ?? 'Isolated';
};

/** The reference filling of layer 4. */
export const create: CreateTrust = (options) => {
  const graph = createGraph(options);
  const conducts = createConduct();
  const rates = createRates();
  /** The newest time we were told of: a budget is asked for while a message is being heard. */
  let clock = 0;
  const at = (now: number): number => (clock = Math.max(clock, now));

  const classOf = (peer: Did): TrustClass => classOfScore(graph.score(peer));

  /** The class a peer is served as. */
  const servedAs = (peer: Did): TrustClass => {
    const earned = classOf(peer);
    switch (conducts.of(clock, peer).level) {
      case 'good':
        return earned;
      case 'poor':
        return TRUST_CLASSES[rankOf(earned) - 1] ?? 'Isolated';
      case 'ignored':
        return 'Isolated';
    }
  };

  const allows = (access: TopicAccess | undefined, who: Did): boolean => {
    switch (access?.access) {
      case 'Public':
        return true;
      case 'Private':
        return access.allowed.includes(who);
      case 'TrustGated':
        return rankOf(classOf(who)) >= rankOf(access.minTrust);
      // No such topic, or a rule that this version does not know: what is not allowed is refused.
      default:
        return false;
    }
  };

  return {
    score: graph.score,
    classOf,
    budget: (peer) => BUDGETS[servedAs(peer)],
    mayPublish: (topic, author) => allows(options.accessOf(topic), author),
    mayRead: (topic, peer) => allows(options.accessOf(topic), peer),

    attested: graph.attested,
    grounds: graph.grounds,
    trusted: graph.trusted,

    spend(now, peer) {
      at(now);
      return rates.spend(now, peer, BUDGETS[servedAs(peer)]);
    },
    noted: (now, peer, deed) => conducts.noted(at(now), peer, deed),
    conduct: (now, peer) => conducts.of(at(now), peer),
  };
};
