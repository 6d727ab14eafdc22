/** The learner's files beside the stub's, or beside the solution's once that is open. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Lab } from '../catalog.ts';
import type { Desk } from './desk/desk.ts';
import { restoreMissing } from './files.ts';
import { nextLine, plain } from './desk/layout.ts';
import { shown, type Subject } from './desk/places.ts';

/** What git says about itself. */
const NOISE = /^(?:diff --git|index ) ?/;

/** Exit code 0 whether they differ or not; 4 where there is no git. */
export const diff = (lab: Lab, subject: Subject & { folder: string }, desk: Desk): number => {
  const { places, state, say, paint } = desk;
  const mine = subject.name === 'mine';
  const restored = mine ? restoreMissing(places, lab) : undefined;
  if (restored !== undefined) say(restored);
  const { passed = false, gaveUp = false } = state.progress(lab.name);
  const earned = mine && (passed || gaveUp);
  const open = earned && existsSync(places.solution(lab));
  if (earned && !open)
    say('the solutions are not in this copy of the kit: here is the stub instead');
  const [before, after] = open
    ? [subject.folder, places.solution(lab)]
    : [places.stub(lab), subject.folder];
  say(
    open
      ? paint.strong(`- your lines   + the solution's lines (${shown(places.root, after)})`)
      : paint.strong(`- the stub's lines   + the lines in ${shown(places.root, after)}`),
  );
  let differing = 0;
  for (const file of lab.files) {
    const pair = [join(before, file), join(after, file)];
    if (!pair.every((path) => existsSync(path))) continue;
    const { stdout, status, error } = spawnSync(
      'git',
      [
        'diff',
        '--no-index',
        '--no-ext-diff',
        `--color=${paint === plain ? 'never' : 'always'}`,
        '--',
        ...pair.map((path) => shown(places.root, path)),
      ],
      { cwd: places.root, encoding: 'utf8' },
    );
    if (error || (status ?? 2) > 1) {
      say('diff needs git, and it does not run here: install it from https://git-scm.com');
      say(nextLine('npm run lab'));
      return 4;
    }
    if (status === 1) differing += 1;
    const lines = stdout.trimEnd().split('\n');
    if (stdout !== '') say(...lines.filter((line) => !NOISE.test(stripVTControlCharacters(line))));
  }
  if (differing === 0) say('no difference');
  say(nextLine(`npm run lab ${lab.number}${subject.words}`));
  return 0;
};
