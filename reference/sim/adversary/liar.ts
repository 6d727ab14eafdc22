/**
 * A liar: a member of the cooperative with a real key and no node. It passes every handshake, because it
 * is who it says; what it says then is not what a node would say (`lies.ts`). It may listen at its
 * address, so that honest nodes dial it and keep it as a peer, or dial one of them for a moment.
 */
import type { Frames } from '#contracts/frames.ts';
import type { Cancel } from '#contracts/host.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { EntryLine, SignedRecord } from '#contracts/records.ts';
import type { SessionSettings } from '#contracts/settings.ts';
import type { Link } from '#contracts/transport.ts';
import { createSession, type Session } from '#reference/node/peers/session.ts';
import { TOPIC, type Cluster, type Place } from '../cluster.ts';
import type { Random } from '../random.ts';

/** A payment that no ledger of its author has judged. */
export interface SignedPayment {
  /** The record it follows; undefined for a first one. */
  readonly after: SignedRecord | undefined;
  readonly to: Did;
  readonly amount: number;
  readonly seeing?: readonly RecordId[];
  readonly memo?: string;
}

export interface Heard {
  readonly peer: Did;
  readonly message: GossipMessage;
}

export interface LiarOptions {
  readonly cluster: Cluster;
  /** The node of that place must be down, or never have been: the liar takes its address and its key. */
  readonly place: Place;
  readonly layers: NodeLayers;
  readonly settings: SessionSettings;
}

export interface Liar {
  readonly did: Did;
  /** Everybody else in the cooperative. */
  readonly others: readonly Did[];
  readonly random: Random;
  /** Listens at its address and keeps whoever dials as a peer. */
  listen(): void;
  /** Dials a place, proves who it is, says these messages and hangs up. */
  tell(to: Place, messages: readonly GossipMessage[]): void;
  /** Dials a place and proves who it is; gives the way to say something there, again and again. */
  talk(to: Place, begun: (say: (message: GossipMessage) => void) => void): void;
  /** Those who keep a session with it, in the order of their coming. */
  peers(): readonly Did[];
  say(peer: Did, message: GossipMessage): void;
  /** The bare link: any bytes at all. */
  spill(peer: Did, bytes: Uint8Array): void;
  /** The frame of a message. */
  frame(message: GossipMessage): Uint8Array;
  /** What was said to it lately. */
  readonly heard: readonly Heard[];
  onHeard(listener: (heard: Heard) => void): Cancel;
  every(intervalMs: number, run: () => void): Cancel;
  /** Signs a payment that follows any of its records, not only its last. */
  sign(payment: SignedPayment): SignedRecord;
  /** What a claim would be called if it were genuine. */
  idOf(claim: { readonly [key: string]: Json }): Json;
}

/** Messages remembered for a replay. */
const HEARD_MAX = 500;

export const createLiar = (options: LiarOptions): Liar => {
  const { cluster, place, layers, settings } = options;
  const { signer } = place;
  const { scheduler } = cluster;
  const content = layers.content();
  const frames: Frames = layers.frames({ content });
  const records = layers.records({ content, network: cluster.cooperative.id });
  const transport = cluster.network.transport(place.address, place.did);
  const random = cluster.random.fork(`liar ${place.name}`);
  const nonces = random.fork('nonces');
  const sessions = new Map<Did, Session>();
  const heard: Heard[] = [];
  const listeners = new Set<(heard: Heard) => void>();

  const begin = (link: Link, expected: Did | undefined, greet: (session: Session) => void): void =>
    void createSession({
      link,
      expected,
      frames,
      records,
      signer,
      network: cluster.cooperative.id,
      host: {
        after: scheduler.after,
        monotonic: scheduler.now,
        randomBytes: nonces.bytes,
      },
      settings,
      established: greet,
      received(peer, message) {
        const item = { peer, message };
        heard.push(item);
        if (heard.length > HEARD_MAX) heard.shift();
        for (const listener of listeners) listener(item);
      },
      ended(session, _reason, peer) {
        if (peer !== undefined && sessions.get(peer) === session) sessions.delete(peer);
      },
      count: () => {},
    });

  const visit = (to: Place, greet: (session: Session) => void): void =>
    transport.dial(to.address, to.did, (result) => {
      if (result.status === 'open') begin(result.link, to.did, greet);
    });

  return {
    did: signer.did,
    others: cluster.places.map(({ did }) => did).filter((did) => did !== signer.did),
    random,
    heard,
    listen() {
      void transport.listen(place.address, (link) =>
        begin(link, undefined, (session) => {
          sessions.set(session.peer!, session);
          session.send(frames.encode({ type: 'subscribe', topics: [TOPIC] }));
        }),
      );
    },
    tell(to, messages) {
      visit(to, (session) => {
        for (const message of messages) session.send(frames.encode(message));
        session.close();
      });
    },
    talk(to, begun) {
      visit(to, (session) => begun((message) => session.send(frames.encode(message))));
    },
    peers: () => [...sessions.keys()],
    say: (peer, message) => sessions.get(peer)?.send(frames.encode(message)),
    spill: (peer, bytes) => void sessions.get(peer)?.link.send(bytes),
    frame: (message) => frames.encode(message),
    onHeard(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    every(intervalMs, run) {
      let cancel = scheduler.after(intervalMs, function again() {
        cancel = scheduler.after(intervalMs, again);
        run();
      });
      return () => cancel();
    },
    sign({ after, to, amount, seeing = [], memo = '' }) {
      const accounts: EntryLine[] = [
        { account: to, debit: String(amount) },
        { account: signer.did, credit: String(amount) },
      ];
      const record = records.sign(
        {
          kind: 'icn/entry/1',
          network: cluster.cooperative.id,
          topic: TOPIC,
          author: signer.did,
          sequence: (after?.sequence ?? 0) + 1,
          previous: after?.id ?? null,
          parents: [...seeing].sort(),
          timestamp: Math.floor(scheduler.now()),
          body: { accounts, memo },
        },
        signer,
      );
      cluster.signed(record.id);
      return record;
    },
    idOf(claim) {
      const id = content.id(claim);
      return id.ok ? id.value : '';
    },
  };
};
