/** The manual and the code say the same. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { manualTables } from '#test/support/manual-tables.ts';

const MANUAL = new URL('../../manual.md', import.meta.url);

const block = (name: string, body: string): string =>
  `<!-- from the code: ${name} -->\n\n${body}\n\n<!-- end -->`;

const placeOf = (name: string): RegExp =>
  new RegExp(`<!-- from the code: ${name} -->[\\s\\S]*?<!-- end -->`);

/** Tables are compared cell by cell: a formatter may pad them. */
const unpadded = (text: string): string =>
  text
    .replace(/ {2,}/g, ' ')
    .replace(/-{3,}/g, '---')
    .split('\n')
    .map((line) => line.trim())
    .join('\n');

const isRow = (line: string): boolean => line.startsWith('|');

describe('the manual', async () => {
  let manual = await readFile(MANUAL, 'utf8');
  if (process.env['UPDATE_MANUAL'] !== undefined) {
    for (const [name, make] of Object.entries(manualTables)) {
      manual = manual.replace(placeOf(name), () => block(name, make()));
    }
    await writeFile(MANUAL, manual);
  }

  it.each(Object.keys(manualTables))('shows the %s as the code has them', (name) => {
    const shown = placeOf(name).exec(manual)?.[0] ?? `no place for "${name}"`;
    expect(unpadded(shown)).toBe(unpadded(block(name, manualTables[name]!())));
  });

  it('gives a reason for every package the node depends on', async () => {
    const file = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { dependencies, devDependencies } = JSON.parse(file) as {
      readonly [kind: string]: { readonly [name: string]: string };
    };
    const packages = [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})];
    const unexplained = packages.filter((name) => !manual.includes(`| \`${name}\``));
    expect(unexplained).toEqual([]);
  });

  it('has no table twice: every row of a table begins differently', () => {
    const tables = manual.split(/\n(?!\|)/).map((part) => part.split('\n').filter(isRow));
    const twice = tables.flatMap((rows) => {
      const firsts = rows.map((row) => row.split('|')[1]!.trim());
      return firsts.filter((first, index) => first !== '' && firsts.indexOf(first) < index);
    });
    expect(twice).toEqual([]);
  });

  it.each(['README.md', 'manual.md'])('%s links to nothing that is not there', async (name) => {
    const text = await readFile(new URL(`../../${name}`, import.meta.url), 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path!);
    const files = await Promise.all(
      targets.map((path) =>
        readFile(new URL(`../../${path}`, import.meta.url)).then(
          () => undefined,
          () => path,
        ),
      ),
    );
    expect(files.filter((path) => path !== undefined)).toEqual([]);
  });
});
