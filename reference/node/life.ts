/** The life of a node: from the address it binds to the last byte of its store. */
import type { Cancel, Host } from '#contracts/host.ts';
import type { Node } from '#contracts/node.ts';
import type { Listener } from '#contracts/transport.ts';
import type { Ballot } from './council/ballot.ts';
import type { Keeper } from './durable/keeper.ts';
import type { Performer } from './durable/performer.ts';
import type { OwnChain } from './own/own-chain.ts';
import type { Peering } from './peers/peering.ts';
import type { Topics } from './topics/topics.ts';

/** How often it is looked at who may read what: attestations expire without a word. */
const REVIEW_MS = 5_000;

export interface LifeOptions {
  readonly host: Pick<Host, 'after' | 'store' | 'transport'>;
  readonly topics: Pick<Topics, 'start' | 'review'>;
  readonly peering: Pick<Peering, 'accept' | 'add' | 'stop'>;
  readonly performer: Pick<Performer, 'stop'>;
  readonly ownChain: Pick<OwnChain, 'stop'>;
  readonly keeper: Pick<Keeper, 'begin' | 'stop'>;
  readonly council: Pick<Ballot, 'start' | 'stop'>;
}

export interface Life extends Pick<Node, 'start' | 'stop'> {
  /** Where it listens; undefined before `start`. */
  readonly address: () => string | undefined;
  /** Ends what runs by itself: the store has failed, or the node is being stopped. */
  readonly end: () => void;
}

export const createLife = (options: LifeOptions): Life => {
  const { host, topics, peering, performer, ownChain, keeper, council } = options;
  let listener: Listener | undefined;
  let reviewing: Cancel | undefined;

  const review = (): void => {
    topics.review();
    reviewing = host.after(REVIEW_MS, review);
  };

  const end = (): void => {
    reviewing?.();
    ownChain.stop();
    council.stop();
    performer.stop();
    peering.stop();
  };

  return {
    address: () => listener?.address,
    async start(listen, known) {
      listener = await host.transport.listen(listen, (link) => peering.accept(link));
      topics.start();
      review();
      keeper.begin();
      council.start();
      for (const candidate of known) peering.add(candidate);
      return listener.address;
    },
    async stop() {
      end();
      await keeper.stop();
      await listener?.close();
      await host.transport.close();
      await host.store.close();
    },
    end,
  };
};
