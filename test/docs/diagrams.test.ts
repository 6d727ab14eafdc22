/** Diagrams in the pages: what can be told of them without a browser. `npm run docs` draws them. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const TYPE =
  /^(?:sequenceDiagram|flowchart (?:TB|TD|BT|LR|RL)|stateDiagram-v2|classDiagram|gantt)$/;

const chapters = (await readdir(new URL('modules/', ROOT))).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'manual.md', ...chapters.map((name) => `modules/${name}`)];

describe.each(pages)('the diagrams of %s', async (page) => {
  const text = await readFile(new URL(page, ROOT), 'utf8');
  const blocks = [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const lines = blocks.map((block) => block.trimEnd().split('\n'));

  it('are all closed, so that all are drawn', () => {
    expect(blocks).toHaveLength(text.match(/^ *```mermaid/gm)?.length ?? 0);
  });

  it('begin with a known type and say in words what they show', () => {
    for (const [type = '', title = ''] of lines) {
      expect(type).toMatch(TYPE);
      expect(title).toMatch(/^ *accTitle: \S/);
    }
  });

  it('have no semicolon, which mermaid takes for the end of a line', () => {
    expect(lines.flat().filter((line) => line.includes(';'))).toEqual([]);
  });

  it('have no hash between actors, where mermaid takes it for the begin of a comment', () => {
    const sequences = lines.filter(([type]) => type === 'sequenceDiagram');
    expect(sequences.flat().filter((line) => line.includes('#'))).toEqual([]);
  });
});
