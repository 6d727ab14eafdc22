/**
 * What a lab may import: contracts, `#checkpoint` and its own folder. Anything else is refused with the
 * line that asks for it. And the one place that reads the files under test, where edits are made.
 */
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { OnResolveArgs, PartialMessage, Plugin } from 'esbuild';
import { ROOT } from '#start/built.mjs';
import { type Edit, isUnderTest, type Subject } from './subject.ts';

const CONTRACTS = path.join(ROOT, 'reference', 'contracts');
const CHECKPOINT = path.join(ROOT, 'labs', 'checkpoint.ts');
const RULE = 'a lab imports contracts and its own folder';

/** The words of an import that is refused; the place comes with the message. */
const refuse = (text: string) => ({
  errors: [{ text, detail: 'import' } satisfies PartialMessage],
});

const isWithin = (folder: string, file: string) => {
  const inside = path.relative(folder, file);
  return !inside.startsWith('..') && !path.isAbsolute(inside);
};

/** Where the import of a lab's file leads. */
const resolveImport = (folder: string, { path: name, kind, resolveDir }: OnResolveArgs) => {
  if (kind !== 'import-statement') {
    return refuse(`loads ${name} while it runs: imports stand at the top of a file`);
  }
  if (name === '#checkpoint') return { path: CHECKPOINT };
  const isContract = name.startsWith('#contracts/');
  if (!isContract && !name.startsWith('./')) return refuse(`imports ${name}: ${RULE}`);

  const home = isContract ? CONTRACTS : folder;
  const wanted = isContract
    ? path.join(CONTRACTS, name.slice('#contracts/'.length))
    : path.join(resolveDir, name);
  if (!existsSync(wanted)) {
    const meant = existsSync(`${wanted}.ts`) ? ` (${name}.ts is)` : '';
    return refuse(`imports ${name}, which is not there${meant}`);
  }
  // A link could lead out of the folder.
  const real = realpathSync(wanted);
  return isWithin(realpathSync(home), real) ? { path: wanted } : refuse(`imports ${name}: ${RULE}`);
};

/** The text with its edits; each says where it does not apply. */
const apply = (text: string, edits: readonly Edit[], complain: (words: string) => void): string =>
  edits.reduce((edited, { file, find, replace }) => {
    const pieces = edited.split(find);
    if (pieces.length === 2) return pieces.join(replace);
    complain(
      `an edit of ${file} does not apply: ${pieces.length - 1} times ${JSON.stringify(find)}`,
    );
    return edited;
  }, text);

export interface Reading {
  /** Texts of the files under test, edited, by their names from the base. */
  readonly texts: Map<string, string>;
  /** Edits that do not apply. */
  readonly complaints: string[];
}

/** Reads the files under test into `reading`, which the caller empties before a build. */
export const createImports = (subject: Subject, reading: Reading): Plugin => ({
  name: 'imports',
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path: file }) => {
      if (!isUnderTest(subject, file)) return undefined;
      const name = path.relative(subject.base, file).replaceAll('\\', '/');
      const text = await readFile(file, 'utf8');
      const edits = subject.edits.filter((edit) => edit.file === name);
      const edited = apply(text, edits, (words) => reading.complaints.push(words));
      reading.texts.set(name, edited);
      return { contents: edited, loader: file.endsWith('ts') ? 'ts' : 'js' };
    });
    if (subject.trusted) return;
    build.onResolve({ filter: /./ }, (request) =>
      isUnderTest(subject, request.importer) ? resolveImport(subject.base, request) : undefined,
    );
  },
});
