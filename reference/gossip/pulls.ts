/**
 * Pulls under way: one per topic, so that three peers who are all ahead do not send us the same
 * records three times. An answer counts for the peer and nonce it was asked with, and for no other.
 *
 * There is one place, so nobody may sit in it: a pull is given up after `timeoutMs` without anything
 * new, and after `TIMEOUTS_MAX` times that whatever it brings.
 */
import type { Did, Topic } from '#contracts/identifiers.ts';

/** The longest pull, in time-outs. */
const TIMEOUTS_MAX = 6;

export interface OpenPull {
  readonly topic: Topic;
  readonly peer: Did;
  readonly nonce: string;
  /** Given up then, unless something new comes before. */
  deadline: number;
  /** Given up then in any case. */
  readonly end: number;
  /** Records taken through it. */
  taken: number;
}

export const createPulls = (timeoutMs: number) => {
  const open = new Map<Topic, OpenPull>();
  return {
    open: (now: number, topic: Topic, peer: Did, nonce: string): void => {
      const end = now + TIMEOUTS_MAX * timeoutMs;
      open.set(topic, { topic, peer, nonce, deadline: now + timeoutMs, end, taken: 0 });
    },
    busy: (topic: Topic): boolean => open.has(topic),
    /** The pull that an answer belongs to. */
    answered(topic: Topic, peer: Did, nonce: string): OpenPull | undefined {
      const pull = open.get(topic);
      return pull?.peer === peer && pull.nonce === nonce ? pull : undefined;
    },
    /** It brought something new: its deadline moves on. */
    progressed(now: number, pull: OpenPull, taken: number): void {
      pull.taken += taken;
      pull.deadline = Math.min(now + timeoutMs, pull.end);
    },
    close: (topic: Topic): void => void open.delete(topic),
    /** Closes and gives the pulls of a peer that left. */
    left(peer: Did): readonly OpenPull[] {
      const gone = [...open.values()].filter((pull) => pull.peer === peer);
      for (const { topic } of gone) open.delete(topic);
      return gone;
    },
    /** Closes and gives the pull of a topic if its time is over. */
    expired(now: number, topic: Topic): OpenPull | undefined {
      const pull = open.get(topic);
      if (!pull || now < pull.deadline) return undefined;
      open.delete(topic);
      return pull;
    },
  };
};
