/**
 * A learner's files: restored from the stub, put into the attic, brought back.
 *
 * Nothing is ever destroyed: before a file is replaced, the whole set is copied to a folder of the attic
 * that did not exist before.
 */
import { constants, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#contracts/faults.ts';
import type { Lab } from '../catalog.ts';
import type { Desk } from './desk/desk.ts';
import { counted, nextLine } from './desk/layout.ts';
import { shown, type Places } from './desk/places.ts';
import type { Progress } from './desk/state.ts';

const namesOf = (lab: Lab): readonly string[] => [...lab.files, ...lab.given];

/** Copies the files that are there; the names of those copied. */
const copyAll = (lab: Lab, from: string, to: string, mode = 0): string[] => {
  mkdirSync(to, { recursive: true });
  const found = namesOf(lab).filter((name) => existsSync(join(from, name)));
  for (const name of found) copyFileSync(join(from, name), join(to, name), mode);
  return found;
};

/** Puts the stub's file where the learner has none; a line that says so, if there were any. */
export const restoreMissing = ({ root, learners, stub }: Places, lab: Lab): string | undefined => {
  const folder = learners(lab);
  const missing = namesOf(lab).filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return undefined;
  mkdirSync(folder, { recursive: true });
  for (const name of missing) {
    copyFileSync(join(stub(lab), name), join(folder, name), constants.COPYFILE_EXCL);
  }
  const all = missing.length === namesOf(lab).length;
  return all
    ? `${shown(root, folder)} begins with the stub: ${missing.join(', ')}`
    : `${shown(root, folder)} had no ${missing.join(', ')}: restored from the stub`;
};

const sameFile = (left: string, right: string): boolean =>
  existsSync(left) && existsSync(right) && readFileSync(left).equals(readFileSync(right));

const sameSet = (lab: Lab, left: string, right: string): boolean =>
  namesOf(lab).every((name) => sameFile(join(left, name), join(right, name)));

/** Copies the learner's files to a new folder of the attic; its number. */
const store = ({ state, learners }: Places, lab: Lab): number => {
  const attic = join(state, 'attic', lab.name);
  mkdirSync(attic, { recursive: true });
  const taken = readdirSync(attic).map(Number).filter(Number.isSafeInteger);
  const number = Math.max(0, ...taken) + 1;
  const folder = join(attic, String(number));
  // Fails if it is there: another command has taken the number in between.
  mkdirSync(folder);
  copyAll(lab, learners(lab), folder, constants.COPYFILE_EXCL);
  return number;
};

const atticOf = ({ state }: Places, lab: Lab, number: number): string =>
  join(state, 'attic', lab.name, String(number));

/**
 * What the last grading found is true of the files that leave, and not of those that are there now: it goes
 * with them, and comes back with them.
 */
const swapped = ({
  verdicts = {},
  points = 0,
  passed = false,
  aside = {},
}: Progress): Progress => ({
  verdicts: {},
  points: 0,
  passed: false,
  ...aside,
  aside: { verdicts, points, passed },
});

/** Back to the stub; the learner's files go to the attic first. */
export const reset = (lab: Lab, { places, state, say }: Desk): number => {
  const restored = restoreMissing(places, lab);
  if (restored !== undefined) say(restored);
  if (sameSet(lab, places.learners(lab), places.stub(lab))) {
    say(
      `your files of lab ${lab.number} are the stub's already`,
      nextLine(`npm run lab ${lab.number}`),
    );
    return 0;
  }
  const number = store(places, lab);
  const progress = state.progress(lab.name);
  state.update(lab.name, { attic: number, ...swapped({ ...progress, aside: {} }) });
  copyAll(lab, places.stub(lab), places.learners(lab));
  say(
    `your files of lab ${lab.number} are kept in ${shown(places.root, atticOf(places, lab, number))}; the stub is back`,
    nextLine(`npm run lab ${lab.number} undo`),
  );
  return 0;
};

/** Brings back what the last reset or undo replaced, and keeps what is replaced now. */
export const undo = (lab: Lab, { places, state, say }: Desk): number => {
  const progress = state.progress(lab.name);
  const { attic } = progress;
  if (attic === undefined || !existsSync(atticOf(places, lab, attic))) {
    throw new Fault('usage', `there is nothing to undo in lab ${lab.number}: no reset yet`);
  }
  const number = store(places, lab);
  state.update(lab.name, { attic: number, ...swapped(progress) });
  const back = copyAll(lab, atticOf(places, lab, attic), places.learners(lab));
  say(
    `${counted(back.length, 'file')} of lab ${lab.number} brought back; what was there is kept in ${shown(places.root, atticOf(places, lab, number))}`,
    `undo again swaps them back`,
    nextLine(`npm run lab ${lab.number}`),
  );
  return 0;
};
