/** How commands speak of the files of a learner, and of what is wrong with them. */
import type { Lab } from './catalog.ts';
import { nextLine } from './commands/layout.ts';
import { placesFor, shown } from './commands/places.ts';
import type { Where } from './grading/result.ts';

export interface Naming {
  readonly lab: Lab;
  readonly folder: string;
  /** The command that does something with them, the words of it appended: `npm run lab 07 graft`. */
  command(action?: string): string;
  pathOf(file: string): string;
}

export const namingOf = (lab: Lab, folder: string): Naming => {
  const { root, learners } = placesFor(process.env);
  const name = shown(root, folder);
  const of = folder === learners(lab) ? '' : ` of ${/\s/.test(name) ? `"${name}"` : name}`;
  return {
    lab,
    folder,
    command: (action = '') => `npm run lab ${lab.number}${action && ` ${action}`}${of}`,
    pathOf: (file) => `${name}/${file}`,
  };
};

/** Lines on standard output. */
export const print = (...lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

/** A task that nobody has written, at its line. */
export const unfinishedWords = (task: string, place: string): string =>
  `${task} is not written yet: ${place}`;

/** A complaint that begins with a file of theirs, from where people stand. */
export const placed = ({ pathOf }: Naming, reason: string, where: Where | undefined): string =>
  where && reason.startsWith(`${where.file}:`) ? pathOf(reason) : reason;

/** Says why it goes no further, and what to do; gives the exit code. */
export const fail = (naming: Naming, lines: readonly string[], code: number): number => {
  print(...lines, nextLine(naming.command()));
  return code;
};
