/**
 * Telling: what happens goes to whoever watches, and what goes wrong is counted, logged, and held against
 * the peer that did it.
 */
import type { Cancel, Host } from '#contracts/host.ts';
import type { Node, NodeCount, NodeEvent } from '#contracts/node.ts';
import type { Witness } from '../peers/witness.ts';
import type { CountedFields, Metering } from './metering.ts';

export interface TellingOptions {
  readonly host: Pick<Host, 'log'>;
  readonly metering: Pick<Metering, 'told' | 'counted'>;
  readonly witness: Pick<Witness, 'counted'>;
}

export interface Telling extends Pick<Node, 'counters' | 'watch'> {
  readonly tell: (event: NodeEvent) => void;
  readonly count: (event: NodeCount, fields: CountedFields) => void;
}

export const createTelling = ({ host, metering, witness }: TellingOptions): Telling => {
  const watchers = new Set<(event: NodeEvent) => void>();
  const counters = new Map<NodeCount, number>();
  return {
    tell(event) {
      metering.told(event);
      for (const watcher of watchers) watcher(event);
    },
    count(event, fields) {
      counters.set(event, (counters.get(event) ?? 0) + 1);
      metering.counted(event, fields.peer);
      witness.counted(event, fields.peer);
      host.log('debug', event, fields);
    },
    counters: () => counters,
    watch(watcher): Cancel {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
};
