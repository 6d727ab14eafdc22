/** The runner beneath the grades: children that die, and the script that they run. */
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { kitOf } from '#labs/grading/kit.ts';
import { createRunner, type Runner } from '#labs/grading/runner.ts';
import type { Reply } from '#labs/grading/wire.ts';
import { CHECKPOINT, makeEmptyFolder } from './fixture/lab.ts';

const partsOf = (add: string) => ({
  script: `(function () { "use strict"; return { sum: { add: ${add} } }; })`,
  filename: 'parts-under-test.js',
});

const collect = async (runner: Runner, inputs: readonly unknown[]): Promise<readonly Reply[]> => {
  const replies: Reply[] = [];
  for await (const reply of runner.observe('01.1', inputs)) replies.push(reply);
  return replies;
};

const SUM = '(left, right) => { if (left > 9) for (;;); return left + right; }';
const observed = (total: number) => ({ kind: 'observed', observation: { total } });

describe('a runner', () => {
  it('starts a child again after one has died', async () => {
    const kit = await kitOf(CHECKPOINT);
    const runner = createRunner({ kit, limits: { replyMs: 500 } });
    try {
      expect(await runner.load(partsOf(SUM))).toBeUndefined();
      const inputs = [1, 2, 10, 3].map((left) => ({ left, right: 1 }));
      const replies = await collect(runner, inputs);
      expect(replies).toMatchObject([
        observed(2),
        observed(3),
        { kind: 'died', how: 'time', reason: 'ran for 0.5 s without an end' },
      ]);
      expect(await collect(runner, [{ left: 4, right: 1 }])).toMatchObject([observed(5)]);
    } finally {
      runner.close();
    }
  });

  it('does not blame a check for what the one before it left running', async () => {
    const kit = await kitOf(CHECKPOINT);
    const runner = createRunner({ kit, limits: { replyMs: 500 } });
    try {
      await runner.load(partsOf(SUM));
      const inputs = [1, 10].map((left) => ({ left, right: 1 }));
      for await (const reply of runner.observe('01.1', inputs)) {
        expect(reply).toMatchObject(observed(2));
        break;
      }
      expect(await collect(runner, [{ left: 5, right: 1 }])).toMatchObject([observed(6)]);
    } finally {
      runner.close();
    }
  });

  it('says when a process ended itself', async () => {
    const kit = path.join(makeEmptyFolder(), 'kit.cjs');
    const answer = 'require(\'fs\').writeSync(3, nonce + \' {"kind":"ready"}\\n\');';
    writeFileSync(
      kit,
      `let nonce; process.stdin.on('data', (data) => {
        nonce ??= String(data).split('\\n')[0]; ${answer} process.exit(0); });`,
    );
    const runner = createRunner({ kit });
    expect(await runner.load(partsOf(SUM))).toEqual({
      kind: 'died',
      how: 'ended',
      reason: 'ended the process',
    });
  });

  it('refuses a kit that does not start', async () => {
    const kit = path.join(makeEmptyFolder(), 'kit.cjs');
    writeFileSync(kit, 'process.exit(0);');
    const runner = createRunner({ kit });
    await expect(runner.load(partsOf(SUM))).rejects.toThrow('did not start: it ended the process');
  });
});

describe('the kit', () => {
  const manifestIn = (folder: string): string =>
    path.join(
      folder,
      readdirSync(folder).find((file) => file.endsWith('.json'))!,
    );

  it('is kept while what went into it is the same', async () => {
    const folder = makeEmptyFolder();
    const file = await kitOf(CHECKPOINT, folder);
    const { mtimeMs } = statSync(file);
    expect(await kitOf(CHECKPOINT, folder)).toBe(file);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
  });

  it.each([
    ['one of its files has changed', (text: string) => text.replace(/ [\d.]+"/, ' 1"')],
    [
      'one of its files is gone',
      (text: string) => text.replace('"files":{', '"files":{"no/file":"1 1",'),
    ],
    ['what is known of it is torn', (text: string) => text.slice(0, 40)],
    ['the script is gone', (text: string) => text.replace('"folder":"', '"folder":"gone.')],
  ])('is built anew if %s', async (_, spoil) => {
    const folder = makeEmptyFolder();
    const file = await kitOf(CHECKPOINT, folder);
    const manifest = manifestIn(folder);
    const text = readFileSync(manifest, 'utf8');
    expect(spoil(text)).not.toBe(text);
    writeFileSync(manifest, spoil(text));
    const again = await kitOf(CHECKPOINT, folder);
    expect(again).not.toBe(file);
    expect(readFileSync(again, 'utf8')).toBe(readFileSync(file, 'utf8'));
    expect(await kitOf(CHECKPOINT, folder)).toBe(again);
  });

  it('does not leave behind what it replaced', async () => {
    const folder = makeEmptyFolder();
    const file = await kitOf(CHECKPOINT, folder);
    utimesSync(path.dirname(file), 1, 1);
    writeFileSync(manifestIn(folder), '{}');
    await kitOf(CHECKPOINT, folder);
    expect(readdirSync(folder).filter((name) => !name.endsWith('.json'))).toHaveLength(1);
  });
});
