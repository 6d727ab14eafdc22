/**
 * The file that makes a node itself: the 32-byte seed of its Ed25519 key.
 *
 *   {"kind":"murmuration/key/1","seed":HEX,"checksum":HEX}
 *   {"kind":"murmuration/key/1","kdf":{"name":"scrypt","cost":131072,"blockSize":8,"parallel":1},
 *    "salt":HEX,"cipher":"aes-256-gcm","nonce":HEX,"sealed":HEX,"checksum":HEX}
 *
 * Without a passphrase the seed stands there plainly and mode 0600 is its protection. With one, scrypt
 * (RFC 7914, 128 MiB, about half a second) makes a key of it and AES-256-GCM seals the seed; `sealed` ends with
 * the 16-byte tag. The checksum is SHA-256 over the JSON of the fields before it: it tells a damaged
 * file from a wrong passphrase, and keeps a flipped bit of a plain seed from making another person of
 * the owner. Against whoever can write the file it protects nothing.
 *
 * A plain seed that others may read or write is refused, as ssh does: who has copied it can sign as its owner. A
 * sealed one is taken, for file systems that know no owners. Windows has no such bits.
 *
 * Hostile files: the size, the shape and what scrypt would cost are checked before anything is computed.
 * Never overwritten: a lost seed is a lost account, so a second creation under one name is refused.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  randomBytes,
  scrypt,
  type ScryptOptions,
} from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { Fault, messageOf } from '#contracts/faults.ts';
import { writeFileDurably } from './durable-file.ts';

export interface KeyFileOptions {
  /** Seals the seed; compared after Unicode normalisation (NFC), so that keyboards may differ. */
  readonly passphrase?: string;
}

export interface CreateKeyFileOptions extends KeyFileOptions {
  /** 32 bytes; fresh random ones unless told. */
  readonly seed?: Uint8Array;
  /** Of scrypt: a power of two up to 131 072, which it is unless told. Less is for tests. */
  readonly cost?: number;
}

const KIND = 'murmuration/key/1';
const CIPHER = 'aes-256-gcm';
const SEED_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** OWASP's first recommendation for scrypt, 2023: cost 2^17 with blocks of 8 takes 128 MiB. */
const COST = 131_072;
const BLOCK_SIZE = 8;
/** Permission bits of group and others. */
const OTHERS = 0o077;
/** No key file of ours comes near. */
const FILE_BYTES_MAX = 4_096;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

const plainSchema = z.strictObject({ kind: z.literal(KIND), seed: hex(SEED_BYTES) });

const sealedSchema = z.strictObject({
  kind: z.literal(KIND),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    cost: z
      .int()
      .min(2)
      .max(COST)
      .refine((cost) => Number.isInteger(Math.log2(cost))),
    blockSize: z.literal(BLOCK_SIZE),
    parallel: z.literal(1),
  }),
  salt: hex(SALT_BYTES),
  cipher: z.literal(CIPHER),
  nonce: hex(NONCE_BYTES),
  sealed: hex(SEED_BYTES + TAG_BYTES),
});

type Sealed = z.infer<typeof sealedSchema>;

/** Writes a new key file and gives its seed. Rejects with a Fault where one is already there. */
export const createKeyFile = async (
  path: string,
  options: CreateKeyFileOptions = {},
): Promise<Uint8Array> => {
  const { passphrase, seed = new Uint8Array(randomBytes(SEED_BYTES)), cost = COST } = options;
  if (seed.byteLength !== SEED_BYTES) {
    throw new Fault('usage', `a seed has ${SEED_BYTES} bytes, this one ${seed.byteLength}`);
  }
  const fields =
    passphrase === undefined
      ? { kind: KIND, seed: Buffer.from(seed).toString('hex') }
      : await seal(seed, passphrase, cost);
  const text = `${JSON.stringify({ ...fields, checksum: checksumOf(fields) })}\n`;
  try {
    await writeFileDurably(path, text, 0o600, { replace: false });
  } catch (cause) {
    throw creationFault(path, cause);
  }
  return seed;
};

/** The seed in a key file. Rejects with `key_missing`, `key_unreadable` or `passphrase_wrong`. */
export const readKeyFile = async (
  path: string,
  { passphrase }: KeyFileOptions = {},
): Promise<Uint8Array> => {
  const { text, mode } = await readText(path);
  const fields = parse(path, text);
  if ('seed' in fields) {
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) throw exposed(path, mode);
    return new Uint8Array(Buffer.from(fields.seed, 'hex'));
  }
  if (passphrase === undefined) {
    throw new Fault('passphrase_wrong', `the key in ${path} is sealed: give its passphrase`);
  }
  return unseal(path, fields, passphrase);
};

const seal = async (seed: Uint8Array, passphrase: string, cost: number): Promise<Sealed> => {
  if (passphrase === '') {
    throw new Fault('usage', 'an empty passphrase seals nothing: give one, or leave it out');
  }
  const kdf = { name: 'scrypt', cost, blockSize: BLOCK_SIZE, parallel: 1 } as const;
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, await derive(passphrase, salt, kdf), nonce);
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  return {
    kind: KIND,
    kdf,
    salt: salt.toString('hex'),
    cipher: CIPHER,
    nonce: nonce.toString('hex'),
    sealed: sealed.toString('hex'),
  };
};

const unseal = async (path: string, fields: Sealed, passphrase: string): Promise<Uint8Array> => {
  const key = await derive(passphrase, Buffer.from(fields.salt, 'hex'), fields.kdf);
  const sealed = Buffer.from(fields.sealed, 'hex');
  const cipher = createDecipheriv(CIPHER, key, Buffer.from(fields.nonce, 'hex'));
  cipher.setAuthTag(sealed.subarray(SEED_BYTES));
  try {
    const seed = [cipher.update(sealed.subarray(0, SEED_BYTES)), cipher.final()];
    return new Uint8Array(Buffer.concat(seed));
  } catch (cause) {
    const message = `this is not the passphrase of the key in ${path}: try again`;
    throw new Fault('passphrase_wrong', message, { cause });
  }
};

const derive = (passphrase: string, salt: Uint8Array, kdf: Sealed['kdf']): Promise<Buffer> => {
  const options: ScryptOptions = {
    cost: kdf.cost,
    blockSize: kdf.blockSize,
    parallelization: kdf.parallel,
    // Twice what the largest allowed cost takes; Node's own limit is 32 MiB.
    maxmem: 256 * COST * BLOCK_SIZE,
  };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
};

const readText = async (
  path: string,
): Promise<{ readonly text: string; readonly mode: number }> => {
  try {
    // Without O_NONBLOCK a pipe would wait for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await file.stat();
      // A device or a pipe has no size and may never end.
      if (!status.isFile()) throw unreadable(path, 'it is no file');
      if (status.size > FILE_BYTES_MAX) throw unreadable(path, `it has ${status.size} bytes`);
      return { text: await file.readFile('utf8'), mode: status.mode };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Fault(
        'key_missing',
        `there is no key file ${path}: "npm run node init data ${dirname(path)}" makes one, or put a backup there`,
        { cause },
      );
    }
    throw unreadable(path, messageOf(cause), cause);
  }
};

const parse = (path: string, text: string): z.infer<typeof plainSchema> | Sealed => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, 'it is no JSON', cause);
  }
  if (typeof json !== 'object' || json === null || !('checksum' in json)) {
    throw unreadable(path, 'it has no checksum');
  }
  const { checksum, ...fields } = json;
  if (checksum !== checksumOf(fields)) throw unreadable(path, 'its checksum does not fit');
  const result = z.union([plainSchema, sealedSchema]).safeParse(fields);
  if (!result.success) throw unreadable(path, `its fields are not those of ${KIND}`, result.error);
  return result.data;
};

const checksumOf = (fields: object): string =>
  createHash('sha256').update(JSON.stringify(fields)).digest('hex');

const unreadable = (path: string, why: string, cause?: unknown): Fault =>
  new Fault(
    'key_unreadable',
    `the key file ${path} cannot be used: ${why}. Put a backup in its place`,
    { cause },
  );

const exposed = (path: string, mode: number): Fault =>
  new Fault(
    'key_unreadable',
    `the key in ${path} is open to others (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): "chmod 600 ${path}", or where that changes nothing make one with "init sealed"`,
  );

const creationFault = (path: string, cause: unknown): Fault =>
  (cause as NodeJS.ErrnoException).code === 'EEXIST'
    ? new Fault('usage', `${path} exists: a key is never overwritten; choose another name`, {
        cause,
      })
    : new Fault('key_unreadable', `the key file ${path} cannot be written: ${messageOf(cause)}`, {
        cause,
      });
