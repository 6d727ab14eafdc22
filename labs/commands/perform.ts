/** Does what a request asks for. Everything that costs time to load is loaded here, when it is needed. */
import { Fault } from '#contracts/faults.ts';
import { describeWords } from '#reference/commands/words.ts';
import { LABS, findLab, type Lab } from '../catalog.ts';
import type { Desk } from './desk/desk.ts';
import type { Grading } from './verdict/grader.ts';
import { nextLine } from './desk/layout.ts';
import { subjectOf, type FolderSubject, type Subject } from './desk/places.ts';
import { vocabulary, type Request } from './request.ts';

const help = ({ say }: Desk): number => {
  say(
    'npm run lab [LAB] [WORDS]: grades a lab of yours; without a lab, the map.',
    '',
    ...describeWords(vocabulary),
    '',
    'Exit code 0: every check passed. 1: one failed. 3: still a stub. 4: this machine cannot run it.',
    '5: a defect of the kit. 64: wrong words.',
    nextLine('npm run lab'),
  );
  return 0;
};

/** The reference is spread over the node: what wants a folder cannot have it. */
const withFolder = (subject: Subject, action: string): FolderSubject => {
  const { folder } = subject;
  if (folder === undefined) {
    throw new Fault(
      'usage',
      `"${action}" wants a folder, and the reference is no folder of its own`,
    );
  }
  return { ...subject, folder };
};

const NOBODY = 'nobody';

/** Code of somebody else is graded with this learner's chance, if there is any: nothing is recorded. */
const gradingOf = async (lab: Lab, request: Request, desk: Desk): Promise<Grading> => {
  const { seedFor } = await import('./verdict/grader.ts');
  const subject = subjectOf(desk.places, lab, request.of);
  const ownSeed =
    subject.name === 'mine' ? desk.state.ownSeed() : (desk.state.read().ownSeed ?? NOBODY);
  const seed = request.seed ?? seedFor(ownSeed, lab);
  return { lab, subject, seed, ownSeed, debug: request.action === 'debug' };
};

const grade = async (lab: Lab, request: Request, desk: Desk): Promise<number> => {
  const { gradeLab, otherLayers } = await import('./grade-lab.ts');
  const { openGrader } = await import('./verdict/open-grader.ts');
  const grading = await gradingOf(lab, request, desk);
  if (request.withMine) {
    for (const line of await otherLayers(lab, LABS)) desk.note(line);
  }
  if (grading.debug) desk.note('the inspector waits: open chrome://inspect, or attach your editor');
  if (request.action !== 'watch') return gradeLab(grading, desk, request.json, openGrader);
  const { watch } = await import('./watch.ts');
  const subject = withFolder(grading.subject, 'watch');
  return watch({ ...grading, subject }, desk, openGrader);
};

const replay = async (request: Request, desk: Desk): Promise<number> => {
  const { readToken } = await import('../grading/token.ts');
  const { replay } = await import('../grading/replay.ts');
  const { sourceOf } = await import('./verdict/open-grader.ts');
  const { holds, printReplay } = await import('./replay.ts');
  const token = request.token ?? '';
  const { check } = readToken(token);
  const lab = findLab(check.slice(0, 2));
  if (!lab || (request.lab && request.lab !== lab)) {
    throw new Fault(
      'usage',
      `this token is of check ${check}, and not of a lab that was asked for`,
    );
  }
  const grading = await gradingOf(lab, request, desk);
  const { name, words, pathOf } = grading.subject;
  const found = await replay(token, {
    lab,
    subject: name,
    ownSeed: grading.ownSeed,
    ...sourceOf(grading.subject),
  });
  const again = `npm run lab ${lab.number}${words}`;
  const next = holds(found) || words !== '' ? again : `${again} hint ${check}`;
  return printReplay(found, { pathOf, next, paint: desk.paint }, desk, request.json);
};

const versus = async (
  lab: Lab,
  subject: FolderSubject,
  seed: string | undefined,
  { state }: Desk,
): Promise<number> => {
  const { versus } = await import('../versus.ts');
  const { afterPass } = await import('./map.ts');
  const next = subject.name === 'mine' ? afterPass(lab, state.progress(lab.name)) : undefined;
  return versus({ lab, subject }, seed, next);
};

/** The real node with this layer: a pass of it is remembered, so that the map goes on to what comes next. */
const graft = async (
  lab: Lab,
  subject: FolderSubject,
  words: readonly string[],
  { state }: Desk,
): Promise<number> => {
  const { graft } = await import('../graft.ts');
  const code = await graft({ lab, subject }, words);
  if (code === 0 && subject.name === 'mine') state.update(lab.name, { grafted: true });
  return code;
};

/** Everything that is done to one lab. */
const performOn = async (lab: Lab, request: Request, desk: Desk): Promise<number> => {
  const { action, of, check, words } = request;
  const subject = (): Subject => subjectOf(desk.places, lab, of);
  switch (action) {
    case 'reset':
      return (await import('./files.ts')).reset(lab, desk);
    case 'undo':
      return (await import('./files.ts')).undo(lab, desk);
    case 'diff':
      return (await import('./diff.ts')).diff(lab, withFolder(subject(), action), desk);
    case 'hint':
      return (await import('./hints.ts')).hint(lab, check, desk);
    case 'case':
      return (await import('./case.ts')).showCase(
        await gradingOf(lab, request, desk),
        request,
        desk,
      );
    case 'give-up':
      return (await import('./hints.ts')).giveUp(lab, desk);
    case 'versus':
      return versus(lab, withFolder(subject(), action), request.seed, desk);
    case 'graft':
      return graft(lab, withFolder(subject(), action), words, desk);
    default:
      return grade(lab, request, desk);
  }
};

/** Does it, and gives the exit code. */
export const perform = async (request: Request, desk: Desk): Promise<number> => {
  const { action, lab, json } = request;
  if (action === 'help') return help(desk);
  if (action === 'replay') return replay(request, desk);
  if (action === 'map' || lab === undefined) return (await import('./map.ts')).map(desk, json);
  return performOn(lab, request, desk);
};
