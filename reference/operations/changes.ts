/**
 * What an operator asks to be changed, one thing at a time and in the order it was asked; questions do not
 * wait for it. Whoever asks while too much waits is told `busy` at once, and whoever waited too long
 * `deadline_exceeded`, and whether it was begun.
 */
import type { CreateMailbox } from '#contracts/mailbox.ts';
import { refused } from '#contracts/outcome.ts';
import { after } from '#reference/host/timer.ts';
import type { Answer } from './methods/method.ts';

/** Changes that wait for their turn. */
export const CHANGES_WAITING_MAX = 32;
/** From the question to the answer; a lot of an import takes seconds. */
export const CHANGE_MS_MAX = 60_000;

export interface Changes {
  /** Runs it when its turn comes. Rejects with what it threw. */
  ask(run: () => Answer | Promise<Answer>): Promise<Answer>;
  /** Answers everybody who waits; what is under way may come about or not. */
  close(): void;
}

interface Change {
  readonly run: () => Answer | Promise<Answer>;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  isBegun: boolean;
  answer: Answer | undefined;
}

const doubt = (isBegun: boolean): string =>
  isBegun
    ? 'what was asked may be done or not: look before you ask again'
    : 'what was asked was not begun';

export interface ChangesOptions {
  readonly createMailbox: CreateMailbox;
  /** CHANGE_MS_MAX unless told. */
  readonly changeMsMax?: number;
}

export const createChanges = (options: ChangesOptions): Changes => {
  const { createMailbox, changeMsMax = CHANGE_MS_MAX } = options;
  const mailbox = createMailbox<Change>({
    lengthMax: CHANGES_WAITING_MAX,
    deadline: { ms: changeMsMax, after },
    async handle(change) {
      change.isBegun = true;
      change.answer = await change.run();
    },
    ended({ isBegun, answer, resolve, reject }, ending, error) {
      switch (ending) {
        case 'handled':
          resolve(answer!);
          break;
        case 'failed':
          reject(error);
          break;
        case 'deadline_exceeded':
          resolve(refused(ending, `not done after ${changeMsMax} ms; ${doubt(isBegun)}`));
          break;
        case 'aborted':
          resolve(refused('node_not_running', `the node is stopping; ${doubt(isBegun)}`));
          break;
      }
    },
  });
  return {
    ask: (run) =>
      new Promise((resolve, reject) => {
        const posted = mailbox.post({ run, resolve, reject, isBegun: false, answer: undefined });
        if (posted === 'full') {
          resolve(refused('busy', `${mailbox.length} changes wait already: ask again in a moment`));
        } else if (posted === 'stopped') {
          resolve(refused('node_not_running', `the node is stopping; ${doubt(false)}`));
        }
      }),
    close: () => void mailbox.abort(),
  };
};
