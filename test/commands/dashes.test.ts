/** Flags with dashes: what npm does to them, and the command that is shown instead. */
import { describe, expect, it } from 'vitest';
import { FLAGS, wordsMeant } from '#reference/commands/dashes.ts';
import { vocabulary as demoWords } from '#reference/commands/demo.ts';
import { subcommands } from '#reference/commands/node/node.ts';
import { plumbing } from '#reference/commands/node/verbs/plumbing.ts';
import { vocabulary as labWords } from '#labs/commands/request.ts';
import { vocabulary as simWords } from '#reference/commands/sim.ts';
import { vocabulary as swarmWords } from '#reference/commands/swarm.ts';
import type { Vocabulary } from '#reference/commands/words.ts';

/** What npm 11 gives a script: flags as variables, a value behind a space left among the words. */
const meant = (words: string, flags: { readonly [name: string]: string }): string | undefined =>
  wordsMeant(
    words.split(' '),
    Object.fromEntries(Object.entries(flags).map(([name, value]) => [`npm_config_${name}`, value])),
  )?.join(' ');

describe('a flag that npm took', () => {
  it.each([
    ['sim 7', { seed: 'true' }, 'sim seed 7'],
    ['sim 7 nodes 5', { seed: 'true' }, 'sim seed 7 nodes 5'],
    ['sim', { seed: '7' }, 'sim seed 7'],
    ['sim', { seed: 'true' }, 'sim seed VALUE'],
    ['sim 0.4', { loss: 'true', order: 'true' }, 'sim loss 0.4 order'],
    ['node start 1', { port: 'true' }, 'node start port 1'],
    ['node start 1 data ./alice', { port: 'true' }, 'node start port 1 data ./alice'],
    ['node start 9', { digestintervalms: 'true' }, 'node start digestIntervalMs 9'],
    ['node pay alice 10 roof', { memo: 'true' }, 'node pay alice 10 memo roof'],
    ['node status data ./a', { json: 'true' }, 'node status data ./a json'],
    ['swarm 100 4', { liars: 'true', anyway: 'true' }, 'swarm 100 liars 4 anyway'],
    ['demo', { stay: 'true' }, 'demo stay'],
    ['bench merge', { full: 'true' }, 'bench merge full'],
    ['lab 07', { watch: 'true' }, 'lab 07 watch'],
    ['lab 07 07.4', { hint: 'true' }, 'lab 07 07.4 hint'],
    ['lab 07', { json: 'true' }, 'lab 07 json'],
    ['lab', { diff: '07' }, 'lab diff 07'],
    ['lab 07', { give_up: 'true' }, 'lab 07 give-up'],
    ['lab 07 mine', { with: 'true' }, 'lab 07 with mine'],
    ['lab 07 ../x', { offline: 'true' }, 'lab 07 of ../x'],
    ['lab 07 of ../x', { watch: 'true' }, 'lab 07 of ../x watch'],
    ['lab 07', { seed: 'true' }, 'lab 07 seed VALUE'],
    ['lab 07.4-42-3a0-9f3c1b-k7', { replay: 'true' }, 'lab replay 07.4-42-3a0-9f3c1b-k7'],
  ])('%s, %o: is put back as the word that was meant', (words, flags, expected) => {
    expect(meant(words, flags)).toBe(expected);
  });

  it('is not given the value of another one', () => {
    const both = meant('node start 1 0.0.0.0', { port: 'true', host: 'true' });
    expect(both?.split(' ').sort()).toEqual(['VALUE', 'VALUE', 'host', 'node', 'port', 'start']);
  });

  it('may be any word of any command', () => {
    const vocabularies: readonly Vocabulary[] = [
      demoWords,
      simWords,
      swarmWords,
      labWords,
      plumbing.vocabulary,
      ...Object.values(subcommands).map(({ words }) => words),
    ];
    for (const vocabulary of vocabularies) {
      for (const [word, { value }] of Object.entries(vocabulary)) {
        if (word === 'verbose') continue; // npm's own: it makes npm itself talk.
        expect(FLAGS).toContain(word);
        const expected = value === undefined ? `demo ${word}` : `demo ${word} x`;
        expect(
          meant(value === undefined ? 'demo' : 'demo x', {
            [word.toLowerCase().replaceAll('-', '_')]: 'true',
          }),
        ).toBe(expected);
      }
    }
  });

  it('is seen where npm made another option of it: nobody signs who said --dry', () => {
    const typed = 'node contract run FILE worked helper=alice';
    expect(meant(typed, { dry_run: 'true' })).toBe(`${typed} dry`);
  });

  it('is not seen where there was none', () => {
    expect(meant('sim seed 7', { cache: '/x', loglevel: 'warn' })).toBeUndefined();
    expect(meant('lab 07 of ../x', { offline: 'true' })).toBeUndefined();
  });
});
