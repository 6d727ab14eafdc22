/** What the checks that look at `answers.ts` share: three nodes, one world, and answers of any kind. */
import type { Parts, Place } from '#checkpoint';
import type { CreateGossip } from '#contracts/gossip.ts';
import type { Run } from '#labs/world/run.ts';
import type { Name, Step } from '#labs/world/step.ts';
import { play } from '#labs/world/world.ts';

export const NAMES: readonly Name[] = ['ann', 'ben', 'cleo'];

export const answersAt = (symbol: string): Place => ({ file: 'answers.ts', symbol });

/** What a learner's function answers; null for nothing. */
export const answerOf = (parts: Parts, name: string, question: unknown): unknown => {
  const answers = parts['answers'] as { readonly [name: string]: (question: unknown) => unknown };
  return answers[name]!(question) ?? null;
};

/** An answer as it was given, cut to a line or two. */
export const printed = (value: unknown): string =>
  (JSON.stringify(value) ?? 'undefined').slice(0, 300);

/** The fields of an answer; none if it is no object. */
export const fields = (value: unknown): { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** Plays a schedule among the three. */
export const runOf = (steps: readonly Step[], createOf: (name: Name) => CreateGossip): Run =>
  play({ names: NAMES, steps, seed: 'answers' }, createOf);
