/**
 * The course says what is so: excerpts, checks, lengths, commands and runs in the pages of `modules/` and
 * of the labs are held against the code they speak of.
 *
 *   <!-- excerpt: FILE#SYMBOL -->       the fence below stands in FILE, from the declaration of SYMBOL on;
 *                                       a line `// ...` in it leaves something out
 *   <!-- played: NAMES | STEPS -->      the fence below is that run of correct nodes, in the labs' words;
 *                                       `UPDATE_COURSE=1 npx vitest run test/docs` writes it
 *   Change `FILE`: `SYMBOL` (N lines)   so long is that function in the plain solution
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { LABS } from '#labs/catalog.ts';
import type { Verb } from '#labs/checkpoint.ts';
import { readRequest } from '#labs/commands/request.ts';
import { readStep, type Name, type Step } from '#labs/world/step.ts';
import { linesOf } from '#labs/world/words.ts';
import { play } from '#labs/world/world.ts';
import { create as createGossip } from '#reference/gossip/gossip.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, ROOT), 'utf8');

const chapters = (await readdir(new URL('modules/', ROOT)))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `modules/${name}`)
  .sort();
const labPages = LABS.map(({ name }) => `labs/${name}/README.md`);
const pages = ['README.md', ...chapters, ...labPages];

const FOLDERS = ['labs', 'modules', 'reference', 'solutions', 'test'];
const filesIn = async (folder: string): Promise<string[]> => {
  const paths = await readdir(new URL(folder, ROOT), { recursive: true });
  return [folder, ...paths.map((path) => `${folder}/${path.replaceAll('\\', '/')}`)];
};
const everyFile = [...(await readdir(ROOT)), ...(await Promise.all(FOLDERS.map(filesIn))).flat()];

/** A page without its blocks of code, and without code between backticks: what is said in words. */
const proseOf = (text: string): string =>
  text
    .replace(/^```.*?^```$/gms, '')
    .replace(/^ {4}\S.*$/gm, '')
    .replace(/`[^`\n]*`/g, '');

/** Lines of code, whatever their indentation. */
const linesIn = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim());

const declarationOf = (symbol: string): RegExp =>
  new RegExp(
    `^ *(?:export )?(?:(?:const|interface|type|function) ${symbol}\\b|${symbol}(?:\\(|: ))`,
    'm',
  );

// --- Excerpts -----------------------------------------------------------------------------------------

const EXCERPT = /<!-- excerpt: (\S+)#(\S+) -->\n\n```ts\n(.*?)^```$/gms;

/** What of an excerpt does not stand in its file where it says. */
const misquoted = async (file: string, symbol: string, excerpt: string): Promise<string[]> => {
  const source = await read(file);
  const start = declarationOf(symbol).exec(source)?.index;
  if (start === undefined) return [`${file} declares no ${symbol}`];
  let rest = linesIn(source.slice(start)).join('\n');
  const wrong: string[] = [];
  for (const piece of excerpt.split(/^ *\/\/ \.\.\.\n/m)) {
    const wanted = linesIn(piece).join('\n');
    const at = `\n${rest}\n`.indexOf(`\n${wanted}\n`);
    if (at === -1) wrong.push(`${file}#${symbol}: ${piece}`);
    else rest = rest.slice(at + wanted.length);
  }
  return wrong;
};

// --- Runs ---------------------------------------------------------------------------------------------

const PLAYED = /<!-- played: ([^|]+?) \| ([^|]+?) -->\n\n```text\n.*?^```$/gms;

/** A run of correct nodes from its first step on, as the labs put it into words. */
const runOf = (names: readonly Name[], steps: readonly Step[]): string => {
  const { events } = play({ names, steps, seed: 'course' }, () => createGossip);
  const first = events.findIndex(({ on }) => on === 'step');
  return linesOf(events.slice(first))
    .map(({ atMs = 0, text }) => `t=${(atMs / 1_000).toFixed(1)} s  ${text}\n`)
    .join('');
};

/** The block as it should be, its comment included. */
const blockOf = (names: string, steps: string): string => {
  const nodes = names.split(' ') as Name[];
  const schedule = steps.split(', ') as Step[];
  const wrong = schedule.find((step) => readStep(step, nodes) === undefined);
  if (wrong !== undefined) throw new Error(`no step: ${wrong}`);
  const run = runOf(nodes, schedule);
  return `<!-- played: ${names} | ${steps} -->\n\n\`\`\`text\n${run}\`\`\``;
};

// --- Commands -----------------------------------------------------------------------------------------

/** Commands in blocks, indented blocks and between backticks, without what stands beside them. */
const commandsIn = (text: string): string[] => {
  const shown = text.match(/(?<=`)npm run [^`\n]+(?=`)|(?<=^ {4}|&& )npm run \S.*$/gm) ?? [];
  return shown.map((line) => line.split(/ {2,}/)[0]!.trim());
};

/** What is wrong with a command. */
const wrongWith = (command: string, scripts: ReadonlySet<string>): string | undefined => {
  const [script = '', ...words] = command.split(' ').slice(2);
  if (!scripts.has(script)) return `${command}: no such script`;
  if (script !== 'lab' || words.includes('LAB')) return undefined;
  try {
    readRequest(words);
    return undefined;
  } catch (error) {
    return `${command}: ${String(error)}`;
  }
};

// --- Lengths -----------------------------------------------------------------------------------------

/** Lines of a function: up to the next thing that begins no deeper than it, or an empty line. */
const lengthOf = (source = '', symbol: string): number => {
  const lines = source.slice(declarationOf(symbol).exec(source)?.index).split('\n');
  const depthOf = (line = ''): number => line.search(/\S/);
  const depth = depthOf(lines[0]);
  const next = lines.findIndex(
    (line, index) =>
      index > 0 && (depthOf(line) < depth || (depthOf(line) === depth && !/^ *[)\]}]/.test(line))),
  );
  return next === -1 ? lines.length : next;
};

describe.each(pages)('%s', async (page) => {
  let text = await read(page);
  if (process.env['UPDATE_COURSE'] !== undefined) {
    text = text.replace(PLAYED, (_, names: string, steps: string) => blockOf(names, steps));
    await writeFile(new URL(page, ROOT), text);
  }

  it('quotes code as it stands there', async () => {
    const quotes = [...text.matchAll(EXCERPT)];
    const wrong = await Promise.all(
      quotes.map(([, file = '', symbol = '', excerpt = '']) => misquoted(file, symbol, excerpt)),
    );
    expect(wrong.flat()).toEqual([]);
    expect(quotes).toHaveLength(text.match(/<!-- excerpt/g)?.length ?? 0);
    expect(quotes).toHaveLength(text.match(/^```ts$/gm)?.length ?? 0);
  });

  it('shows runs as they are', () => {
    const runs = [...text.matchAll(PLAYED)];
    for (const [block, names = '', steps = ''] of runs) expect(block).toBe(blockOf(names, steps));
    expect(runs).toHaveLength(text.match(/<!-- played/g)?.length ?? 0);
  });

  it('links to nothing and names no file that is not there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path = '']) =>
      join(dirname(page), path).replace(/\/$/, ''),
    );
    const named = [...text.matchAll(/`([\w./-]+\.(?:ts|md))`/g)].map(([, path = '']) => path);
    const isThere = (path: string): boolean =>
      everyFile.some((file) => file === path || (!path.includes('/') && file.endsWith(`/${path}`)));
    expect(links.filter((path) => !everyFile.includes(path))).toEqual([]);
    expect(named.filter((path) => !isThere(path))).toEqual([]);
  });

  it('links to headings that are there', () => {
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const anchors = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(anchors.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });

  it('shows commands that there are', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: object };
    const known = new Set(Object.keys(scripts));
    const wrong = commandsIn(text).map((command) => wrongWith(command, known));
    expect(wrong.filter((each) => each !== undefined)).toEqual([]);
  });

  it('does not tell the reader that something is easy', () => {
    const banned = /\b(?:just|simply|obvious(?:ly)?|eas(?:y|ily)|trivial(?:ly)?|of course)\b/gi;
    expect(proseOf(text).match(banned) ?? []).toEqual([]);
  });
});

describe.each(LABS)('the pages of $name', async (lab) => {
  const { checks } = await lab.checkpoint();
  const chapter = await read(lab.chapter);
  const page = await read(`labs/${lab.name}/README.md`);
  const cells = (row: string): string[] =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());

  it('the lab page lists every check with its verb, law and points', () => {
    const rows = (page.match(/^\| \d\d\.\d+ .*$/gm) ?? []).map(cells);
    const listed = rows.map(([id, verb, law, points]) => ({ id, verb, law, points }));
    expect(listed).toEqual(
      checks.map(({ id, verb, law, points }) => ({ id, verb, law, points: String(points) })),
    );
    const sum = checks.reduce((total, { points }) => total + points, 0);
    expect(page).toContain(`${sum} points`);
    expect(chapter).toContain(`${sum} points`);
  });

  it('the chapter begins with the laws', () => {
    const numbered = [...chapter.matchAll(/^(\d+)\. (.+)\. \((\d\d\.\d+)\)$/gm)];
    const laws = numbered.map(([, , law, id]) => ({ id, law }));
    const implemented = checks.filter(({ verb }) => verb === 'implement');
    expect(laws).toEqual(implemented.map(({ id, law }) => ({ id, law })));
  });

  it('the checkpoint of the chapter names every check under its verb', () => {
    const rows = (chapter.match(/^\| \*\*\w+\*\* .*$/gm) ?? []).map(cells);
    const named = rows.map(([verb, , ids = '']) => [verb?.replaceAll('*', ''), ids.split(' ')]);
    const verbs: readonly Verb[] = ['trace', 'explain', 'debug', 'implement'];
    expect(named).toEqual(
      verbs.map((verb) => [
        verb,
        checks.filter((check) => check.verb === verb).map(({ id }) => id),
      ]),
    );
  });

  it('both say how long the plain solution is', async () => {
    const listed = [...page.matchAll(/^\| `(\S+\.ts)` .*\| +(\d+) +\|$/gm)];
    const told = Object.fromEntries(listed.map(([, file = '', length]) => [file, Number(length)]));
    const texts = await Promise.all(
      [...lab.files, ...lab.given].map(
        async (file) => [file, await read(`solutions/${lab.name}/${file}`)] as const,
      ),
    );
    const lengths = texts.map(([file, source]) => [file, source.trimEnd().split('\n').length]);
    expect(told).toEqual(Object.fromEntries(lengths));

    const sources = new Map(texts);
    const tasks = [...chapter.matchAll(/Change\*\* `(\S+\.ts)`: (.*?)\.\s/gs)];
    const functions = tasks.flatMap(([, file = '', list = '']) =>
      [...list.matchAll(/`(\w+)`\s+\((\d+) lines?\)/g)].map(
        ([, symbol = '', length]) => [file, symbol, Number(length)] as const,
      ),
    );
    const wrong = functions
      .map(([file, symbol, length]) => ({
        symbol,
        length,
        is: lengthOf(sources.get(file), symbol),
      }))
      .filter(({ length, is }) => length !== is);
    expect(wrong).toEqual([]);
    expect(functions.length).toBeGreaterThan(0);
  });
});
