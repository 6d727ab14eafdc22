/** Importing: records from a file pass the same door as those of a peer. */
import type { Effect } from '#contracts/effects.ts';
import type { Host } from '#contracts/host.ts';
import type { Topic } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { gossipOf, type Gossips } from '../topics/topics.ts';

export interface ImportingOptions {
  readonly host: Pick<Host, 'monotonic'>;
  readonly gossips: Gossips;
  /** Resolves when the effects are durable and said. */
  readonly performed: (topic: Topic, effects: readonly Effect[]) => Promise<void>;
}

/** Whether an effect of an import says that a record may not enter. */
const isRefusal = (effect: Effect): boolean =>
  effect.effect === 'log' &&
  effect.event.startsWith('record_') &&
  !['record_duplicate', 'record_given_up'].includes(effect.event);

export const createImporting =
  ({ host, gossips, performed }: ImportingOptions): Node['imported'] =>
  async (topic, claims) => {
    const effects = gossipOf(gossips, topic).import(host.monotonic(), claims);
    await performed(topic, effects);
    const taken = effects.filter(({ effect }) => effect === 'store').length;
    const refused = effects.filter(isRefusal).length;
    return { taken, refused };
  };
