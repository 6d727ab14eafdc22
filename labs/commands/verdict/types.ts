/**
 * Type errors in words. The loader strips types and never reads them; so when something failed, or all
 * passed, the compiler looks at the learner's files in a process of its own, after the verdict was printed.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../catalog.ts';
import type { Result } from '../../grading/result.ts';
import { hanging, type Paint } from '../desk/layout.ts';

export interface TypeProblem {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Type errors besides this one. */
  readonly others: number;
}

export interface TypeCheck {
  /** The first type error; undefined if there is none, or the compiler was stopped. */
  readonly problem: Promise<TypeProblem | undefined>;
  stop(): void;
}

const CHILD = fileURLToPath(new URL('types-child.ts', import.meta.url));

/**
 * Whether types are worth a look: something failed, and the failure does not say so itself; or all is
 * written, and a type error would be the last thing that is wrong.
 */
export const wantsTypes = ({ problem, checks }: Result): boolean => {
  if (problem) return problem.kind !== 'syntax';
  const isAny = checks.some(({ verdict }) => verdict === 'fail');
  return isAny || checks.every(({ verdict }) => verdict === 'pass');
};

/** Starts the compiler over the learner's files in that folder. */
export const startTypes = (lab: Lab, folder: string): TypeCheck => {
  const files = lab.files.filter((file) => existsSync(join(folder, file)));
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), CHILD, folder, ...files],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const problem = new Promise<TypeProblem | undefined>((resolve) => {
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => {
      process.off('exit', stop);
      resolve(code === 0 && text !== '' ? (JSON.parse(text) as TypeProblem) : undefined);
    });
  });
  return { problem, stop };
};

const LINES_MAX = 3;

/** A type error in at most three lines, and how many there are besides. */
export const typeLines = (
  { file, line, text, others }: TypeProblem,
  pathOf: (file: string) => string,
  paint: Paint,
): string[] => {
  const lead = 'type error  ';
  const first = hanging(lead, `${pathOf(file)}:${line}  ${text}`, LINES_MAX);
  const more = others === 0 ? [] : hanging(' '.repeat(lead.length), `and ${others} more`);
  const lines = [...first, ...more];
  return lines.map((each, index) =>
    index === 0 ? paint.open(lead) + each.slice(lead.length) : each,
  );
};
