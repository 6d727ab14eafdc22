/** What is graded: a folder of a learner, the solution, or the reference's reading of the same parts. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '#start/built.mjs';
import type { Lab } from '../catalog.ts';
import type { LoadProblem } from './result.ts';

/** A change to the text of one file, made in memory: a mutant is an edit of the solution. */
export interface Edit {
  /** From the subject's base: `clock.ts`. */
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** An edit whose text does not occur exactly once. */
export class EditMismatch extends Error {
  override readonly name = 'EditMismatch';
}

export interface Subject {
  /** Where its files are named from: a folder, or the project's root for the reference. */
  readonly base: string;
  /** The parts by name, `clock`, and their files from the base. */
  readonly parts: { readonly [name: string]: string };
  /** Folders whose files are under test; what they import from elsewhere is not. */
  readonly folders: readonly string[];
  /** Files in them that nobody is asked to write. */
  readonly given: readonly string[];
  /** Imports what it likes: the reference. */
  readonly trusted: boolean;
  readonly edits: readonly Edit[];
}

const ANSWERS = 'answers.ts';

const nameOf = (file: string) => file.replace(/\.ts$/, '');

/** The files of a folder; one that is missing is a problem, unless it is the answers, and so is a link. */
export const folderSubject = (
  lab: Lab,
  folder: string,
  edits: readonly Edit[] = [],
): Subject | LoadProblem => {
  if (!existsSync(folder)) return { kind: 'import', reason: 'the folder is not there' };
  const base = realpathSync(folder);
  const isThere = (file: string) => existsSync(path.join(base, file));
  const isElsewhere = (file: string) => path.dirname(realpathSync(path.join(base, file))) !== base;
  const missing = lab.files.find((file) => file !== ANSWERS && !isThere(file));
  if (missing !== undefined) return { kind: 'import', reason: `${missing} is not there` };
  const files = lab.files.filter(isThere);
  const linked = files.find(isElsewhere);
  if (linked !== undefined)
    return { kind: 'import', reason: `${linked} is a link out of the folder` };
  const parts = Object.fromEntries(files.map((file) => [nameOf(file), file]));
  return { base, parts, folders: ['.'], given: lab.given, trusted: false, edits };
};

export const referenceSubject = (lab: Lab, edits: readonly Edit[] = []): Subject => ({
  base: ROOT,
  parts: Object.fromEntries(
    Object.entries(lab.reference).map(([file, place]) => [nameOf(file), place]),
  ),
  folders: [...new Set(Object.values(lab.reference).map((place) => path.dirname(place)))],
  given: [],
  trusted: true,
  edits,
});

/** The file of a part, as the subject names it: `clock.ts` of the reference is `reference/gossip/vector-clock.ts`. */
export const fileOf = ({ parts }: Subject, file: string): string => parts[nameOf(file)] ?? file;

/** Whether a file is under test; an absolute path. */
export const isUnderTest = ({ base, folders }: Subject, file: string): boolean =>
  folders.some((folder) => {
    const inside = path.relative(path.join(base, folder), file);
    return inside !== '' && !inside.startsWith('..') && !path.isAbsolute(inside);
  });

/** SHA-256 over names and texts, in the order of the names. */
export const hashOf = (texts: ReadonlyMap<string, string>): string => {
  const sorted = [...texts].sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
};
