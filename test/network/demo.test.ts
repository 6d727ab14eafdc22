/**
 * `npm run demo`, as the README has it: it tells its story to the end, or as far as Ctrl-C lets it, and
 * leaves neither a process nor a file. It is the one test that speaks mDNS.
 */
import { readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  MAIN,
  cleanUp,
  launch,
  run,
  temporary,
  until,
  within,
  type Started,
} from '#test/support/command.ts';
import { everyDay, inLongRun } from '#test/support/depth.ts';

afterAll(cleanUp);

interface Demo extends Started {
  /** What lies in its directory for temporary files. */
  files(): readonly string[];
  /** Whether any process of its group lives. */
  alive(): boolean;
  /** Ctrl-C: the terminal tells every process of the group. */
  interrupt(): void;
}

/** What Node and its loader keep for themselves: translated sources, and from Node 22 on compiled ones of npm. */
const isLoader = (name: string): boolean =>
  name.startsWith('tsx-') || name === 'node-compile-cache';

/** Without npm in between, which answers a signal in its own way. */
const DIRECT = [process.execPath, ...MAIN, 'demo'] as const;
const NPM = ['npm', 'run', '--silent', 'demo'] as const;

const play = ([program, ...first]: readonly [string, ...string[]], ...words: string[]): Demo => {
  const directory = temporary();
  // The loader keeps what it has translated; in an empty directory every process would do it again.
  for (const name of readdirSync(tmpdir()).filter(isLoader)) {
    symlinkSync(join(tmpdir(), name), join(directory, name));
  }
  const started = launch(program, [...first, ...words], {
    env: { TMPDIR: directory },
    detached: true,
  });
  const group = -started.child.pid!;
  const tell = (signal: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(group, signal);
    } catch {
      return false; // Nobody is left to be told.
    }
  };
  return {
    ...started,
    files: () => readdirSync(directory).filter((name) => !isLoader(name)),
    alive: () => tell(0),
    interrupt: () => void tell('SIGINT'),
  };
};

const expectNothingLeft = async (demo: Demo): Promise<void> => {
  await until('the last process to end', () => !demo.alive() || undefined);
  expect(demo.files()).toEqual([]);
};

const INTERRUPTS = [
  ['for all, as a terminal tells them,', NPM, /founding document/, 'group'],
  ['for itself alone while bob comes back', DIRECT, /bob is killed/, 'self'],
] as const;

describe('npm run demo', () => {
  it('shows +7 -5 -2 on every node, ends by itself with 0, and leaves nothing behind', async () => {
    const demo = play(NPM);
    const ran = await within('the end of the demo', demo.ended);
    expect(ran).toMatchObject({ code: 0, err: '' });
    for (const name of ['alice', 'bob', 'charlie']) {
      expect(ran.out).toMatch(new RegExp(`on ${name} +\\+7\\.00 +-5\\.00 +-2\\.00 +0\\.00\\n`));
    }
    expect(ran.out.match(/all 3 agree \(\d+ ms later\)/g)).toHaveLength(3);
    expect(ran.out).toMatch(/done: nothing was lost, nothing was minted, nobody was in charge\n$/);
    await expectNothingLeft(demo);
  });

  it.each(INTERRUPTS.slice(0, everyDay(1, 2)))(
    'ends with 130 on a SIGINT %s and leaves nothing behind',
    async (_when, program, moment, target) => {
      const demo = play(program);
      await demo.said(moment);
      if (target === 'group') demo.interrupt();
      else demo.child.kill('SIGINT');
      const ran = await within('the end of an interrupted demo', demo.ended);
      expect(ran.code).toBe(130);
      expect(ran.out).not.toMatch(/done:/);
      expect(ran.err).not.toMatch(/^\s+at |defect/m);
      await expectNothingLeft(demo);
    },
  );

  inLongRun(() => {
    it('tidies up when nobody reads what it says', async () => {
      const demo = play(DIRECT);
      await demo.said(/founding document/);
      demo.child.stdout?.destroy();
      const ran = await within('the end of a demo that nobody reads', demo.ended);
      expect(ran).toMatchObject({ code: 130, err: '' });
      await expectNothingLeft(demo);
    });

    it('stays when asked to, answers meanwhile, and ends with 0 on Ctrl-C', async () => {
      const demo = play(DIRECT, 'stay');
      const [, words = ''] = await demo.said(/npm run (node balances data \S+charlie)/);
      expect(demo.alive()).toBe(true);
      const answer = await run(words.split(' '));
      expect(answer).toMatchObject({ code: 0, err: '' });
      expect(answer.out).toMatch(/sum 0\.00 hours\n$/);
      demo.interrupt();
      const ran = await within('the end of a demo that stayed', demo.ended);
      expect(ran.code).toBe(0);
      await expectNothingLeft(demo);
    });
  });

  it('wrong words start nothing', async () => {
    const demo = play(DIRECT, 'forever');
    const ran = await within('a refusal', demo.ended);
    expect(ran).toMatchObject({ code: 64, out: '' });
    expect(ran.err).toMatch(/^usage: "forever" means nothing here/);
    await expectNothingLeft(demo);
  });
});
