/**
 * Dials under way, whatever carries them: each is answered exactly once, within its time.
 *
 * An attempt may end in more ways than its caller wants to hear of: an answer, the deadline, the end
 * of the transport. The first one counts; a link that comes after it is closed.
 */
import { messageOf } from '#contracts/faults.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { DialResult, Transport } from '#contracts/transport.ts';

/** What an attempt is told of the dial it serves. */
export interface DialUnderWay {
  /** Answered already: what the attempt still does is for nobody. */
  isOver(): boolean;
  /** How to end what the attempt has open, once the dial is given up; called at once where it is. */
  whenGivenUp(abort: () => void): void;
}

export interface DialsOptions {
  readonly dialTimeoutMs: number;
  readonly isClosed: () => boolean;
  readonly attempt: (
    address: string,
    expected: Did | undefined,
    dial: DialUnderWay,
  ) => Promise<DialResult>;
}

export interface Dials {
  readonly dial: Transport['dial'];
  /** Answers the dials under way; call it when the transport is closed. */
  cancel(): void;
}

export const DIALS_CLOSED: DialResult = { status: 'refused', reason: 'this transport is closed' };

export const createDials = ({ dialTimeoutMs, isClosed, attempt }: DialsOptions): Dials => {
  const cancels = new Set<() => void>();

  const dial: Transport['dial'] = (address, expected, done) => {
    let isOver = false;
    let isGivenUp = false;
    let abort: (() => void) | undefined;

    const answer = (result: DialResult): void => {
      if (!isOver) {
        isOver = true;
        clearTimeout(deadline);
        cancels.delete(cancel);
        done(result);
      } else if (result.status === 'open') result.link.close();
    };
    const giveUp = (result: DialResult): void => {
      isGivenUp = true;
      answer(result);
      abort?.();
    };
    const cancel = (): void => giveUp(DIALS_CLOSED);
    const late = `no answer from ${address} within ${dialTimeoutMs} ms`;
    const deadline = setTimeout(
      () => giveUp({ status: 'unreachable', reason: late }),
      dialTimeoutMs,
    );
    cancels.add(cancel);
    if (isClosed()) return queueMicrotask(cancel);

    const underWay: DialUnderWay = {
      isOver: () => isOver,
      whenGivenUp: (how) => {
        abort = how;
        if (isGivenUp) how();
      },
    };
    void attempt(address, expected, underWay)
      .catch((error: unknown): DialResult => ({ status: 'unreachable', reason: messageOf(error) }))
      .then(answer);
  };

  return { dial, cancel: () => cancels.forEach((cancel) => cancel()) };
};
