import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '#contracts/faults.ts';
import { writeFileDurably } from '#reference/host/durable-file.ts';
import { createKeyFile, readKeyFile } from '#reference/host/key-file.ts';

const SEED = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const PASSPHRASE = 'starlings at dusk';
/** The full cost takes half a second a time; one test pays it. */
const CHEAP = { passphrase: PASSPHRASE, seed: SEED, cost: 16 };

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-'));
  path = join(directory, 'node.key');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type Fields = { [name: string]: unknown };

const readFields = (): Fields => JSON.parse(readFileSync(path, 'utf8')) as Fields;

/** Writes fields with the checksum that belongs to them: whoever can write the file can do that too. */
const writeFields = ({ checksum: _, ...fields }: Fields): void => {
  const checksum = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  writeFileSync(path, JSON.stringify({ ...fields, checksum }));
};

const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  expect((error as Fault).message, 'the file is named').toContain(directory);
  return error as Fault;
};

describe('a key file', () => {
  it('gives back the seed, plain or sealed', async () => {
    expect(await createKeyFile(path, { seed: SEED })).toEqual(SEED);
    expect(await readKeyFile(path)).toEqual(SEED);
    path = join(directory, 'sealed.key');
    await createKeyFile(path, { seed: SEED, passphrase: PASSPHRASE });
    expect(await readKeyFile(path, { passphrase: PASSPHRASE })).toEqual(SEED);
    expect(readFields()).toMatchObject({ kdf: { name: 'scrypt', cost: 131_072, blockSize: 8 } });
  });

  it('draws a fresh seed unless told', async () => {
    const first = await createKeyFile(path);
    const second = await createKeyFile(join(directory, 'other.key'));
    expect(first).toHaveLength(32);
    expect(first).not.toEqual(second);
    expect(await readKeyFile(path)).toEqual(first);
  });

  it('shows neither the seed nor the passphrase when sealed, and never seals twice alike', async () => {
    await createKeyFile(path, CHEAP);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain(Buffer.from(SEED).toString('hex').slice(0, 16));
    expect(text).not.toContain(PASSPHRASE);
    const first = readFields();
    path = join(directory, 'second.key');
    await createKeyFile(path, CHEAP);
    for (const name of ['salt', 'nonce', 'sealed'])
      expect(readFields()[name]).not.toBe(first[name]);
  });

  it.skipIf(process.platform === 'win32')('is readable by its owner alone', async () => {
    await createKeyFile(path, { seed: SEED });
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  it.skipIf(process.platform === 'win32')(
    'that others may read or write is refused while it is plain, and taken once it is closed or sealed',
    async () => {
      await createKeyFile(path, { seed: SEED });
      for (const [mode, shown] of [
        [0o604, '0604'],
        [0o640, '0640'],
        [0o620, '0620'],
      ] as const) {
        chmodSync(path, mode);
        const { code, message } = await faultOf(readKeyFile(path));
        expect([code, message]).toEqual(['key_unreadable', expect.stringContaining(shown)]);
        expect(message).toContain(`chmod 600 ${path}`);
      }
      chmodSync(path, 0o400);
      expect(await readKeyFile(path)).toEqual(SEED);
      path = join(directory, 'sealed.key');
      await createKeyFile(path, { ...CHEAP, seed: SEED });
      chmodSync(path, 0o644);
      expect(await readKeyFile(path, { passphrase: PASSPHRASE })).toEqual(SEED);
    },
  );

  it('refuses a wrong or a missing passphrase, and changes nothing', async () => {
    await createKeyFile(path, CHEAP);
    const before = readFileSync(path, 'utf8');
    for (const passphrase of ['wrong', '', `${PASSPHRASE} `, undefined]) {
      const options = passphrase === undefined ? {} : { passphrase };
      expect((await faultOf(readKeyFile(path, options))).code).toBe('passphrase_wrong');
    }
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(directory)).toEqual(['node.key']);
  });

  it('takes a passphrase however the keyboard composed it', async () => {
    await createKeyFile(path, { ...CHEAP, passphrase: 'caf\u00e9' });
    expect(await readKeyFile(path, { passphrase: 'cafe\u0301' })).toEqual(SEED);
  });

  it('is never overwritten, not even by two creations at once', async () => {
    const seeds = await Promise.allSettled(
      Array.from({ length: 8 }, () => createKeyFile(path, {})),
    );
    const created = seeds.filter(({ status }) => status === 'fulfilled');
    expect(created).toHaveLength(1);
    const [only] = created as PromiseFulfilledResult<Uint8Array>[];
    expect(await readKeyFile(path)).toEqual(only!.value);
    const fault = await faultOf(createKeyFile(path, { seed: SEED }));
    expect(fault).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/never overwritten/),
    });
    expect(await readKeyFile(path)).toEqual(only!.value);
    expect(readdirSync(directory), 'a temporary file was left').toEqual(['node.key']);
  });

  it('says so where there is none', async () => {
    expect((await faultOf(readKeyFile(path))).code).toBe('key_missing');
  });

  it('refuses a seed of another length and an empty passphrase, and writes nothing', async () => {
    await expect(createKeyFile(path, { seed: SEED.slice(1) })).rejects.toThrow(/32 bytes/);
    await expect(createKeyFile(path, { passphrase: '' })).rejects.toThrow(/empty passphrase/);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('a damaged or hostile key file', () => {
  it('is told from a wrong passphrase wherever a character changed', async () => {
    for (const options of [{ seed: SEED }, CHEAP]) {
      rmSync(path, { force: true });
      await createKeyFile(path, options);
      const text = readFileSync(path, 'utf8').trimEnd();
      for (let at = 0; at < text.length; at++) {
        const other = text[at] === '0' ? '1' : '0';
        writeFileSync(path, text.slice(0, at) + other + text.slice(at + 1));
        expect((await faultOf(readKeyFile(path, CHEAP))).code, `character ${at}`).toBe(
          'key_unreadable',
        );
      }
      writeFileSync(path, text.slice(0, -20));
      expect((await faultOf(readKeyFile(path, CHEAP))).code).toBe('key_unreadable');
    }
  });

  it('cannot ask for more work or memory than our own files do', async () => {
    await createKeyFile(path, CHEAP);
    const fields = readFields();
    const kdf = fields['kdf'] as Fields;
    const costs = [2 ** 18, 2 ** 40, 3, 0, -2, 1, 1e308, '16', null];
    const hostile: Fields[] = [
      ...costs.map((cost) => ({ ...kdf, cost })),
      { ...kdf, blockSize: 1_000_000 },
      { ...kdf, parallel: 1_000_000 },
      { ...kdf, name: 'argon2id' },
      { ...kdf, more: 1 },
    ];
    const startMs = performance.now();
    for (const wanted of hostile) {
      writeFields({ ...fields, kdf: wanted });
      expect((await faultOf(readKeyFile(path, CHEAP))).code).toBe('key_unreadable');
    }
    expect(performance.now() - startMs).toBeLessThan(1_000);
    writeFields(fields);
    expect(await readKeyFile(path, CHEAP), 'the rewriting itself was the defect').toEqual(SEED);
  });

  it('is refused for each field that is not what it should be', async () => {
    await createKeyFile(path, CHEAP);
    const fields = readFields();
    const wrong: Fields[] = [
      { kind: 'murmuration/key/2' },
      { salt: 'AA'.repeat(16) },
      { salt: '' },
      { nonce: '00' },
      { sealed: '00'.repeat(47) },
      { cipher: 'none' },
      { seed: '00'.repeat(32) },
    ];
    for (const change of wrong) {
      writeFields({ ...fields, ...change });
      expect((await faultOf(readKeyFile(path, CHEAP))).code).toBe('key_unreadable');
    }
  });

  it('is refused when it is no key file at all', async () => {
    for (const text of ['', '{}', '[]', 'null', '"text"', '\0'.repeat(100), '{"checksum":1}']) {
      writeFileSync(path, text);
      expect((await faultOf(readKeyFile(path))).code).toBe('key_unreadable');
    }
    writeFileSync(path, ' '.repeat(10_000_000));
    expect(await faultOf(readKeyFile(path))).toMatchObject({
      message: expect.stringMatching(/10000000 bytes/),
    });
    rmSync(path);
    mkdirSync(path);
    expect((await faultOf(readKeyFile(path))).code).toBe('key_unreadable');
  });

  it.runIf(process.platform === 'linux')('is refused when it never ends', async () => {
    await expect(readKeyFile('/dev/zero')).rejects.toMatchObject({ code: 'key_unreadable' });
    execFileSync('mkfifo', [path]);
    const answer = await Promise.race([
      faultOf(readKeyFile(path)),
      new Promise((resolve) => setTimeout(resolve, 1_000, 'it waits for a writer')),
    ]);
    expect(answer).toMatchObject({ code: 'key_unreadable' });
  });
});

describe('a file that is written durably', () => {
  it('replaces what was there, whole, and leaves nothing beside it', async () => {
    writeFileSync(path, 'old and longer');
    await writeFileDurably(path, 'new', 0o644);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(directory)).toEqual(['node.key']);
  });

  it('leaves the old one alone, and no temporary one, when it cannot be written', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'kept'), 'kept');
    await expect(writeFileDurably(path, 'new', 0o600)).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM/);
    expect(readFileSync(join(path, 'kept'), 'utf8')).toBe('kept');
    expect(readdirSync(directory)).toEqual(['node.key']);
    await expect(writeFileDurably(join(directory, 'no', 'file'), '', 0o600)).rejects.toThrow(
      /ENOENT/,
    );
  });
});
