/**
 * Mutants of lab 07: what people write who have misunderstood something, as edits of the solution. Each
 * is caught first by the check that it names, for the reason that it names.
 */
import type { Mutant } from '#labs/matrix/mutant.ts';
import { answers } from './mutants/answers.ts';
import { clocks } from './mutants/clocks.ts';
import { late } from './mutants/late.ts';
import { liars } from './mutants/liars.ts';
import { logs } from './mutants/logs.ts';
import { pulling } from './mutants/pulling.ts';
import { pushing } from './mutants/pushing.ts';
import { storms } from './mutants/storms.ts';
import { waiting } from './mutants/waiting.ts';

export const mutants: readonly Mutant[] = [
  ...clocks,
  ...logs,
  ...pushing,
  ...waiting,
  ...pulling,
  ...storms,
  ...late,
  ...liars,
  ...answers,
];
