/** What is not written yet is not held against what stands on it. */
import { afterAll, describe, expect, it } from 'vitest';
import { findLab } from '#labs/catalog.ts';
import { feedback } from '#labs/commands/verdict/feedback.ts';
import { plain } from '#labs/commands/desk/layout.ts';
import { grade, stop, type Edit } from '#labs/grading/grade.ts';
import { exitCodeOf } from '#labs/grading/result.ts';

const lab = findLab('07')!;
const folder = 'solutions/lab-07-gossip-sync';

const edits: readonly Edit[] = [
  {
    file: 'gossip.ts',
    find: 'import { asJson,',
    replace: "import { todo } from '#checkpoint';\nimport { asJson,",
  },
  {
    file: 'gossip.ts',
    find: 'return [tell(peer)];\n    },\n    left',
    replace: 'return [];\n    },\n    left',
  },
  {
    file: 'gossip.ts',
    find: 'const told = few(listeners, random).map(tell);',
    replace: "const told = few(listeners, random).map(() => todo('07.7'));",
  },
];

describe('a lab of which one task is not written', () => {
  afterAll(stop);

  it('fails no check that stands on that task', async () => {
    const terms = { lab, subject: 'mine', folder, edits, seed: 'w1', ownSeed: 'w1' };
    const result = await grade(terms);
    const verdicts = Object.fromEntries(result.checks.map(({ id, verdict }) => [id, verdict]));
    expect(verdicts).toMatchObject({ '07.5': 'pass', '07.7': 'unfinished', '07.8': 'unfinished' });
    expect(result.checks.find(({ id }) => id === '07.8')).toMatchObject({ waitsFor: '07.7' });
    expect(exitCodeOf(result)).toBe(3);
    const context = {
      lab,
      ofWords: '',
      pathOf: (file: string) => file,
      afterPass: '',
      watching: false,
    };
    const text = feedback(result, { ...context, paint: plain }).join('\n');
    expect(text).toMatch(/07\.8 +waits for 07\.7/);
    expect(text).toContain('EXPECTED RED');
    expect(text).not.toContain('FAIL');
  });
});
