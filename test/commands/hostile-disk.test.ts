/** A disk that is full, a file that is no file, a home that is not ours: a node says so, and nothing is half done. */
import {
  chmodSync,
  chownSync,
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
import {
  cleanUp,
  inProcess,
  launch,
  MAIN,
  refusal,
  ROOT,
  run,
  temporary,
} from '#test/support/command.ts';

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

describe.skipIf(process.platform === 'win32')('a home that may not be written', () => {
  /** To root nothing is read-only. */
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
  let theirs = '';

  beforeAll(async () => {
    theirs = join(root, 'theirs');
    await inProcess('init', 'network', 'coop', 'data', theirs);
    await inProcess('balances', 'data', theirs); // It has a store now.
    chmodSync(root, 0o755);
    const names = readdirSync(theirs, { recursive: true, encoding: 'utf8' });
    if (user) for (const name of ['', ...names]) chownSync(join(theirs, name), user.uid, user.gid);
  });
  afterAll(() => {
    for (const folder of [theirs, join(theirs, 'store')]) chmodSync(folder, 0o700);
  });

  const locks = [
    ['the whole of it', 0o500, /store cannot be opened.*who may write there/],
    ['all but its store', 0o700, /control\.json cannot be written.*who may write there/],
  ] as const;
  for (const [what, storeMode, words] of locks) {
    it(`${what}: a start says so and ends`, async ({ skip }) => {
      const look = ['-e', `require('fs').readdirSync(${JSON.stringify(ROOT)})`];
      // It may not even be allowed to run this Node.js: npx keeps one in a folder of its own user.
      const looked = await launch(process.execPath, look, { cwd: '/', user }).ended.catch(
        () => null,
      );
      if (looked?.code !== 0)
        skip('another user may not run this Node.js or not read this checkout');
      chmodSync(join(theirs, 'store'), storeMode);
      chmodSync(theirs, 0o500);
      const { code, out, err } = await run(['node', 'start', 'alone', 'data', theirs], { user });
      expect({ code, out }).toEqual({ code: 4, out: '' });
      expect(err.split('\n').at(-2)).toMatch(words);
      expect(err).toMatch(/^store_failed: /m);
    });
  }
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
