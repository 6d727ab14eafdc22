/**
 * A session: one link, from the first byte until it ends.
 *
 *   link open -> Hello both ways -> proof both ways -> gossip, with a Ping when it is silent -> end
 *
 * Each side signs both nonces and the link's binding, so a recorded Hello fits nowhere else, and the
 * DID that was dialled must be the DID that is proven. Before that gossip is not listened to; what
 * comes too early is dropped and counted. Hellos are repeated until answered, because a link may
 * lose frames (the simulated ones do).
 */
import type { Did, NetworkId } from '#contracts/identifiers.ts';
import type { Cancel, Host } from '#contracts/host.ts';
import type { Frames } from '#contracts/frames.ts';
import {
  PROTOCOL,
  type GossipMessage,
  type Hello,
  type HelloProof,
  type Message,
} from '#contracts/messages.ts';
import type { HelloFacts, Records, Signer } from '#contracts/records.ts';
import type { SessionEvent } from '#contracts/node.ts';
import type { SessionSettings } from '#contracts/settings.ts';
import type { CloseReason, Link } from '#contracts/transport.ts';
import { createBucket } from '#reference/gossip/pacing.ts';

/** Hellos, proofs, pings and pongs of one link: so many at once, then one in so much time. */
export const SESSION_WORDS_MAX = 20;
export const SESSION_WORD_SPACING_MS = 100;

/** Frames of one link that are no message: so many at once, then one in so much time; what goes on ends it. */
export const SLIPS_MAX = 8;
export const SLIP_SPACING_MS = 5_000;

/** What a session hears itself, each with an answer or a check of a signature; the rest is gossip's. */
const OWN_WORDS: ReadonlySet<Message['type']> = new Set(['hello', 'hello-proof', 'ping', 'pong']);

export interface SessionOptions {
  readonly link: Link;
  readonly frames: Frames;
  readonly records: Records;
  readonly signer: Signer;
  readonly network: NetworkId;
  readonly host: Pick<Host, 'after' | 'monotonic' | 'randomBytes'>;
  readonly settings: SessionSettings;
  /** Whom we dialled, if we knew. */
  readonly expected: Did | undefined;
  readonly established: (session: Session, peer: Did) => void;
  readonly received: (peer: Did, message: GossipMessage) => void;
  /** Exactly once; `peer` if it had been established. */
  readonly ended: (session: Session, reason: CloseReason, peer: Did | undefined) => void;
  readonly count: (event: SessionEvent, detail: string) => void;
}

export interface Session {
  readonly link: Link;
  /** Proven by now. */
  readonly peer: Did | undefined;
  /** Monotonic times: when the link opened, and when the peer was proven. */
  readonly openedAt: number;
  readonly establishedAt: number | undefined;
  /** Nothing more will happen. */
  readonly ended: boolean;
  /** Round trip of the last Ping; undefined before the first answer. */
  readonly roundTripMs: number | undefined;
  send(frame: Uint8Array): void;
  close(): void;
}

export const createSession = (options: SessionOptions): Session => {
  const { link, frames, records, signer, network, host, settings, count } = options;
  const nonce = (): string => Buffer.from(host.randomBytes(16)).toString('base64url');
  const mine: HelloFacts = { did: signer.did, network, protocol: PROTOCOL, nonce: nonce() };
  const decoder = frames.decoder();
  const timers = new Set<Cancel>();
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let theirs: HelloFacts | undefined;
  /** Their decoder inflates. */
  let inflates = false;
  /** My answer to their Hello: signed once, said as often as they ask. */
  let proof: Uint8Array | undefined;
  let peer: Did | undefined;
  /** We hung up: what still arrives is not listened to. */
  let refused = false;
  let ended = false;
  const openedAt = host.monotonic();
  let establishedAt: number | undefined;
  let heardAt = openedAt;
  /** When the first byte of the frame under way came. */
  let frameBeganAt = openedAt;
  let ping: { readonly nonce: string; readonly sentAt: number } | undefined;
  let roundTripMs: number | undefined;

  const after = (delayMs: number, run: () => void): void => {
    if (ended) return;
    const cancel = host.after(delayMs, () => {
      timers.delete(cancel);
      run();
    });
    timers.add(cancel);
  };

  const flush = (): void => {
    // Taken out at once: thousands of small frames may wait, and each `shift` would move them all.
    let taken = 0;
    for (const frame of queue) {
      if (link.send(frame) === 'full') break;
      queuedBytes -= frame.length;
      taken += 1;
    }
    queue.splice(0, taken);
  };

  const send = (whole: Uint8Array): void => {
    if (ended) return;
    const frame = inflates && frames.pack ? frames.pack(whole) : whole;
    if (queuedBytes + frame.length > settings.queuedBytesMax) {
      count('send_dropped', `${queuedBytes} bytes wait already`);
      return;
    }
    queue.push(frame);
    queuedBytes += frame.length;
    if (queue.length === 1) flush();
  };

  const say = (message: Message): void => send(frames.encode(message));

  const refuse = (reason: string): void => {
    refused = true;
    count('hello_refused', reason);
    link.close();
  };

  const sayHello = (): void => {
    if (peer !== undefined) return;
    const hello: Hello = { type: 'hello', ...mine, ...(frames.pack && { inflates: true }) };
    say(hello);
    after(settings.helloRetryMs, sayHello);
  };

  /** The reason to hang up on a Hello, if there is one. */
  const objection = (hello: HelloFacts): string | undefined => {
    if (hello.protocol !== PROTOCOL) return `expected protocol ${PROTOCOL}, got ${hello.protocol}`;
    if (hello.network !== network) return `expected network ${network}, got ${hello.network}`;
    if (hello.did === signer.did) return 'the peer is this node itself';
    if (hello.nonce === mine.nonce) return 'the peer echoes our own nonce';
    if (link.proven !== undefined && hello.did !== link.proven) {
      return `the link proves ${link.proven}, the Hello says ${hello.did}`;
    }
    if (options.expected !== undefined && hello.did !== options.expected) {
      return `dialled ${options.expected}, got ${hello.did}`;
    }
    return undefined;
  };

  const receiveHello = (hello: Hello): void => {
    // The facts alone, without `type`: a transcript has them alike for both sides.
    const facts: HelloFacts = {
      did: hello.did,
      network: hello.network,
      protocol: hello.protocol,
      nonce: hello.nonce,
    };
    const reason = objection(facts);
    if (reason !== undefined) {
      refuse(reason);
      return;
    }
    if (theirs && (theirs.nonce !== facts.nonce || theirs.did !== facts.did)) {
      refuse('a second Hello differs from the first');
      return;
    }
    theirs = facts;
    inflates = hello.inflates === true;
    proof ??= frames.encode(prove(facts));
    send(proof);
  };

  const prove = (facts: HelloFacts): HelloProof => ({
    type: 'hello-proof',
    nonce: facts.nonce,
    signature: records.proveHello({ mine, theirs: facts, binding: link.binding }, signer),
  });

  const receiveProof = ({ nonce, signature }: HelloProof): void => {
    if (peer !== undefined) return;
    if (!theirs) {
      count('message_before_hello', 'hello-proof');
      return;
    }
    const transcript = { mine, theirs, binding: link.binding };
    if (nonce !== mine.nonce || !records.checkHello(transcript, signature)) {
      refuse(`the proof of ${theirs.did} does not fit this link`);
      return;
    }
    peer = theirs.did;
    establishedAt = host.monotonic();
    after(settings.pingIntervalMs, watch);
    options.established(session, peer);
  };

  /** Silence is answered with a Ping; long silence, and a frame that drips in for ever, with an end. */
  const watch = (): void => {
    const now = host.monotonic();
    const silentMs = now - heardAt;
    if (decoder.pendingBytes > 0 && now - frameBeganAt >= settings.frameTimeoutMs) {
      count(
        'frame_stalled',
        `${decoder.pendingBytes} bytes in ${Math.round(now - frameBeganAt)} ms`,
      );
      link.close();
      return;
    }
    if (silentMs >= settings.pingIntervalMs * settings.pingMissesMax) {
      count('peer_silent', `${Math.round(silentMs)} ms`);
      link.close();
      return;
    }
    // A link in use needs no question; the first one is for the round trip that operators see.
    if (silentMs >= settings.pingIntervalMs / 2 || roundTripMs === undefined) {
      ping = { nonce: nonce(), sentAt: host.monotonic() };
      say({ type: 'ping', nonce: ping.nonce });
    }
    after(settings.pingIntervalMs, watch);
  };

  const words = createBucket(SESSION_WORD_SPACING_MS, SESSION_WORDS_MAX);
  const slips = createBucket(SLIP_SPACING_MS, SLIPS_MAX);

  const receive = (message: Message): void => {
    if (OWN_WORDS.has(message.type) && !words.take(host.monotonic())) {
      count('session_too_often', message.type);
      return;
    }
    switch (message.type) {
      case 'hello':
        receiveHello(message);
        return;
      case 'hello-proof':
        receiveProof(message);
        return;
      case 'ping':
        say({ type: 'pong', nonce: message.nonce });
        return;
      case 'pong':
        if (message.nonce === ping?.nonce) roundTripMs = host.monotonic() - ping.sentAt;
        return;
      default:
        if (peer === undefined) count('message_before_hello', message.type);
        else options.received(peer, message);
    }
  };

  const session: Session = {
    link,
    get peer() {
      return peer;
    },
    openedAt,
    get establishedAt() {
      return establishedAt;
    },
    get ended() {
      return ended;
    },
    get roundTripMs() {
      return roundTripMs;
    },
    send,
    close: () => link.close(),
  };

  link.open({
    received(bytes) {
      heardAt = host.monotonic();
      const outcomes = decoder.push(bytes);
      if (outcomes.length > 0 || decoder.pendingBytes === bytes.length) frameBeganAt = heardAt;
      for (const outcome of outcomes) {
        if (ended || refused) return;
        if (outcome.ok) {
          receive(outcome.value);
          continue;
        }
        count('frame_refused', `${outcome.status}: ${outcome.reason}`);
        // Otherwise the edges of the stream are lost, the peer speaks another version, or will not stop.
        if (outcome.status === 'message_malformed' && slips.take(heardAt)) continue;
        refused = true;
        link.close();
      }
    },
    drained: flush,
    closed(reason) {
      ended = true;
      for (const cancel of timers) cancel();
      timers.clear();
      queue.length = 0;
      const end = decoder.end();
      if (!end.ok) count('frame_refused', `${end.status}: ${end.reason}`);
      options.ended(session, reason, peer);
    },
  });

  after(settings.helloTimeoutMs, () => {
    if (peer !== undefined) return;
    count('hello_timed_out', `${settings.helloTimeoutMs} ms`);
    link.close();
  });
  sayHello();
  return session;
};
