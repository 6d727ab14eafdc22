/** How a command starts: as one script that is kept, by two at once, and where nothing can be kept. */
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { wordsToRun } from '#start/built.mjs';
import { cleanUp, launch, MAIN, ROOT, temporary, type Ran } from '#test/support/command.ts';

afterAll(cleanUp);

const FILE = 'test/support/throwing.ts';
/** What it says, and where it says that it failed. */
const asPlanned = {
  code: 1,
  out: 'one two\n',
  err: expect.stringMatching(/TypeError: as planned\n.*test\/support\/throwing\.ts:8:7/s) as string,
};

const run = (words: readonly string[]): Promise<Ran> =>
  launch(process.execPath, [...words, 'one', 'two']).ended;

describe('a file of the project', () => {
  it('runs as a script whose errors name the file and line that a person wrote', async () => {
    const words = await wordsToRun(FILE, temporary());
    expect(words.at(-1)).toMatch(/test\.support\.throwing\.[0-9a-f-]{36}\/program\.mjs$/);
    expect(await run(words)).toEqual(asPlanned);
    expect(await run([MAIN[0], FILE])).toEqual(asPlanned);
  });

  it('is built by two at once, and what either was given runs and is found again', async () => {
    const folder = temporary();
    const both = await Promise.all([wordsToRun(FILE, folder), wordsToRun(FILE, folder)]);
    expect(both[0]).not.toEqual(both[1]);
    for (const words of both) expect(await run(words)).toEqual(asPlanned);
    expect(both).toContainEqual(await wordsToRun(FILE, folder));
  });

  it('keeps the scripts of late children, and of many only the newest', async () => {
    const folder = temporary();
    const places: string[] = [];
    for (let serial = 0; serial < 10; serial++) {
      const place = dirname((await wordsToRun(FILE, folder)).at(-1)!);
      utimesSync(place, serial + Date.now() / 1_000 - 1_000, serial + Date.now() / 1_000 - 1_000);
      places.push(place);
      writeFileSync(join(folder, 'test.support.throwing.json'), '{}');
    }
    const kept = readdirSync(folder).filter((name) => !name.endsWith('.json'));
    expect(kept.map((name) => join(folder, name)).sort()).toEqual(places.slice(-8).sort());
  });

  it('runs through the loader where no script can be kept', async () => {
    const noFolder = join(temporary(), 'a file');
    writeFileSync(noFolder, '');
    const words = await wordsToRun(FILE, join(noFolder, 'built'));
    expect(words).toEqual(['--import', import.meta.resolve('tsx'), join(ROOT, FILE)]);
    expect(await run(words)).toEqual(asPlanned);
  });

  it('that is not there is a defect, and no reason to go on without a script', async () => {
    await expect(wordsToRun('test/support/nowhere.ts', temporary())).rejects.toThrow(/nowhere/);
    const ran = await run([MAIN[0], 'test/support/nowhere.ts']);
    expect(ran).toMatchObject({ code: 5, out: '' });
    expect(ran.err).toMatch(/^a defect of the kit: test\/support\/nowhere\.ts could not be built/);
  });
});
