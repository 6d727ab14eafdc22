/** A liar for tests: the simulator's, over the reference's layers, with places instead of DIDs. */
import type { GossipMessage } from '#contracts/messages.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createLiar as createMember } from '#reference/sim/adversary/liar.ts';
import type { Cluster, Place } from '#reference/sim/cluster.ts';

export interface Payment {
  /** The record it follows; undefined for a first one. */
  readonly after: SignedRecord | undefined;
  readonly to: Place;
  readonly amount: number;
  readonly seeing?: readonly RecordId[];
  readonly memo?: string;
}

/** The node of that place must be down: the liar takes over its address and its key. */
export const createLiar = (cluster: Cluster, place: Place) => {
  const settings = readSettings().session;
  const liar = createMember({ cluster, place, layers: referenceLayers, settings });
  return {
    /** Signs a payment that follows any of its records, not only its last. */
    sign: ({ to, ...payment }: Payment): SignedRecord => liar.sign({ ...payment, to: to.did }),
    /** Dials a place, proves who it is and says these messages. */
    tell: (to: Place, messages: readonly GossipMessage[]): void => liar.tell(to, messages),
    /** The same, and goes on talking. */
    talk: (to: Place, begun: (say: (message: GossipMessage) => void) => void): void =>
      liar.talk(to, begun),
  };
};
