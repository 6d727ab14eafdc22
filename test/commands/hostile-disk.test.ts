/** A disk that is full, a file that is no file, a home that is not ours: a node says so, and nothing is half done. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon, type Daemon } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { wordsToRun } from '#start/built.mjs';
import { cleanUp, inProcess, launch, MAIN, refusal, temporary } from '#test/support/command.ts';

let root = '';
let home = '';
let daemon: Daemon;

beforeAll(async () => {
  root = temporary();
  home = join(root, 'home');
  await inProcess('init', 'network', 'coop', 'data', home);
  daemon = await startDaemon({
    home: homeAt(home),
    layers: referenceLayers,
    settings: readSettings(),
    listen: '127.0.0.1:0',
    peers: [],
    multicast: undefined,
    logLevel: 'error',
  });
  const to = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
  for (const amount of ['0.01', '0.02', '0.03', '0.04'])
    await inProcess('pay', to, amount, 'data', home);
});
afterAll(cleanUp);
afterAll(() => daemon.stop());

describe.skipIf(process.platform === 'win32')('an export', () => {
  it('that finds no room leaves what was there, and nothing beside it', async () => {
    const file = join(mkFolder('full'), 'lines');
    writeFileSync(file, 'an older export\n');
    // What it would have to write into .state is written before it has no room.
    await wordsToRun('reference/main.ts');
    const words = [...MAIN, 'node', 'export', file, 'data', home].map((word) => `'${word}'`);
    // One kilobyte a file: the four records take about three.
    const limited = `ulimit -f 2; exec '${process.execPath}' ${words.join(' ')}`;
    expect(await launch('sh', ['-c', limited]).ended).toEqual(
      refusal(4, 'store_failed', /lines: EFBIG.*Name a file that can be written/),
    );
    expect(readFileSync(file, 'utf8')).toBe('an older export\n');
    expect(readdirSync(join(file, '..'))).toEqual(['lines']);
  });

  it('replaces a file and keeps its mode, keeps a link a link, and never takes the place of a device', async () => {
    const folder = mkFolder('places');
    const file = join(folder, 'lines');
    writeFileSync(file, 'older');
    chmodSync(file, 0o640);
    symlinkSync(file, join(folder, 'link'));
    expect((await inProcess('export', join(folder, 'link'), 'data', home)).out).toMatch(
      /^4 records/,
    );
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('640');
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5);
    symlinkSync('/dev/null', join(folder, 'null'));
    expect((await inProcess('export', join(folder, 'null'), 'data', home)).code).toBe(0);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

describe('a snapshot that cannot be written', () => {
  it('is told to whoever opens or closes a topic: it would be forgotten', async () => {
    const inTheWay = join(home, 'snapshot');
    rmSync(inTheWay, { recursive: true, force: true });
    mkdirSync(join(inTheWay, 'something'), { recursive: true });
    const words = /garden:plans is open, until the next start: .*snapshot save/;
    expect(await inProcess('open', 'garden:plans', 'data', home)).toEqual(
      refusal(4, 'store_failed', words),
    );
    // It is true meanwhile.
    expect((await inProcess('publish', 'garden:plans', 'peas', 'data', home)).code).toBe(0);
    expect(await inProcess('close', 'garden:plans', 'data', home)).toEqual(
      refusal(4, 'store_failed', /garden:plans is closed, until the next start/),
    );
    rmSync(inTheWay, { recursive: true });
    expect((await inProcess('open', 'garden:plans', 'data', home)).code).toBe(0);
    expect((await inProcess('snapshot', 'verify', 'data', home)).code).toBe(0);
  });
});

const mkFolder = (name: string): string => {
  const folder = join(root, name);
  mkdirSync(folder);
  return folder;
};
