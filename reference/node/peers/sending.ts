/** Sending: one message becomes frames that fit, for those who may read it, charged to whoever asked. */
import type { Frames } from '#contracts/frames.ts';
import type { Host } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { GossipMessage, TopicMessage } from '#contracts/messages.ts';
import type { Trust } from '#contracts/trust.ts';
import type { Metering } from '../operator/metering.ts';
import type { Allowances } from './allowances.ts';
import { partsOf } from './parts.ts';
import type { Session } from './session.ts';

export interface SendingOptions {
  readonly frames: Pick<Frames, 'encode'>;
  readonly metering: Pick<Metering, 'sent'>;
  readonly trust: Pick<Trust, 'mayRead'>;
  readonly allowances: Pick<Allowances, 'charge'>;
  readonly monotonic: Host['monotonic'];
  /** To a peer that is linked. */
  readonly session: (peer: Did) => Session | undefined;
}

export interface Sending {
  /** One message that fits a frame. */
  readonly say: (peer: Did, message: GossipMessage) => void;
  /** A message of any length. */
  readonly sayInParts: (peers: readonly Did[], message: TopicMessage) => void;
}

export const createSending = (options: SendingOptions): Sending => {
  const { frames, metering, trust, allowances, monotonic, session } = options;

  /** Gives the bytes that each was sent. */
  const send = (peers: readonly Did[], message: GossipMessage): number => {
    const frame = frames.encode(message);
    metering.sent(peers, message, frame.length);
    for (const peer of peers) session(peer)?.send(frame);
    return frame.length;
  };

  return {
    say: (peer, message) => void send([peer], message),
    sayInParts(peers, message) {
      // Trust may have fallen since a peer joined, and since a step that was being committed began.
      const readers = peers.filter((peer) => trust.mayRead(message.topic, peer));
      if (readers.length === 0) return;
      const isAnswer = message.type === 'response' || message.type === 'pull-response';
      for (const part of partsOf(message)) {
        const bytes = send(readers, part);
        if (isAnswer) for (const peer of readers) allowances.charge(monotonic(), peer, bytes);
      }
    },
  };
};
