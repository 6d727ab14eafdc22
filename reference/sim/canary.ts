/**
 * Canaries: planted faults that the checkers must catch, so that their silence means something.
 *
 * Each is a layer that lies in one small way on one node. A run with a canary in it succeeds exactly
 * if the named law is reported broken.
 */
import type { Effect } from '#contracts/effects.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { CreateLedger } from '#contracts/ledger.ts';
import type { Violation } from './checkers.ts';

export interface Canary {
  readonly law: Violation['law'];
  readonly summary: string;
  plant(layers: NodeLayers): NodeLayers;
}

/** A ledger that gives its first account one minor unit more. */
const mint =
  (create: CreateLedger): CreateLedger =>
  (options) => {
    const ledger = create(options);
    return {
      ...ledger,
      balances: (topic) => {
        const balances = new Map(ledger.balances(topic));
        const [first] = balances.keys();
        if (first !== undefined) balances.set(first, (balances.get(first) ?? 0n) + 1n);
        return balances;
      },
    };
  };

/** Gossip that answers nobody's questions and announces nothing: what it alone holds is lost to others. */
const hoard =
  (create: CreateGossip): CreateGossip =>
  (options) => {
    const gossip = create(options);
    const mute = (effects: readonly Effect[]): readonly Effect[] =>
      effects.filter(
        (effect) =>
          effect.effect !== 'broadcast' &&
          !(
            effect.effect === 'send' &&
            ['response', 'pull-response', 'announce'].includes(effect.message.type)
          ),
      );
    return {
      ...gossip,
      publish: (now, record) => mute(gossip.publish(now, record)),
      receive: (now, peer, message) => mute(gossip.receive(now, peer, message)),
    };
  };

export const canaries: { readonly [name: string]: Canary } = {
  mint: {
    law: 'conserved',
    summary: 'one node shows a cent too much',
    plant: (layers) => ({ ...layers, ledger: mint(layers.ledger) }),
  },
  hoard: {
    law: 'kept',
    summary: 'one node keeps what it writes to itself',
    plant: (layers) => ({ ...layers, gossip: hoard(layers.gossip) }),
  },
};
