/** Opens the real grader; apart from grader.ts, because it loads the bundler. */
import { stop } from '../../grading/bundle.ts';
import { createGrader } from '../../grading/grade.ts';
import type { OpenGrader } from './grader.ts';
import type { Subject } from '../desk/places.ts';

/** What the grader reads: a folder, or the reference's files. */
export const sourceOf = ({ folder }: Subject) =>
  folder === undefined ? ({ reference: true } as const) : { folder };

export const openGrader: OpenGrader = async ({ lab, subject, seed, ownSeed, debug }) => {
  // Left to itself, the bundler's process may complain on our standard error that we are gone.
  process.once('exit', () => void stop());
  const grader = createGrader({
    lab,
    subject: subject.name,
    debug,
    ...sourceOf(subject),
  });
  return {
    grade: () => grader.grade({ seed, ownSeed }),
    prepare: grader.prepare,
    close: grader.close,
  };
};
