/**
 * What the matrix grades of a lab: stub, solution, reference, wheats and mutants.
 *
 * A wheat is correct and built otherwise than the solution; its folder holds the files that differ, and
 * the solution lends the others.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Lab } from '../catalog.ts';
import type { Mutant } from './mutant.ts';
import { ROOT } from '#start/built.mjs';

/** Where the solution of a lab is. */
export const solutionOf = ({ name }: Lab): string => path.join(ROOT, 'solutions', name);

/** Where the stub of a lab is. */
export const stubOf = ({ name }: Lab): string => path.join(ROOT, 'labs', name, 'stub');

/** The mutants of a lab, in the order in which their checks come. */
export const mutantsOf = async (lab: Lab): Promise<readonly Mutant[]> => {
  const file = pathToFileURL(path.join(solutionOf(lab), 'mutants.ts')).href;
  const { mutants } = (await import(file)) as { readonly mutants: readonly Mutant[] };
  return mutants;
};

const wheatsFolder = (lab: Lab): string => path.join(solutionOf(lab), 'wheats');

/** The names of the wheats of a lab. */
export const wheatsOf = (lab: Lab): readonly string[] =>
  existsSync(wheatsFolder(lab)) ? readdirSync(wheatsFolder(lab)).sort() : [];

/** Puts a wheat together in a folder of its own, for as long as it is used. */
export const withWheat = async <Value>(
  lab: Lab,
  wheat: string,
  use: (folder: string) => Promise<Value>,
): Promise<Value> => {
  // The real path: a temporary folder may be reached through a link.
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'wheat-')));
  try {
    for (const file of [...lab.files, ...lab.given]) {
      cpSync(path.join(solutionOf(lab), file), path.join(folder, file));
    }
    cpSync(path.join(wheatsFolder(lab), wheat), folder, { recursive: true });
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
