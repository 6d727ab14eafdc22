/** How commands speak of the files of a learner, and of what is wrong with them. */
import type { Lab } from './catalog.ts';
import { nextLine } from './commands/desk/layout.ts';
import type { FolderSubject } from './commands/desk/places.ts';
import type { Where } from './grading/result.ts';

/** Whose files of which lab. */
export interface Naming {
  readonly lab: Lab;
  readonly subject: FolderSubject;
}

/** The command that does something with them: `npm run lab 07 graft of ../x`. */
export const commandOf = ({ lab, subject }: Naming, action = ''): string =>
  `npm run lab ${lab.number}${action && ` ${action}`}${subject.words}`;

/** Lines on standard output. */
export const print = (...lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};

/** A task that nobody has written, at its line. */
export const unfinishedWords = (task: string, place: string): string =>
  `${task} is not written yet: ${place}`;

/** A complaint that begins with a file of theirs, from where people stand. */
export const placed = ({ subject }: Naming, reason: string, where: Where | undefined): string =>
  where && reason.startsWith(`${where.file}:`) ? subject.pathOf(reason) : reason;

/** Says why it goes no further, and what to do; gives the exit code. */
export const fail = (naming: Naming, lines: readonly string[], code: number): number => {
  print(...lines, nextLine(commandOf(naming)));
  return code;
};
