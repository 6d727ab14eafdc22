/** A desk without a terminal: a lab with a stub and a solution in a folder of its own. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LABS, type Lab } from '#labs/catalog.ts';
import type { Desk } from '#labs/commands/desk/desk.ts';
import { plain } from '#labs/commands/desk/layout.ts';
import { createStateFile } from '#labs/commands/desk/state.ts';

export const LAB: Lab = {
  ...LABS[0]!,
  files: ['clock.ts', 'log.ts'],
  given: ['given.ts'],
};

export interface TestDesk extends Desk {
  /** What was said since the last call. */
  said(): string;
  /** The learner's files, by name. */
  files(): { readonly [name: string]: string };
  write(name: string, text: string): void;
  remove(name: string): void;
  end(): void;
}

/** A learner who has nothing yet. */
export const openDesk = (): TestDesk => {
  const root = mkdtempSync(join(tmpdir(), 'murmuration-desk-'));
  const places = {
    root,
    state: join(root, '.state'),
    learners: () => join(root, 'mine'),
    stub: () => join(root, 'stub'),
    solution: () => join(root, 'solution'),
  };
  const names = [...LAB.files, ...LAB.given];
  for (const folder of ['stub', 'solution']) {
    mkdirSync(join(root, folder));
    for (const name of names) writeFileSync(join(root, folder, name), `// ${folder} ${name}\n`);
  }
  let lines: string[] = [];
  const path = (name: string): string => join(root, 'mine', name);
  const note = (line: string): void => void lines.push(line);
  return {
    places,
    state: createStateFile(places.state, note),
    paint: plain,
    say: (...more) => void lines.push(...more),
    note,
    clear: () => {},
    said() {
      const text = lines.join('\n');
      lines = [];
      return text;
    },
    files: () => Object.fromEntries(names.map((name) => [name, readFileSync(path(name), 'utf8')])),
    write(name, text) {
      cpSync(places.stub(), join(root, 'mine'), { recursive: true, force: false });
      writeFileSync(path(name), text);
    },
    remove: (name) => rmSync(path(name)),
    end: () => rmSync(root, { recursive: true, force: true }),
  };
};
