import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '#contracts/faults.ts';
import type { DurableStore, Write } from '#contracts/host.ts';
import { createGroupCommit } from '#reference/host/group-commit.ts';
import { openStore } from '#reference/host/level-store.ts';
import { createDisk } from '#reference/sim/disk.ts';
import { createRandom } from '#reference/sim/random.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';

/** Where stores are kept: opened again and again, as by a node that restarts. */
interface Place {
  open(): Promise<DurableStore>;
  /** Lets a promise of the store be kept. */
  settle<Value>(promise: Promise<Value>): Promise<Value>;
  remove(): void;
}

const realPlace = (): Place => {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  return {
    open: () => openStore(join(directory, 'data', 'store')),
    settle: (promise) => promise,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};

const simulatedPlace = (): Place => {
  const scheduler = createScheduler(0);
  const disk = createDisk({ scheduler, random: createRandom('stores') });
  return {
    open: async () => disk.open(),
    settle(promise) {
      while (scheduler.step());
      return promise;
    },
    remove: () => undefined,
  };
};

const entries = async (
  store: DurableStore,
  prefix = '',
): Promise<(readonly [string, string])[]> => {
  const all: (readonly [string, string])[] = [];
  for await (const entry of store.load(prefix)) all.push(entry);
  return all;
};

const keys = async (store: DurableStore, prefix = ''): Promise<string[]> =>
  (await entries(store, prefix)).map(([key]) => key);

const put = (...pairs: string[]): Write[] =>
  pairs.map((key) => ({ key, value: `value of ${key}` }));

const committed = (store: DurableStore, writes: readonly Write[]): Promise<Error | undefined> =>
  new Promise((resolve) => store.commit(writes, resolve));

for (const [name, makePlace] of [
  ['LevelDB', realPlace],
  ['the simulated disk', simulatedPlace],
] as const) {
  describe(`a store on ${name}`, () => {
    let place: Place;
    let store: DurableStore;
    const commit = async (writes: readonly Write[]): Promise<void> => {
      expect(await place.settle(committed(store, writes))).toBeUndefined();
    };

    beforeEach(async () => {
      place = makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await place.settle(store.close());
      place.remove();
    });

    it('gives back what was committed, and nothing else', async () => {
      await commit([
        { key: 'letter/ä', value: 'ö \u{1F426} \n "' },
        { key: 'letter/', value: '' },
      ]);
      expect(store.get('letter/ä')).toBe('ö \u{1F426} \n "');
      expect(store.get('letter/')).toBe('');
      for (const absent of ['letter', 'letter/a', 'ä', '\0']) {
        expect(store.get(absent)).toBeUndefined();
      }
    });

    it('shows a commit only once it is durable, and whole', async () => {
      const seen: unknown[] = [];
      const first = committed(store, put('a', 'b'));
      store.commit([{ key: 'a', value: undefined }, ...put('c')], () =>
        seen.push([store.get('a'), store.get('b'), store.get('c')]),
      );
      expect([store.get('a'), store.get('b')]).toEqual([undefined, undefined]);
      await place.settle(first);
      await commit([]);
      expect(seen).toEqual([[undefined, 'value of b', 'value of c']]);
    });

    it('commits in the order of the calls, and answers in that order', async () => {
      const answered: number[] = [];
      for (let number = 0; number < 200; number++) {
        store.commit([{ key: 'last', value: `${number}` }], () => answered.push(number));
      }
      await commit([]);
      expect(answered).toEqual([...Array(200).keys()]);
      expect(store.get('last')).toBe('199');
    });

    it('lets the later write of one commit win', async () => {
      await commit([
        { key: 'a', value: '1' },
        { key: 'a', value: undefined },
        { key: 'b', value: undefined },
        { key: 'b', value: '2' },
      ]);
      expect(await entries(store)).toEqual([['b', '2']]);
    });

    it('takes writes as they are at the call: the list may be used again', async () => {
      const writes = put('a');
      const answer = committed(store, writes);
      writes.length = 0;
      await place.settle(answer);
      expect(store.get('a')).toBe('value of a');
    });

    it('lists by prefix exactly, among keys that begin alike', async () => {
      const near = [
        'heads',
        'heads/',
        'heads/a',
        'heads/ab',
        'heads/b',
        'heads0',
        'headss',
        'head',
      ];
      const far = ['heads/\u{10FFFF}', 'heads/\u{10FFFF}\u{10FFFF}', 'heads.', '\u{10FFFF}', 'z'];
      await commit(put(...near, ...far));
      expect(await keys(store, 'heads/')).toEqual([
        'heads/',
        'heads/a',
        'heads/ab',
        'heads/b',
        'heads/\u{10FFFF}',
        'heads/\u{10FFFF}\u{10FFFF}',
      ]);
      expect(await keys(store, 'heads/a')).toEqual(['heads/a', 'heads/ab']);
      expect(await keys(store, 'headz')).toEqual([]);
      expect(await keys(store)).toHaveLength(near.length + far.length);
    });

    it('sorts by UTF-8 bytes, where UTF-16 would sort otherwise', async () => {
      const order = ['\u{7F}', 'é', '\u{FFFD}', '\u{10000}', '\u{1F426}'];
      await commit(put(...order.toReversed()));
      expect(await keys(store)).toEqual(order);
      expect([...order].sort(), 'the example shows nothing').not.toEqual(order);
    });

    it('lists as it was when the loop began', async () => {
      await commit(put('a', 'b', 'c'));
      const seen: string[] = [];
      for await (const [key] of store.load('')) {
        if (seen.length === 0) await commit([{ key: 'c', value: undefined }, ...put('d')]);
        seen.push(key);
      }
      expect(seen).toEqual(['a', 'b', 'c']);
    });

    it('deletes, and deleting what is not there is no error', async () => {
      await commit(put('a', 'ab'));
      await commit([
        { key: 'a', value: undefined },
        { key: 'nothing', value: undefined },
      ]);
      expect(await keys(store)).toEqual(['ab']);
    });

    it('keeps everything over a reopening', async () => {
      await commit(put('a', 'b'));
      await commit([{ key: 'a', value: undefined }]);
      await place.settle(store.close());
      store = await place.open();
      expect(await entries(store)).toEqual([['b', 'value of b']]);
    });

    it('waits at close for commits under way, twice over', async () => {
      const answers: unknown[] = [];
      for (const key of ['a', 'b', 'c']) store.commit(put(key), (error) => answers.push(error));
      await place.settle(Promise.all([store.close(), store.close()]));
      expect(answers).toEqual([undefined, undefined, undefined]);
      store = await place.open();
      expect(await keys(store)).toEqual(['a', 'b', 'c']);
    });

    it('answers a commit after close with a Fault, and a read by throwing one', async () => {
      await place.settle(store.close());
      const answer = await place.settle(committed(store, put('a')));
      expect(answer).toMatchObject({ code: 'store_failed' });
      expect(() => store.get('a')).toThrow(Fault);
      await expect(keys(store)).rejects.toThrow(Fault);
      store = await place.open();
      expect(await keys(store)).toEqual([]);
    });

    it('is open to one owner at a time', async () => {
      await expect(place.open()).rejects.toMatchObject({
        code: 'store_locked',
        message: expect.stringContaining('is the node'),
      });
      await commit(put('a'));
      await place.settle(store.close());
      store = await place.open();
      expect(store.get('a')).toBe('value of a');
    });
  });
}

describe('a simulated disk that fails', () => {
  const createWorld = () => {
    const scheduler = createScheduler(0);
    const disk = createDisk({ scheduler, random: createRandom('failing') });
    return { scheduler, disk };
  };

  it('keeps, wherever the crash falls, a prefix of whole commits with every answered one in it', async () => {
    const commitsOf: number[] = [];
    const untold = new Set<number>();
    for (let operation = 1; operation <= 20; operation++) {
      const { scheduler, disk } = createWorld();
      const store = disk.open();
      let answered = 0;
      disk.atOperation(operation, () => disk.crash());
      const write = (number: number): void =>
        store.commit(put(`${number}/x`, `${number}/y`), () => (answered += 1));
      for (let number = 0; number < 5; number++) {
        write(number);
        scheduler.after(number, () => write(5 + number));
      }
      while (scheduler.step());
      const found = await keys(disk.open());
      const commits = found.length / 2;
      expect(found).toEqual([...Array(commits).keys()].flatMap((n) => [`${n}/x`, `${n}/y`]));
      commitsOf.push(commits);
      untold.add(commits - answered);
    }
    expect([commitsOf[0], commitsOf[19]], 'every moment was tried').toEqual([0, 10]);
    expect(untold, 'all were told but the one at which it crashed').toEqual(new Set([0, 1]));
  });

  it('loses what was asked for and not yet durable, and calls nobody back', async () => {
    const { scheduler, disk } = createWorld();
    const store = disk.open();
    store.commit(put('a'), () => expect.unreachable());
    disk.crash();
    while (scheduler.step());
    store.commit(put('b'), () => expect.unreachable());
    while (scheduler.step());
    expect(await keys(disk.open())).toEqual([]);
  });

  it('takes nothing more after an error, until it is opened again', async () => {
    const { scheduler, disk } = createWorld();
    const store = disk.open();
    const answers: (Error | undefined)[] = [];
    const cause = new Error('no space left');
    store.commit(put('a'), (error) => answers.push(error));
    scheduler.runUntil(10);
    disk.failNext(cause);
    for (const key of ['b', 'c']) store.commit(put(key), (error) => answers.push(error));
    scheduler.runUntil(20);
    store.commit(put('d'), (error) => answers.push(error));
    scheduler.runUntil(30);
    expect(answers[0]).toBeUndefined();
    for (const answer of answers.slice(1)) {
      expect(answer).toMatchObject({ code: 'store_failed', cause });
    }
    expect(answers).toHaveLength(4);
    disk.crash();
    const next = disk.open();
    next.commit(put('e'), (error) => answers.push(error));
    scheduler.runUntil(40);
    expect([answers[4], await keys(next)]).toEqual([undefined, ['a', 'e']]);
  });

  it('refuses what no disk could give back as it was', () => {
    const store = createWorld().disk.open();
    expect(() => store.commit([{ key: 'a', value: '\uD800' }], () => undefined)).toThrow(/UTF-8/);
    expect(() => store.commit([{ key: '\uDC00', value: '' }], () => undefined)).toThrow(/UTF-8/);
  });
});

describe('group commit', () => {
  /** A disk that waits to be told. */
  const createSlowDisk = () => {
    const batches: (readonly Write[])[] = [];
    const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const group = createGroupCommit(async (writes) => {
      batches.push(writes);
      await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return { batches, waiting, group, turn };
  };

  it('gathers what comes while a batch is written, and never writes two at once', async () => {
    const { batches, waiting, group, turn } = createSlowDisk();
    const answered: string[] = [];
    const commit = (key: string): void => group.commit(put(key), () => answered.push(key));
    commit('a');
    commit('b');
    await turn();
    for (const key of ['c', 'd', 'e']) commit(key);
    await turn();
    expect([batches.length, answered]).toEqual([1, []]);
    waiting[0]!.resolve();
    await turn();
    expect(answered).toEqual(['a', 'b']);
    waiting[1]!.resolve();
    await turn();
    expect(answered).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(batches.map((batch) => batch.map(({ key }) => key))).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });

  it('writes of each key of a batch what was written last', async () => {
    const { batches, waiting, group, turn } = createSlowDisk();
    const answered: string[] = [];
    const commit = (name: string, writes: readonly Write[]): void =>
      group.commit(writes, () => answered.push(name));
    const write = (key: string, value: string | undefined): Write => ({ key, value });
    commit('one', [write('record 1', 'a'), write('balance', '1'), write('item', 'x')]);
    commit('two', [write('record 2', 'b'), write('balance', '2')]);
    commit('three', [write('item', undefined), write('balance', '3')]);
    await turn();
    waiting[0]!.resolve();
    await turn();
    expect(answered).toEqual(['one', 'two', 'three']);
    expect(batches).toEqual([
      [
        write('record 1', 'a'),
        write('balance', '3'),
        write('item', undefined),
        write('record 2', 'b'),
      ],
    ]);
  });

  it('writes nothing after a failure, and tells everybody why', async () => {
    const { batches, waiting, group, turn } = createSlowDisk();
    const answers: (Error | undefined)[] = [];
    const commit = (key: string): void => group.commit(put(key), (error) => answers.push(error));
    commit('a');
    await turn();
    commit('b');
    const cause = new Error('input/output error');
    waiting[0]!.reject(cause);
    await turn();
    commit('c');
    await turn();
    expect(batches).toHaveLength(1);
    expect(answers).toHaveLength(3);
    for (const answer of answers) expect(answer).toMatchObject({ code: 'store_failed', cause });
  });
});

describe('LevelDB in a bad place', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'store-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const store = (): string => join(directory, 'store');

  const filled = async (): Promise<void> => {
    const opened = await openStore(store());
    await committed(opened, put('a'));
    await opened.close();
  };

  const damage = (prefix: string): void => {
    const name = readdirSync(store()).find((file) => file.startsWith(prefix))!;
    writeFileSync(join(store(), name), 'damaged beyond repair');
  };

  const cases: readonly [string, RegExp, () => Promise<string> | string][] = [
    [
      'a file in its place',
      /a file is in the way/,
      () => {
        writeFileSync(store(), '');
        return store();
      },
    ],
    [
      'a file above it',
      /a file is in the way/,
      () => {
        writeFileSync(store(), '');
        return join(store(), 'deeper');
      },
    ],
    [
      'a lock that cannot be written',
      /look at the disk and at who may write there/,
      () => {
        // A root user may write anywhere; a folder in the place of a file stops even root.
        mkdirSync(join(store(), 'LOCK'), { recursive: true });
        return store();
      },
    ],
    [
      'a damaged MANIFEST',
      /files are damaged: put a backup/,
      async () => {
        await filled();
        damage('MANIFEST');
        return store();
      },
    ],
    [
      'a damaged CURRENT',
      /files are damaged: put a backup/,
      async () => {
        await filled();
        damage('CURRENT');
        return store();
      },
    ],
  ];
  for (const [what, message, prepare] of cases) {
    it(`answers ${what} with a Fault that says what to do`, async () => {
      const path = await prepare();
      const fault = await openStore(path).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(Fault);
      expect(fault).toMatchObject({ code: 'store_failed', cause: expect.any(Error) });
      const sentence = (fault as Fault).message;
      expect(sentence).toMatch(message);
      expect(sentence).toContain(path);
      expect(sentence).not.toMatch(/\n|\[object/);
    });
  }

  it.runIf(process.platform === 'linux')('answers a folder that takes no children', async () => {
    await expect(openStore('/proc/murmuration/store')).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('choose another data directory'),
    });
  });

  it('holds, after kill -9 in the middle of writing, every answered commit and no half one', async () => {
    const url = import.meta.resolve('#reference/host/level-store.ts');
    const program = `
      const { openStore } = await import(${JSON.stringify(url)});
      const store = await openStore(${JSON.stringify(store())});
      let number = 0;
      const next = () => {
        const mine = number++;
        const writes = ['x', 'y', 'z'].map((part) => ({ key: mine + '/' + part, value: 'v'.repeat(300) }));
        store.commit(writes, () => { process.stdout.write(mine + '\\n'); next(); });
      };
      for (let writer = 0; writer < 8; writer++) next();`;
    const child = spawn(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program,
    ]);
    const answered: string[] = [];
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    await new Promise<void>((resolve) => {
      let rest = '';
      child.stdout.on('data', (text: Buffer) => {
        const lines = (rest + text.toString()).split('\n');
        rest = lines.pop()!;
        answered.push(...lines);
        if (answered.length > 300) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    expect(errors).toBe('');
    expect(answered.length).toBeGreaterThan(300);
    const opened = await openStore(store());
    const found = new Set(await keys(opened));
    for (const number of answered) expect(found).toContain(`${number}/x`);
    for (const key of found) {
      for (const part of ['x', 'y', 'z']) expect(found).toContain(key.replace(/.$/, part));
    }
    await opened.close();
  });
});
