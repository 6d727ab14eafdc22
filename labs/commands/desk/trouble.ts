/** What a command says when it cannot do what was asked: one sentence, one next command, an exit code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, messageOf } from '#contracts/faults.ts';
import { EXIT, exitOf } from '#reference/commands/exit.ts';
import { printable } from '#reference/commands/node/print/print.ts';
import { nextLine } from './layout.ts';
import { shown, type Places } from './places.ts';

/** Keeps what the kit's authors need; where, or nothing if the disk refuses. */
const keepReport = ({ state, root }: Places, typed: readonly string[], error: unknown) => {
  const path = join(state, 'defect.txt');
  const stack = error instanceof Error ? error.stack : String(error);
  const lines = [`npm run lab ${typed.join(' ')}`, `Node ${process.versions.node}`, String(stack)];
  try {
    mkdirSync(state, { recursive: true });
    writeFileSync(path, `${lines.join('\n')}\n`);
    return shown(root, path);
  } catch {
    return undefined;
  }
};

const defectSentence = (places: Places, typed: readonly string[], error: unknown): string => {
  const [message = ''] = printable(messageOf(error).split('\n')[0]!).split('\n');
  const report = keepReport(places, typed, error);
  const what = report === undefined ? 'this line and what you typed' : report;
  return `a defect of the kit: ${message}; please report ${what}`;
};

/** What is written where, and the exit code. */
export interface Trouble {
  readonly out: readonly string[];
  readonly err: readonly string[];
  readonly code: number;
}

/** An error in words, or as JSON. */
export const troubleOf = (error: unknown, places: Places, typed: readonly string[]): Trouble => {
  const known = error instanceof Fault;
  const status = known ? error.code : 'defect';
  const code = known ? exitOf(status) : EXIT.defect;
  const sentence = known
    ? `${status}: ${printable(error.message)}`
    : defectSentence(places, typed, error);
  if (typed.includes('json')) {
    const reason = known ? error.message : sentence;
    return { out: [JSON.stringify({ ok: false, status, reason })], err: [], code };
  }
  // A sentence that ends with a command says already what to do.
  const command = status === 'usage' ? 'npm run lab help' : 'npm run lab';
  const next = sentence.includes('npm run ') ? [] : [nextLine(command)];
  return { out: [], err: [sentence, ...next], code };
};
