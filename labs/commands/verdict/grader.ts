/** Grading as the commands need it: opened once, asked as often as somebody saves. */
import { createHash } from 'node:crypto';
import type { Lab } from '../../catalog.ts';
import type { Result } from '../../grading/result.ts';
import type { Subject } from '../desk/places.ts';

/** What is graded, and with which chance. */
export interface Grading {
  readonly lab: Lab;
  readonly subject: Subject;
  /** Of this run. */
  readonly seed: string;
  /** Of this learner. */
  readonly ownSeed: string;
  /** Under the inspector, without limits of time. */
  readonly debug: boolean;
}

export interface Grader {
  grade(): Promise<Result>;
  /** Uses the time until the next save. */
  prepare(): void;
  close(): Promise<void>;
}

export type OpenGrader = (grading: Grading) => Promise<Grader>;

const SEED_DIGITS = 6;

/** The seed of a lab for a learner: the same code gets the same verdict every time. */
export const seedFor = (ownSeed: string, lab: Lab): string =>
  createHash('sha256').update(`${ownSeed} ${lab.name}`).digest('hex').slice(0, SEED_DIGITS);
