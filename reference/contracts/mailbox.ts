/**
 * Layer 3, mailbox: bounded, sequential, one message at a time; being full is an answer, not an accident.
 *
 * Whoever posts is told at once whether the message was taken. Every message that was taken has exactly
 * one ending, whatever its handler does: so nobody waits for an answer that never comes.
 */
import type { Cancel } from './host.ts';

/** What became of a post, in order of precedence. Only an accepted message is ever heard of again. */
export const POST_STATUSES = ['stopped', 'full', 'accepted'] as const;
/** One of POST_STATUSES. */
export type PostStatus = (typeof POST_STATUSES)[number];

/**
 * How an accepted message ended, in order of precedence: `aborted` and `deadline_exceeded` say that nobody
 * waits for it any more (it was never begun, or it may be half done), `failed` that its handler threw.
 */
export const MESSAGE_ENDINGS = ['aborted', 'deadline_exceeded', 'failed', 'handled'] as const;
/** One of MESSAGE_ENDINGS. */
export type MessageEnding = (typeof MESSAGE_ENDINGS)[number];

/** Messages that wait, unless told otherwise. */
export const MAILBOX_LENGTH_MAX = 32;

/** Layer 3: a queue in front of one handler. */
export interface Mailbox<Message> {
  /** Queues a message, or says at once why not. The handler never runs on the caller's stack. */
  post(message: Message): PostStatus;
  /** Takes no more, handles what is queued, then resolves. Safe to call twice. */
  stop(): Promise<void>;
  /**
   * Takes no more and gives up what is queued and what is under way; resolves when the handler under way
   * has let go. Safe to call twice, and after `stop`.
   */
  abort(): Promise<void>;
  /** Messages that wait; the one under way is not among them. */
  readonly length: number;
}

/** What a handler may know of the message under way. */
export interface Handling {
  /** Aborted when nobody waits for the message any more; the reason is its ending. Made when it is first asked for. */
  readonly signal: AbortSignal;
}

/** The handler, and its bounds. */
export interface MailboxOptions<Message> {
  /** Messages that wait; MAILBOX_LENGTH_MAX unless told. */
  readonly lengthMax?: number;
  /** How long a message may take from its post to its ending. For ever unless told. */
  readonly deadline?: {
    readonly ms: number;
    readonly after: (delayMs: number, run: () => void) => Cancel;
  };
  /**
   * Called for one message at a time, in the order of the posts, and never for the next before this one
   * has let go: a deadline aborts the signal, it cannot stop a handler that does not listen. What waits
   * behind such a handler ends at its own deadline, unbegun.
   */
  readonly handle: (message: Message, handling: Handling) => void | Promise<void>;
  /** Exactly once for each accepted message. `error` is what a failed handler threw. */
  readonly ended: (message: Message, ending: MessageEnding, error?: unknown) => void;
}

/** Makes layer 3: a mailbox that is open and empty. */
export type CreateMailbox = <Message>(options: MailboxOptions<Message>) => Mailbox<Message>;
