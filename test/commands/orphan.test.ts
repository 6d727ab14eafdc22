/** A node whose parent is gone before it has even read its own program: it must not stay behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createActor, NODE_ALONE } from '#reference/commands/actor.ts';
import { foundTogether } from '#reference/commands/stage.ts';
import { wordsToRun } from '#start/built.mjs';
import { cleanUp, environment, temporary } from '#test/support/command.ts';

afterAll(cleanUp);

it('ends by itself, as after a signal, where the channel closed during the start', async () => {
  const directory = join(temporary(), 'ann');
  const ann = await createActor({ name: 'ann', directory, program: NODE_ALONE, heard() {} });
  await foundTogether([ann], 'alone');
  const { file, words } = NODE_ALONE;
  const child = spawn(
    process.execPath,
    [...(await wordsToRun(file)), ...words, 'data', directory],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: environment() },
  );
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 15_000);
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.disconnect();
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(giveUp);
  expect({ code, signal, said }).toEqual({ code: 130, signal: null, said: '' });
});
