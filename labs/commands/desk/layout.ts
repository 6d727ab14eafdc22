/**
 * Lines for a terminal: at most 100 columns, wrapped with a hanging indent, coloured where a person
 * looks on. Colour repeats what the words say; without it nothing is lost.
 */
import { Chalk, supportsColor } from 'chalk';
import { printable } from '#reference/commands/node/print/print.ts';

export const COLUMNS_MAX = 100;
/** Where the text of a field begins. */
const FIELD_COLUMN = 15;

type Dye = (text: string) => string;

/** What a text may be marked as. */
export interface Paint {
  readonly good: Dye;
  readonly bad: Dye;
  readonly open: Dye;
  readonly strong: Dye;
  readonly faint: Dye;
}

const same: Dye = (text) => text;

/** No colour at all. */
export const plain: Paint = { good: same, bad: same, open: same, strong: same, faint: same };

/** Colour for a terminal that shows it and a person who did not set NO_COLOR (no-color.org). */
export const paintFor = (
  stream: { readonly isTTY?: boolean },
  environment: { readonly [name: string]: string | undefined },
): Paint => {
  const level = supportsColor === false ? 0 : supportsColor.level;
  if (stream.isTTY !== true || (environment['NO_COLOR'] ?? '') !== '' || level === 0) return plain;
  const chalk = new Chalk({ level });
  return {
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red.bold(text),
    open: (text) => chalk.yellow(text),
    strong: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
  };
};

/** A word that is wider than the column is cut into pieces. */
const piecesOf = (word: string, widthMax: number): string[] =>
  word.length <= widthMax
    ? [word]
    : Array.from({ length: Math.ceil(word.length / widthMax) }, (_, index) =>
        word.slice(index * widthMax, (index + 1) * widthMax),
      );

const wrapLine = (line: string, widthMax: number): string[] => {
  const indent = /^ */.exec(line)![0].slice(0, Math.floor(widthMax / 2));
  const words = line
    .trim()
    .split(/ +/)
    .flatMap((word) => piecesOf(word, widthMax - indent.length));
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= widthMax) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(indent + word);
    }
  }
  return lines;
};

/**
 * A text in lines of at most that width; lines of its own stay apart. What exceeds `linesMax` is left
 * out, and the last line says so with three dots.
 */
export const wrap = (
  text: string,
  widthMax: number,
  linesMax = Number.POSITIVE_INFINITY,
): string[] => {
  const lines = text
    .split('\n')
    .flatMap((line) => wrapLine(printable(line.replaceAll('\t', '  ')), widthMax));
  if (lines.length <= linesMax) return lines;
  const kept = lines.slice(0, linesMax);
  const last = kept.pop() ?? '';
  const cut =
    last.length + 4 <= widthMax ? last : last.slice(0, widthMax - 3).replace(/ [^ ]*$/, '');
  return [...kept, `${cut.slice(0, widthMax - 4)} ...`];
};

/** A text that begins with something and goes on below where that ended. */
export const hanging = (lead: string, text: string, linesMax?: number): string[] =>
  wrap(text, COLUMNS_MAX - lead.length, linesMax).map(
    (line, index) => (index === 0 ? lead : ' '.repeat(lead.length)) + line,
  );

/** A named line of a report: `     saw       {ann 2}`. */
export const field = (name: string, text: string, linesMax?: number): string[] =>
  hanging(`     ${name}`.padEnd(FIELD_COLUMN), text, linesMax);

/** The last line of every output: one command. */
export const nextLine = (command: string): string => `     ${'next'.padEnd(10)}${command}`;

/** `1 check`, `2 checks`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
