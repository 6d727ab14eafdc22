/**
 * The pull under way: one at a time, so that three peers who are all ahead do not send us the same
 * records three times. An answer counts for the peer and nonce it was asked with, and for no other.
 *
 * There is one place, so nobody may sit in it: a pull is given up after `timeoutMs` without anything
 * new, and after `TIMEOUTS_MAX` times that whatever it brings.
 */
import type { Did } from '#contracts/identifiers.ts';
import type { Pull as Question } from '#contracts/reconciliation.ts';

/** Steps of one search, one after the other, that may bring nothing: deeper than any set of ids. */
const VAIN_STEPS_MAX = 16;
/** The longest pull, in time-outs. */
const TIMEOUTS_MAX = 6;

export interface Pull {
  readonly peer: Did;
  readonly nonce: string;
  /** What was asked. */
  readonly question: Question;
  /** Steps before it that brought nothing, if it belongs to a search of several. */
  readonly vain: number;
  /** Given up then, unless something new comes before. */
  deadline: number;
  /** Given up then in any case. */
  readonly end: number;
  /** Records taken through it. */
  taken: number;
}

export type Opening = Pick<Pull, 'peer' | 'question' | 'nonce' | 'vain'>;

export const createPulls = (timeoutMs: number) => {
  let pull: Pull | undefined;

  /** Closes the pull; gives whom it was asked of and what it brought. */
  const close = (): Pull | undefined => {
    const closed = pull;
    pull = undefined;
    return closed;
  };

  return {
    get busy(): boolean {
      return pull !== undefined;
    },
    open(now: number, { peer, question, nonce, vain }: Opening): void {
      const end = now + TIMEOUTS_MAX * timeoutMs;
      pull = { peer, nonce, question, vain, deadline: now + timeoutMs, end, taken: 0 };
    },
    /** The vain steps up to the next one of a search; undefined if there have been too many. */
    vainAfter({ vain, taken }: Pull): number | undefined {
      if (taken > 0) return 0;
      return vain < VAIN_STEPS_MAX ? vain + 1 : undefined;
    },
    /** Whether an answer belongs to it. */
    awaits: (peer: Did, nonce: string): boolean => pull?.peer === peer && pull.nonce === nonce,
    /** It brought something new: its deadline moves on. */
    progressed(now: number, taken: number): void {
      if (!pull || taken === 0) return;
      pull.taken += taken;
      pull.deadline = Math.min(now + timeoutMs, pull.end);
    },
    close,
    /** Closes it if it was asked of a peer that left; answers whether it was. */
    left: (peer: Did): boolean => pull?.peer === peer && close() !== undefined,
    /** Closes it and gives it if its time is over. */
    expired: (now: number): Pull | undefined =>
      pull && now >= pull.deadline ? close() : undefined,
  };
};
