/**
 * Type errors in words. The loader strips types and never reads them; so when something failed, or all
 * passed, the compiler looks at the learner's files in a process of its own, after the verdict was printed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { wordsToRun } from '#start/built.mjs';
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

const CHILD = 'labs/commands/verdict/types-child.ts';

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
  let isStopped = false;
  let child: ChildProcess | undefined;
  const stop = (): void => {
    isStopped = true;
    child?.kill('SIGKILL');
  };
  const compile = async (): Promise<TypeProblem | undefined> => {
    const program = await wordsToRun(CHILD);
    // Who has no file that could be wrong is not kept waiting for a compiler.
    if (isStopped || files.length === 0) return undefined;
    process.once('exit', stop);
    return new Promise((resolve) => {
      const compiler = spawn(process.execPath, [...program, folder, ...files], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      child = compiler;
      let text = '';
      compiler.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      compiler.on('error', () => resolve(undefined));
      compiler.on('close', (code) => {
        process.off('exit', stop);
        resolve(code === 0 && text !== '' ? (JSON.parse(text) as TypeProblem) : undefined);
      });
    });
  };
  return { problem: compile(), stop };
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
