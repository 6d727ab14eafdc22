/** Where to look: the line at which a function is written. */
import type { Place } from '../checkpoint.ts';
import type { Where } from './result.ts';
import { fileOf, type Subject } from './subject.ts';

/** What a line looks like that defines a name, from the surest to the vaguest. */
const shapesOf = (name: string): readonly RegExp[] => [
  new RegExp(`\\b(?:const|let|var|function\\*?|class)\\s+${name}\\b`),
  new RegExp(`^\\s*(?:async\\s+|get\\s+|\\*\\s*)?${name}\\s*[(:]`),
  new RegExp(`(?<![.\\w$])${name}\\s*[(:]`),
];

const COMMENT = /^\s*(?:\/\/|\/?\*)/;

const lineOf = (text: string, name: string): number | undefined => {
  const lines = text.split('\n').map((line) => (COMMENT.test(line) ? '' : line));
  const escaped = name.replaceAll(/[^\w]/g, String.raw`\$&`);
  for (const shape of shapesOf(escaped)) {
    const index = lines.findIndex((line) => shape.test(line));
    if (index >= 0) return index + 1;
  }
  return undefined;
};

/** The line that defines the place's symbol; the first of its file, if none does. */
export const whereIs = (
  subject: Subject,
  texts: ReadonlyMap<string, string>,
  { file, symbol }: Place,
): Where => {
  const name = fileOf(subject, file);
  return { file: name, line: lineOf(texts.get(name) ?? '', symbol) ?? 1, symbol };
};
