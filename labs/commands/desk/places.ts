/** Where everything is: the learner's files, the stub, the solution, the state. */
import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { Fault } from '#contracts/faults.ts';
import { ROOT } from '#start/built.mjs';
import type { Lab } from '../../catalog.ts';

export interface Places {
  readonly root: string;
  /** Holds the state, the attic and what a defect left behind. */
  readonly state: string;
  learners(lab: Lab): string;
  stub(lab: Lab): string;
  solution(lab: Lab): string;
}

type Environment = { readonly [name: string]: string | undefined };

/** MURMURATION_STATE and MURMURATION_LABS put a learner's belongings elsewhere: for tests. */
export const placesFor = (environment: Environment): Places => ({
  root: ROOT,
  state: resolve(ROOT, environment['MURMURATION_STATE'] ?? '.state'),
  learners: (lab) => resolve(ROOT, environment['MURMURATION_LABS'] ?? 'labs', lab.name),
  stub: (lab) => join(ROOT, 'labs', lab.name, 'stub'),
  solution: (lab) => join(ROOT, 'solutions', lab.name),
});

/** A path as people read it: from the project's root, if it is below it. */
export const shown = (root: string, path: string): string => {
  const below = relative(root, path);
  return (below.startsWith('..') || isAbsolute(below) ? path : below).replaceAll('\\', '/');
};

/** What is graded, and how it is called. */
export interface Subject {
  /** `mine`, `solution`, `reference`, or the path as it was typed. */
  readonly name: string;
  /** undefined: the reference, which is no folder of its own. */
  readonly folder: string | undefined;
  /** The words that name it in a command: ` of ../x`; '' for the learner's own. */
  readonly words: string;
  /** A graded file, as people read it. */
  pathOf(file: string): string;
}

/** A subject that is one folder. */
export type FolderSubject = Subject & { readonly folder: string };

const inFolder = (places: Places, name: string, folder: string): FolderSubject => ({
  name,
  folder,
  words: name === 'mine' ? '' : ` of ${/\s/.test(name) ? `"${name}"` : name}`,
  pathOf: (file) => `${shown(places.root, folder)}/${file}`,
});

/**
 * The folder that `of` names, the learner's own without it. npm starts us in the project's root; a path
 * counts from where the person typed it. Throws Fault `usage` if there is no such folder.
 */
export const subjectOf = (
  places: Places,
  lab: Lab,
  of: string | undefined,
  environment: Environment = process.env,
): Subject => {
  if (of === undefined) return inFolder(places, 'mine', places.learners(lab));
  if (of === 'reference') {
    const pathOf = (file: string): string => lab.reference[file] ?? file;
    return { name: of, folder: undefined, words: ' of reference', pathOf };
  }
  const folder =
    of === 'solution'
      ? places.solution(lab)
      : resolve(environment['INIT_CWD'] ?? process.cwd(), of);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Fault(
      'usage',
      of === 'solution'
        ? `this kit came without the solution of lab ${lab.number}`
        : `of: expected a folder laid out like labs/${lab.name}, got ${of}`,
    );
  }
  return inFolder(places, of, folder);
};
