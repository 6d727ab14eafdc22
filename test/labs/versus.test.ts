/** Two layers in lockstep: the correct ones show no difference, the wrong ones a small one. */
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { solutionOf, stubOf, wheatsOf, withWheat } from '#labs/matrix/field.ts';
import { withLoaded } from '#labs/grading/with-loaded.ts';
import { placesFor, subjectOf, type FolderSubject } from '#labs/commands/desk/places.ts';
import { versus } from '#labs/versus.ts';
import { lockstep } from '#labs/versus/lockstep.ts';
import { drawBouts } from '#labs/versus/schedules.ts';
import { everyDay } from '#test/support/depth.ts';
import { LAB, layOut, ownFolder, RECEIVE_LINE, type Variant } from './variants.ts';

/** Runs the command; gives what it said. */
const run = async (folder: string, seed?: string) => {
  const said: string[] = [];
  const subject = subjectOf(placesFor({}), LAB, folder, {}) as FolderSubject;
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  const code = await versus({ lab: LAB, subject }, seed).finally(() => write.mockRestore());
  return { code, lines: said.join('').trimEnd().split('\n') };
};

const folders: string[] = [];
const variant = (name: Variant): string => {
  const folder = ownFolder();
  folders.push(folder);
  return layOut(folder, name);
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('versus', () => {
  it('finds no difference in the solution, and says what was compared and what it took', async () => {
    const { code, lines } = await run(solutionOf(LAB), 'another');
    expect(lines).toEqual([
      expect.stringMatching(/^lab 07 .*: no difference in \d+ schedules, at \d{3} points$/),
      expect.stringMatching(/^ {5}messages {2}reference \d+, yours \d+$/),
      expect.stringMatching(/^ {5}copies {4}reference \d+, yours \d+: /),
      expect.stringMatching(/^ {5}next {6}npm run lab 07 graft of /),
    ]);
    expect(code).toBe(0);
  });

  it.each(everyDay(wheatsOf(LAB).slice(0, 1), wheatsOf(LAB)))(
    'finds no difference in what is correct and built otherwise: %s',
    (wheat) =>
      withWheat(LAB, wheat, async (folder) => {
        const target = {
          lab: LAB,
          subject: wheat,
          folder,
          checkpoint: 'labs/versus/checkpoint.ts',
        };
        const bouts = drawBouts(wheat).filter((_, index) => index % 3 === 0);
        const found = await withLoaded(target, (loaded) => lockstep(loaded, bouts));
        expect(found).toMatchObject({ ok: true, value: { kind: 'equal', bouts: bouts.length } });
      }),
  );

  it('shows the smallest schedule, both sides of each node, and what came before', async () => {
    const { code, lines } = await run(variant('never pulls'));
    const text = lines.join('\n');
    expect(lines[0]).toBe('lab 07 versus the reference: they differ');
    expect(lines[1]).toBe('     schedule  part ann ben, write ann, meet ann ben');
    expect(lines[2]).toBe('     point     3 s after "meet ann ben"');
    expect(text).toContain('ben       reference says {ann 1}\n               yours says {}\n');
    expect(text).toContain('s  ann tells ben that it holds {ann 1}\n');
    expect(lines.at(-1)).toMatch(/^ {5}next {6}npm run lab 07 of /);
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(code).toBe(1);
  });

  it.each([
    ['throws in receive', `gossip.ts:${RECEIVE_LINE + 1} throws TypeError: no announcements`],
    ['loops for ever', 'this ran for 2 s without an end'],
  ] as const)('says of one that %s in which schedule', async (name, words) => {
    const { code, lines } = await run(variant(name));
    expect(lines[1]).toBe('     schedule  write ann');
    expect(lines.slice(2).join(' ').replaceAll(/\s+/g, ' ')).toContain(words);
    expect(code).toBe(1);
  });

  it('refuses a stub with the task that it lacks', async () => {
    const { code, lines } = await run(stubOf(LAB));
    expect(lines[0]).toMatch(
      /^07\.\d is not written yet: labs\/lab-07-gossip-sync\/stub\/\w+\.ts:\d+$/,
    );
    expect(code).toBe(3);
  });
});
