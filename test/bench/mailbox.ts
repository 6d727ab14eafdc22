/** The mailbox beside a bare array: the same messages, filled to 32 and emptied, again and again. */
import { MAILBOX_LENGTH_MAX } from '#contracts/mailbox.ts';
import { referenceLayers } from '#reference/layers.ts';
import { median, sink, timedAsync } from './measure.ts';
import type { Figure } from './report.ts';

const ROUNDS = 101;
/** Messages of one round. */
const MESSAGES = 256 * MAILBOX_LENGTH_MAX;

/** Posts until it is full, and goes on when the mailbox had its turn. */
const throughMailbox = async (): Promise<void> => {
  const mailbox = referenceLayers.mailbox<number>({
    handle: (message) => void (sink.last = message),
    ended: () => undefined,
  });
  for (let message = 0; message < MESSAGES; message++) {
    while (mailbox.post(message) === 'full') await Promise.resolve();
  }
  await mailbox.stop();
};

const throughArray = async (): Promise<void> => {
  const queue: number[] = [];
  for (let message = 0; message < MESSAGES; message++) {
    queue.push(message);
    if (queue.length < MAILBOX_LENGTH_MAX) continue;
    await Promise.resolve();
    while (queue.length > 0) sink.last = queue.shift();
  }
};

/** Milliseconds a message, from its post to its ending. */
export const mailboxFigure = async (): Promise<Figure> => {
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push((await timedAsync(throughMailbox)) / MESSAGES);
    bare.push((await timedAsync(throughArray)) / MESSAGES);
  }
  return {
    name: 'a message through a mailbox | through an array',
    value: median(ours),
    unit: 'ms',
    limit: median(bare),
  };
};
