/**
 * What a checkpoint is: a list of checks, each a law with two halves.
 *
 * `observe` runs beside the code under test, in a process of its own, and says what happened; `judge`
 * runs in the grading process and says what that means. No check imports a test runner, so the same
 * ones serve the learner's command, the kit's own tests, the reference, the solution and the mutants.
 */
import type { Random } from '#reference/sim/random.ts';

/** Thrown by the body of a stub: this has not been written yet. */
export class Unfinished extends Error {
  override readonly name = 'Unfinished';
  readonly task: string;
  constructor(task: string) {
    super(`task ${task} is not written yet`);
    this.task = task;
  }
}

/** The body of a stub; takes the place of any value. */
export const todo = (task: string): never => {
  throw new Unfinished(task);
};

/** Implement looks at code; the other three look at `answers.ts`. */
export type Verb = 'implement' | 'trace' | 'explain' | 'debug';

/** What the code under test exports, by file: `clock.ts` is `parts.clock`. */
export type Parts = { readonly [file: string]: { readonly [name: string]: unknown } };

/** A place in the learner's folder: the function in which the work of a check is done. */
export interface Place {
  readonly file: string;
  readonly symbol: string;
}

/** One event of a trace: plain words, a virtual time where there is one, and whether it is the first bad one. */
export interface TraceLine {
  readonly atMs?: number;
  readonly text: string;
  readonly bad?: boolean;
  /** What is said of a bad one; that it is the first, if nothing else. */
  readonly mark?: string;
}

/** What a check found wrong. Sentences about nodes, entries and clocks; no names from the harness. */
export interface Finding {
  /** The misconception that this looks like, from a closed list: `clock-over-a-hole`. */
  readonly diagnosis: string;
  /** One sentence of at most 90 characters. */
  readonly headline: string;
  readonly input?: string;
  readonly saw: string;
  readonly expected: string;
  /** The invariant that connects the two. */
  readonly because: string;
  /** At most 8 lines; unchanged state left out. */
  readonly trace?: readonly TraceLine[];
  /** Where to look, if not at the place of the check. */
  readonly place?: Place;
}

/** What `answers.ts` is asked, and what there is to look at. */
export interface Question {
  readonly lines: readonly string[];
  /** All that happened, where the question is about a run. */
  readonly events?: readonly TraceLine[];
}

/** Chance for the inputs of a check. */
export interface Draw {
  /** Of this run. */
  readonly random: Random;
  /** Of this learner, the same in every run: for questions that are answered by hand. */
  readonly own: Random;
}

/** Inputs and observations cross a process boundary: both are JSON. */
export interface Check<Input = unknown, Observation = unknown> {
  /** `07.4`; the number after the dot is never given to another check. */
  readonly id: string;
  readonly verb: Verb;
  /** The law, as a sentence. */
  readonly law: string;
  readonly points: number;
  readonly place: Place;
  /** Checks without which this one cannot pass: while they are not written, it waits for them. */
  readonly after?: readonly string[];
  /** The way of thinking, the idea, the shape of the answer; never the answer. */
  readonly hints: readonly [string, string, string];
  /** What is tried, first the plainest. Called in the grading process. */
  inputs(draw: Draw): readonly Input[];
  /** Runs the code under test on one input. What it throws is told apart by the runner. */
  observe(parts: Parts, input: Input): Observation;
  /** undefined: the law held. Called in the grading process; total: any JSON may have come back. */
  judge(input: Input, observation: Observation): Finding | undefined;
  /** Inputs smaller than this one, for the search of the smallest that still fails; most promising first. */
  smaller?(input: Input): readonly Input[];
  /** An input in words, for code that threw or did not come back. Called in the grading process. */
  inputText?(input: Input): string;
  /** Of a check that looks at `answers.ts`: what is asked. Called in the grading process. */
  question?(input: Input): Question;
  /** What happened, a line an event, for a replay. Called in the grading process. */
  describe?(input: Input, observation: Observation): readonly TraceLine[];
  /** What a pass says: what has been tried, with its number, and what has not. */
  proves(count: number): string;
}

export interface Checkpoint {
  readonly checks: readonly Check[];
  /** What no check of this lab looks at, and which lab does. */
  readonly notCovered: string;
  /** Runs what the checks run, on the reference: a process that waits gets fast meanwhile. */
  readonly rehearse?: () => void;
}

/** Declares a check: input and observation are inferred, and forgotten for the list. */
export const check = <Input, Observation>(definition: Check<Input, Observation>): Check =>
  definition;
