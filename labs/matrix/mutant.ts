/**
 * A mutant: a wrong program that somebody might well hand in, as edits of the solution.
 *
 * It says which check must catch it and what that check must say, so that a check that no longer looks,
 * or says something misleading, is found before a learner finds it.
 */
import type { Edit } from '../grading/subject.ts';

export interface Mutant {
  /** What goes wrong, in a few words joined by hyphens: `merge-overwrites`. */
  readonly name: string;
  /** What somebody believes who writes this, in one sentence of their own. */
  readonly misconception: string;
  readonly edits: readonly Edit[];
  /** The first check, in order, that does not pass: `07.1`. */
  readonly killedBy: string;
  /** What it must take the mutant for. */
  readonly diagnosis: string;
}
