/** Words and columns for people's eyes: what the printers of `node` share. */
import chalk from 'chalk';
import type { Json } from '#contracts/identifiers.ts';

export type Row = { readonly [name: string]: Json };
export type Printer = (value: Json) => string[];

/** What others wrote must neither move anybody's cursor nor turn the direction of a line. */
export const printable = (value: string): string =>
  value.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '?');

/** Text of a JSON scalar, printable; nothing for null. */
export const text = (value: Json | undefined): string => {
  if (value === null || value === undefined) return '';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
};

/** A record may say any number of milliseconds; a date ends with the year 275760 (ECMA-262, 21.4.1.1). */
export const time = (value: Json | undefined): string => {
  const date = new Date(Number(value));
  return Number.isNaN(date.getTime())
    ? text(value)
    : date.toISOString().slice(0, 19).replace('T', ' ');
};

/** Rows under headings, each column as wide as its widest cell; numbers to the right. */
export const table = (
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string[] => {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        /^[+-]?[\d.]+$/.test(cell) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [chalk.dim(line(headings)), ...rows.map(line)];
};

/** `0.85 good` */
export const conduct = (value: Json | undefined): string => {
  const { value: number, level } = value as Row;
  return `${text(number)} ${text(level)}`;
};

/** A line for each fact that is there. */
export const pairs = (value: Json): string[] => {
  const entries = Object.entries(value as Row).filter(([, each]) => each !== null);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, each]) => `${name.padEnd(width)}  ${text(each)}`);
};

/** `1 record`, `2 records`. */
export const counted = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;
