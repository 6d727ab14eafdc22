/**
 * A liar: somebody with a key of the cooperative and no node. It signs what no node would, dials
 * whom it likes and says it there, over the same links and Hellos as everybody.
 */
import type { GossipMessage } from '#contracts/messages.ts';
import type { RecordId } from '#contracts/identifiers.ts';
import type { EntryLine, SignedRecord } from '#contracts/records.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createSession, type Session } from '#reference/node/session.ts';
import { TOPIC, type Cluster, type Place } from '#reference/sim/cluster.ts';

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
  const { signer } = place;
  const content = referenceLayers.content();
  const frames = referenceLayers.frames({ content });
  const records = referenceLayers.records({ content, network: cluster.cooperative.id });
  const transport = cluster.network.transport(place.address, place.did);
  const random = cluster.random.fork(`liar ${place.name}`);

  const dial = (to: Place, established: (session: Session) => void): void =>
    transport.dial(to.address, to.did, (result) => {
      if (result.status !== 'open') return;
      createSession({
        link: result.link,
        frames,
        records,
        signer,
        network: cluster.cooperative.id,
        host: {
          after: cluster.scheduler.after,
          monotonic: cluster.scheduler.now,
          randomBytes: random.bytes,
        },
        settings: readSettings().session,
        expected: to.did,
        established,
        received: () => {},
        ended: () => {},
        count: () => {},
      });
    });

  return {
    /** Signs a payment that follows any of its records, not only its last. */
    sign: ({ after, to, amount, seeing = [], memo = '' }: Payment): SignedRecord => {
      const accounts: EntryLine[] = [
        { account: to.did, debit: String(amount) },
        { account: signer.did, credit: String(amount) },
      ];
      return records.sign(
        {
          kind: 'icn/entry/1',
          network: cluster.cooperative.id,
          topic: TOPIC,
          author: signer.did,
          sequence: (after?.sequence ?? 0) + 1,
          previous: after?.id ?? null,
          parents: [...seeing].sort(),
          timestamp: Math.floor(cluster.scheduler.now()),
          body: { accounts, memo },
        },
        signer,
      );
    },

    /** Dials a place, proves who it is and says these messages. */
    tell(to: Place, messages: readonly GossipMessage[]): void {
      dial(to, (session) => {
        for (const message of messages) session.send(frames.encode(message));
        session.close();
      });
    },

    /** Dials a place and proves who it is; gives the way to say something there, again and again. */
    talk(to: Place, begun: (say: (message: GossipMessage) => void) => void): void {
      dial(to, (session) => begun((message) => session.send(frames.encode(message))));
    },
  };
};
