/** Layer 3, mailbox: bounded, sequential, one message at a time; being full is an answer, not an accident. */

/** In order of precedence. */
export const POST_STATUSES = ['stopped', 'full', 'accepted'] as const;
export type PostStatus = (typeof POST_STATUSES)[number];

export interface Mailbox<Message> {
  /** Queues a message, or says at once why not. */
  post(message: Message): PostStatus;
  /** Takes no more, handles what is queued, then resolves. Safe to call twice. */
  stop(): Promise<void>;
  readonly length: number;
}

export interface MailboxOptions<Message> {
  /** Queued messages; 32 unless told. */
  readonly lengthMax?: number;
  /** Called for one message at a time; a failure never loses the next message. */
  readonly handle: (message: Message) => void | Promise<void>;
  readonly failed: (error: unknown, message: Message) => void;
}

export type CreateMailbox = <Message>(options: MailboxOptions<Message>) => Mailbox<Message>;
