/**
 * A process that does nothing but save snapshots, to be killed and hindered while it does:
 *
 *   saver save DIR COUNT    the next generations, one after the other; a line each: its number when it is
 *                           durable, `failed` and the code of the cause when it is not
 *   saver full DIR          saves one, fills the disk, fails to save another, makes room, saves a third; says
 *                           after each what a load finds
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createSnapshotFile } from '#reference/host/snapshot-file.ts';
import { generationOf, snapshot, stateOf } from './snapshots.ts';

const STDOUT = 1;
const BALLAST_BYTES = 4_096;

const say = (line: string): void => void writeSync(STDOUT, `${line}\n`);

const [verb, directory = '', count = '0'] = process.argv.slice(2);
const file = createSnapshotFile({ path: join(directory, 'snapshot'), snapshot });

const found = async (): Promise<number> => {
  const loaded = await file.load();
  return loaded.ok ? generationOf(loaded.value.state) : 0;
};

const save = (generation: number): Promise<void> =>
  file.save(stateOf(generation)).then(
    () => say(String(generation)),
    ({ code, cause }: Error & { code: string }) =>
      say(`failed ${generation} ${code} ${(cause as NodeJS.ErrnoException).code}`),
  );

/** Takes what is left of the disk; gives how to return it. */
const fill = (): (() => void) => {
  const path = join(directory, 'ballast');
  const ballast = openSync(path, 'w');
  try {
    for (;;) writeSync(ballast, new Uint8Array(BALLAST_BYTES));
  } catch {
    closeSync(ballast);
  }
  return () => rmSync(path);
};

if (verb === 'save') {
  const before = await found();
  for (let next = 1; next <= Number(count); next++) await save(before + next);
} else {
  await save(1);
  const makeRoom = fill();
  await save(2);
  say(`found ${await found()}`);
  makeRoom();
  await save(3);
  say(`found ${await found()}`);
}
