/**
 * What the grading process and the child say to each other: one JSON value a line.
 *
 * The first line to the child is a nonce, and every line from it begins with that nonce, so nothing
 * that the code under test prints or writes can be taken for an answer.
 */

/** The name under which the parts appear in stacks. */
export const SCRIPT = 'parts-under-test.js';

/** What a child may use. */
export interface Limits {
  /** Until the kit is up; a machine that needs longer cannot grade. */
  readonly startMs: number;
  /** For one input, and for loading the parts. */
  readonly replyMs: number;
  /** Of the heap. */
  readonly memoryMB: number;
  /** Of one observation, as JSON. */
  readonly observationMB: number;
  /** Kept of what the code prints while it works on one input. */
  readonly printedCharactersMax: number;
}

export const LIMITS: Limits = {
  startMs: 5_000,
  replyMs: 2_000,
  memoryMB: 256,
  observationMB: 4,
  printedCharactersMax: 2_000,
};

/** Before the first request, from whoever has time: run the kit's own code until it is fast. */
export interface Rehearsal {
  readonly rehearse: true;
}

/** The first request: the parts, as one script. */
export interface Load {
  readonly script: string;
  readonly filename: string;
  /** May `require`: the reference alone. */
  readonly trusted: boolean;
  readonly limits: Limits;
}

/** Every later request: the inputs of one check. It ends the work on the request before it. */
export interface Question {
  readonly batch: number;
  readonly check: string;
  readonly inputs: readonly unknown[];
}

/** What came of one input, or of loading. */
export type Outcome =
  | { readonly kind: 'observed'; readonly observation: unknown }
  | { readonly kind: 'unfinished'; readonly task: string; readonly stack: string }
  | {
      readonly kind: 'threw';
      readonly name: string;
      readonly message: string;
      readonly stack: string;
    }
  /** What came back is no JSON, or too much. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** The child is no more. */
export interface Died {
  readonly kind: 'died';
  readonly how: 'time' | 'memory' | 'ended';
  /** One line, in words, without a subject: `ran for 2 s without an end`. */
  readonly reason: string;
}

export type Printed = { readonly printed?: string };

/** A line from the child. */
export type Line =
  | { readonly kind: 'ready' }
  | { readonly kind: 'begun'; readonly batch: number }
  | ({ readonly batch: number } & Outcome & Printed);

/** What the grading process learns about one input. */
export type Reply = (Outcome | Died) & Printed;
