/**
 * A mailbox: a queue with an end, and one worker that empties it.
 *
 * It has no timer of its own: a deadline runs on the `after` it is given, so a simulated clock can drive it.
 *
 * Where the node uses one: what an operator asks to be changed, and the events of each watcher
 * (operations/), because there somebody fast waits for something slow. Where it does not: in the path of
 * gossip messages. A core answers a message before the call returns, so nothing can pile up between two of
 * them; what has to wait there is bytes on a link and commits on a disk, and each of these has a bound
 * already. A queue in between would add a turn of the event loop to every hop, and one more place where an
 * order can differ from run to run.
 */
import type { Cancel } from '#contracts/host.ts';
import {
  MAILBOX_LENGTH_MAX,
  type CreateMailbox,
  type Handling,
  type Mailbox,
  type MailboxOptions,
  type MessageEnding,
} from '#contracts/mailbox.ts';

interface Letter<Message> {
  readonly message: Message;
  ending: MessageEnding | undefined;
  cancelDeadline: Cancel | undefined;
  /** Made when the handler asks for its signal: with one for each, a message took 6.0 us in place of 0.8. */
  control: AbortController | undefined;
}

/** The reference filling of layer 3. */
export const create: CreateMailbox = <Message>(
  options: MailboxOptions<Message>,
): Mailbox<Message> => {
  const { lengthMax = MAILBOX_LENGTH_MAX, deadline, handle, ended } = options;
  const queue: Letter<Message>[] = [];
  let current: Letter<Message> | undefined;
  let working: Promise<void> | undefined;
  let isStopped = false;

  /** The first ending of a letter is its only one. */
  const end = (letter: Letter<Message>, ending: MessageEnding, error?: unknown): void => {
    if (letter.ending !== undefined) return;
    letter.ending = ending;
    letter.cancelDeadline?.();
    ended(letter.message, ending, error);
  };

  /** Nobody waits for it any more: it leaves the queue, or its handler is told. */
  const giveUp = (letter: Letter<Message>, ending: MessageEnding): void => {
    const place = queue.indexOf(letter);
    if (place >= 0) queue.splice(place, 1);
    end(letter, ending);
    letter.control?.abort(letter.ending);
  };

  const handlingOf = (letter: Letter<Message>): Handling => ({
    get signal() {
      letter.control ??= new AbortController();
      if (letter.ending !== undefined) letter.control.abort(letter.ending);
      return letter.control.signal;
    },
  });

  const work = async (): Promise<void> => {
    // The turn of whoever posted ends first.
    await Promise.resolve();
    while ((current = queue.shift()) !== undefined) {
      const letter = current;
      try {
        const handled = handle(letter.message, handlingOf(letter));
        // A handler that is done need not be waited for: a wait of nothing costs as much as all the rest.
        if (handled !== undefined) await handled;
        end(letter, 'handled');
      } catch (error) {
        end(letter, 'failed', error);
      }
    }
    working = undefined;
  };

  const idle = (): Promise<void> => working ?? Promise.resolve();

  return {
    get length() {
      return queue.length;
    },
    post(message) {
      if (isStopped) return 'stopped';
      if (queue.length >= lengthMax) return 'full';
      const letter: Letter<Message> = {
        message,
        ending: undefined,
        cancelDeadline: undefined,
        control: undefined,
      };
      letter.cancelDeadline = deadline?.after(deadline.ms, () =>
        giveUp(letter, 'deadline_exceeded'),
      );
      queue.push(letter);
      working ??= work();
      return 'accepted';
    },
    stop() {
      isStopped = true;
      return idle();
    },
    abort() {
      isStopped = true;
      for (const letter of [...(current ? [current] : []), ...queue]) {
        giveUp(letter, 'aborted');
      }
      return idle();
    },
  };
};
