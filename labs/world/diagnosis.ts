/** What a law finds, before it is put beside the schedule and the trace; and where to look. */
import type { Finding, Place } from '#checkpoint';

export type Diagnosed = Omit<Finding, 'input' | 'trace'>;

export const gossipAt = (symbol: string): Place => ({ file: 'gossip.ts', symbol });
export const logAt = (symbol: string): Place => ({ file: 'log.ts', symbol });
