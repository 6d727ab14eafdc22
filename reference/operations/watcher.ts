/**
 * A watcher: one stream of events to somebody who may read more slowly than they happen.
 *
 * Events wait in a mailbox of its own, so a slow watcher costs a bounded queue and nobody else's time. What
 * has no room is left out, and the stream says so in its place: `{"event":"overflow","lost":12}`. Whoever
 * does not read for a while is ended.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { CreateMailbox } from '#contracts/mailbox.ts';
import { after } from '#reference/host/timer.ts';

/** Events that wait for one slow watcher, and their bytes. */
export const EVENTS_WAITING_MAX = 256;
export const EVENT_BYTES_WAITING_MAX = 1_048_576;
/** An event that could not be written by then ends the stream. */
export const EVENT_MS_MAX = 30_000;

export interface Watcher {
  /** Takes one event, as it is written on the wire. */
  tell(block: string): void;
  /** Ends the stream; what waits is left out. */
  close(): void;
}

/** Streams to a response whose head is written. */
export const createWatcher = (response: ServerResponse, createMailbox: CreateMailbox): Watcher => {
  let waitingBytes = 0;
  /** Left out since the last event that had room. */
  let lost = 0;

  const overflow = (): string =>
    lost === 0 ? '' : `data: ${JSON.stringify({ event: 'overflow', lost })}\n\n`;

  const mailbox = createMailbox<string>({
    lengthMax: EVENTS_WAITING_MAX,
    deadline: { ms: EVENT_MS_MAX, after },
    async handle(text, handling) {
      if (!response.write(text)) await once(response, 'drain', { signal: handling.signal });
    },
    ended(text, ending) {
      waitingBytes -= text.length;
      if (ending !== 'handled') response.destroy();
      // Nothing more may happen for long: what was left out is said as soon as there is room.
      else if (lost > 0 && mailbox.length === 0) post('');
    },
  });

  /** Whether there was room for it, and for what had to be said before it. */
  const post = (text: string): boolean => {
    const whole = overflow() + text;
    if (waitingBytes + whole.length > EVENT_BYTES_WAITING_MAX) return false;
    if (mailbox.post(whole) !== 'accepted') return false;
    waitingBytes += whole.length;
    lost = 0;
    return true;
  };

  response.on('close', () => void mailbox.abort());
  return {
    tell(block) {
      if (!post(block)) lost += 1;
    },
    close: () => void response.end(),
  };
};
