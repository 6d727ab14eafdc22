/** What a lab may import, and what is said of code that cannot be loaded. */
import { rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { grade } from '#labs/grading/grade.ts';
import { ROOT } from '#start/built.mjs';
import { checkOf, gradeFiles, makeFolder, RIGHT, targetOf, TERMS } from './fixture/lab.ts';

const RULE = 'a lab imports contracts and its own folder';

const importing = (line: string) => ({ 'sum.ts': `\n${line}\n${RIGHT['sum.ts']}` });

describe('imports', () => {
  it.each([
    "import '#reference/gossip/gossip.ts';",
    "import '#solutions/lab-07-gossip-sync/clock.ts';",
    "import '#labs/checkpoint.ts';",
    "import '#test/labs/grading/fixture/checkpoint.ts';",
    "import 'node:fs';",
    "import 'fs';",
    "import 'zod';",
    "import '../sum.ts';",
    "import '/etc/hostname';",
    "export * from '#reference/gossip/gossip.ts';",
    "import '#contracts/../gossip/gossip.ts';",
    `import './../${path.basename(ROOT)}/sum.ts';`,
  ])('refuses %s', async (line) => {
    const { problem } = await gradeFiles(importing(line));
    const name = /'(?<name>.*)'/.exec(line)!.groups!['name']!;
    const isGone = name.startsWith('./..');
    expect(problem).toEqual({
      kind: 'import',
      reason: isGone
        ? `sum.ts:2 imports ${name}, which is not there`
        : `sum.ts:2 imports ${name}: ${RULE}`,
      where: { file: 'sum.ts', line: 2 },
    });
  });

  it.each(["await import('node:fs');", "void import('./words.ts');", "require('node:fs');"])(
    'refuses %s',
    async (line) => {
      const { problem } = await gradeFiles(importing(`export const f = async () => { ${line} };`));
      expect(problem?.kind).toBe('import');
      expect(problem?.reason).toMatch(
        /^sum\.ts:2 loads \S+ while it runs: imports stand at the top/,
      );
    },
  );

  it('refuses a link out of the folder', async () => {
    const folder = makeFolder(importing("import './mine.ts';"));
    const target = path.join(ROOT, 'solutions/lab-07-gossip-sync/clock.ts');
    symlinkSync(target, path.join(folder, 'mine.ts'));
    const { problem } = await grade({ ...targetOf(folder), ...TERMS });
    expect(problem?.reason).toBe(`sum.ts:2 imports ./mine.ts: ${RULE}`);
  });

  it('takes contracts, the checkpoint, the own folder, and types of anything', async () => {
    const { problem, points } = await gradeFiles({
      ...importing(`import { messageOf } from '#contracts/faults.ts';
import { todo } from '#checkpoint';
import { twice } from './twice.ts';
import type { Random } from '#reference/sim/random.ts';
void [messageOf, todo, twice];`),
      'twice.ts': 'export const twice = (count: number) => 2 * count;\n',
    });
    expect([problem, points]).toEqual([undefined, 12]);
  });

  it('says which file is meant', async () => {
    const { problem } = await gradeFiles(importing("import './given';"));
    expect(problem?.reason).toBe('sum.ts:2 imports ./given, which is not there (./given.ts is)');
  });

  it('says which name is not exported', async () => {
    const { problem } = await gradeFiles(importing("import { less } from './given.ts'; less();"));
    expect(problem).toMatchObject({ kind: 'export', where: { file: 'sum.ts', line: 2 } });
    expect(problem?.reason).toBe('sum.ts:2 imports less, which given.ts does not export');
  });
});

describe('files', () => {
  it('that cannot be read', async () => {
    const { problem, checks, code } = await gradeFiles({ 'sum.ts': 'export const add = (;\n' });
    expect(problem).toMatchObject({ kind: 'syntax', where: { file: 'sum.ts', line: 1 } });
    expect(problem?.reason).toMatch(/^sum\.ts:1 cannot be read: (Unexpected|Expected)/);
    expect(checks).toHaveLength(3);
    expect(code).toMatch(/^[0-9a-f]{64}$/);
  });

  it('that wait', async () => {
    const { problem } = await gradeFiles(importing('await Promise.resolve();'));
    expect(problem?.reason).toBe('sum.ts:2 waits while it loads: a core answers at once');
  });

  it('that are missing', async () => {
    const folder = makeFolder();
    rmSync(path.join(folder, 'words.ts'));
    const { problem, points } = await grade({ ...targetOf(folder), ...TERMS });
    expect([problem, points]).toEqual([{ kind: 'import', reason: 'words.ts is not there' }, 0]);
  });

  it('without answers: what they are asked for is not written', async () => {
    const folder = makeFolder();
    rmSync(path.join(folder, 'answers.ts'));
    const result = await grade({ ...targetOf(folder), ...TERMS });
    expect(result).toMatchObject({ points: 10, pointsMax: 12 });
    expect(checkOf(result, '01.3')).toMatchObject({
      verdict: 'unfinished',
      reason: 'answers.ts is not there',
    });
  });

  it('that do not export what is asked for', async () => {
    const result = await gradeFiles({ 'sum.ts': 'export const sum = 1;\n' });
    expect(checkOf(result, '01.1').reason).toBe('sum.ts does not export add');
  });
});
