/**
 * Pulls under way: one per topic, so that three peers who are all ahead do not send us the same
 * records three times. An answer counts for the peer and nonce it was asked with, and for no other.
 */
import type { Did, Topic } from '#contracts/identifiers.ts';

export interface OpenPull {
  readonly topic: Topic;
  readonly peer: Did;
  readonly nonce: string;
  /** Given up then, unless frames keep coming. */
  deadline: number;
  /** Records taken through it. */
  taken: number;
}

export const createPulls = (timeoutMs: number) => {
  const open = new Map<Topic, OpenPull>();
  return {
    open: (now: number, topic: Topic, peer: Did, nonce: string): void => {
      open.set(topic, { topic, peer, nonce, deadline: now + timeoutMs, taken: 0 });
    },
    busy: (topic: Topic): boolean => open.has(topic),
    /** The pull that an answer belongs to; its deadline moves on. */
    answered(now: number, topic: Topic, peer: Did, nonce: string): OpenPull | undefined {
      const pull = open.get(topic);
      if (!pull || pull.peer !== peer || pull.nonce !== nonce) return undefined;
      pull.deadline = now + timeoutMs;
      return pull;
    },
    close: (topic: Topic): void => void open.delete(topic),
    /** Closes and gives the pulls of a peer that left. */
    left(peer: Did): readonly OpenPull[] {
      const gone = [...open.values()].filter((pull) => pull.peer === peer);
      for (const { topic } of gone) open.delete(topic);
      return gone;
    },
    /** Closes and gives the pulls whose time is over. */
    expired(now: number): readonly OpenPull[] {
      const late = [...open.values()].filter((pull) => now >= pull.deadline);
      for (const { topic } of late) open.delete(topic);
      return late;
    },
    any: (): boolean => open.size > 0,
  };
};
