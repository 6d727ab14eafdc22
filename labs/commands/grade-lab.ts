/** `npm run lab 07`: grades, prints, remembers. */
import { EXIT } from '#reference/commands/exit.ts';
import type { Lab } from '../catalog.ts';
import { exitCodeOf, type Result } from '../grading/result.ts';
import type { Desk } from './desk/desk.ts';
import { feedback } from './verdict/feedback.ts';
import { restoreMissing } from './files.ts';
import { hanging } from './desk/layout.ts';
import type { Grader, Grading, OpenGrader } from './verdict/grader.ts';
import { afterPass } from './map.ts';
import { startTypes, typeLines, wantsTypes, type TypeCheck } from './verdict/types.ts';

/** Every check passed. */
const isPass = ({ checks, problem }: Result): boolean =>
  !problem && checks.length > 0 && checks.every(({ verdict }) => verdict === 'pass');

/** Keeps what the map and the hints need. Code that could not be loaded leaves the verdicts as they were. */
const remember = ({ lab }: Grading, result: Result, { state }: Desk): void => {
  const { checks, points, pointsMax, code, problem } = result;
  if (problem) return;
  state.update(lab.name, {
    verdicts: Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict])),
    points,
    pointsMax,
    code,
    ...(isPass(result) ? { passed: true } : {}),
  });
};

/** The verdict in words. */
export const linesOf = (
  { lab, subject }: Grading,
  result: Result,
  { state, paint }: Desk,
  watching: boolean,
): string[] =>
  feedback(result, {
    lab,
    ofWords: subject.words,
    pathOf: subject.pathOf,
    afterPass: subject.name === 'mine' ? afterPass(lab, state.progress(lab.name)) : 'npm run lab',
    watching,
    paint,
  });

/** Grades once; what is missing in the learner's folder is restored first, and the result remembered. */
export const gradeOnce = async (grader: Grader, grading: Grading, desk: Desk): Promise<Result> => {
  const mine = grading.subject.name === 'mine';
  const restored = mine ? restoreMissing(desk.places, grading.lab) : undefined;
  if (restored !== undefined) desk.note(restored);
  const result = await grader.grade();
  if (mine) remember(grading, result, desk);
  return result;
};

/** Starts the compiler beside a result that types may explain. */
export const typesBeside = ({ lab, subject }: Grading, result: Result): TypeCheck | undefined =>
  subject.folder !== undefined && wantsTypes(result) ? startTypes(lab, subject.folder) : undefined;

/** What fills the node's other layers: derived from what the kit has. */
export const otherLayers = async (lab: Lab, labs: readonly Lab[]): Promise<string[]> => {
  const { referenceLayers } = await import('#reference/layers.ts');
  const others = Object.keys(referenceLayers).filter((layer) => layer !== lab.layer);
  const why = labs.length > 1 ? '' : ', since this kit has no other lab yet';
  return hanging('with mine  ', `the reference fills ${others.join(', ')}${why}`);
};

/** Grades a lab and prints the verdict, or the result as JSON. The exit code is the result's. */
export const gradeLab = async (
  grading: Grading,
  desk: Desk,
  json: boolean,
  open: OpenGrader,
): Promise<number> => {
  const { subject } = grading;
  const grader = await open(grading);
  try {
    const result = await gradeOnce(grader, grading, desk);
    if (json) {
      desk.say(JSON.stringify(result, undefined, 2));
      return exitCodeOf(result);
    }
    desk.say(...linesOf(grading, result, desk, false));
    // The compiler takes seconds, a verdict half of one: who passed is not kept waiting; `watch` looks.
    const hasPassed = exitCodeOf(result) === EXIT.ok;
    const problem = hasPassed ? undefined : await typesBeside(grading, result)?.problem;
    if (problem) desk.say(...typeLines(problem, subject.pathOf, desk.paint));
    return exitCodeOf(result);
  } finally {
    await grader.close();
  }
};
