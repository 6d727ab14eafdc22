/**
 * A node's home: one directory with everything that is its own.
 *
 *   key.json       the private key, mode 0600, sealed if a passphrase was given
 *   network.json   the founding document of its cooperative
 *   store/         records and what follows from them
 *   snapshot       topics, subscriptions and clocks; snapshot.previous is the generation before
 *   control.json   while it runs: where and with which token it may be asked, mode 0600
 *   control.token  while it runs: the token alone, for Prometheus, mode 0600
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CONTENT_BYTES_MAX, type Content } from '#contracts/content.ts';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Genesis } from '#contracts/genesis.ts';
import type { Did, NetworkId } from '#contracts/identifiers.ts';
import type { Network } from '#contracts/node.ts';
import type { Signer } from '#contracts/records.ts';
import { create as createContent } from '#reference/content/content.ts';
import { writeFileDurably } from '#reference/host/durable-file.ts';
import { createKeyFile, readKeyFile } from '#reference/host/key-file.ts';
import { readRegular } from '#reference/host/regular-file.ts';
import { readNetwork } from '#reference/node/genesis.ts';
import { create as createRecords } from '#reference/records/records.ts';
import { createSigner } from '#reference/records/signer.ts';
import { askSecret } from '../prompt.ts';
import { readNamed } from '../read-input.ts';

/** What to type next where there is no network. */
const CREATE_HINT =
  'Found one with "npm run node init data DIR network NAME", or join one with "npm run node join FILE data DIR"';

export interface Home {
  readonly directory: string;
  readonly keyPath: string;
  readonly networkPath: string;
  readonly storePath: string;
  readonly snapshotPath: string;
  readonly controlPath: string;
  readonly tokenPath: string;
}

/** The directory asked for, or that of MURMURATION_DATA, or `.murmuration` here. */
export const homeAt = (asked: string | undefined): Home => {
  // An empty text would be the directory we happen to stand in.
  if (asked === '') throw new Fault('usage', 'data: expected a directory, got an empty text');
  const directory = resolve(asked ?? (process.env['MURMURATION_DATA'] || '.murmuration'));
  return {
    directory,
    keyPath: join(directory, 'key.json'),
    networkPath: join(directory, 'network.json'),
    storePath: join(directory, 'store'),
    snapshotPath: join(directory, 'snapshot'),
    controlPath: join(directory, 'control.json'),
    tokenPath: join(directory, 'control.token'),
  };
};

/** That nobody can be asked, and what to type next. */
export const notRunning = ({ directory }: Home): Fault =>
  new Fault(
    'node_not_running',
    `no node runs in ${directory}: start it with "npm run node start data ${directory}"`,
  );

/** Content and DIDs without a network: for reading the papers of one. */
export const contentLayer = (): Content => createContent();
export const publicKeyOf = (did: string) =>
  createRecords({ content: contentLayer(), network: '' as NetworkId }).publicKey(did);

/** More than anybody types. */
const PASSPHRASE_BYTES_MAX = 65_536;

/** The passphrase from MURMURATION_PASSPHRASE, or from the file that MURMURATION_PASSPHRASE_FILE names. */
export const passphrase = async (): Promise<string | undefined> => {
  const given = process.env['MURMURATION_PASSPHRASE'];
  const path = process.env['MURMURATION_PASSPHRASE_FILE'];
  if (given !== undefined || path === undefined) return given;
  const text = await readNamed(path, PASSPHRASE_BYTES_MAX).catch((error: unknown) => {
    throw new Fault('key_unreadable', `the passphrase file ${path}: ${messageOf(error)}`);
  });
  return text.toString('utf8').replace(/\r?\n$/, '');
};

/** The seed of a sealed key, with what a person types; refuses where nobody can be asked. */
const readSealed = async (home: Home): Promise<Uint8Array> => {
  const typed = await askSecret(`passphrase of the key in ${home.keyPath}: `);
  if (typed !== undefined) return readKeyFile(home.keyPath, { passphrase: typed });
  const ways = 'MURMURATION_PASSPHRASE, or in the file that MURMURATION_PASSPHRASE_FILE names';
  throw new Fault('passphrase_wrong', `the key in ${home.keyPath} is sealed: say it in ${ways}`);
};

/**
 * The home's key and its seed, for the transport. A sealed key takes its passphrase from the
 * environment, a file, or whoever sits at the terminal. Throws `key_missing`, `passphrase_wrong`,
 * `key_unreadable`.
 */
export const readIdentity = async (home: Home): Promise<{ seed: Uint8Array; signer: Signer }> => {
  const secret = await passphrase();
  const options = secret === undefined ? {} : { passphrase: secret };
  const seed = await readKeyFile(home.keyPath, options).catch((error: unknown) => {
    const sealed = error instanceof Fault && error.code === 'passphrase_wrong';
    if (!sealed || secret !== undefined) throw error;
    return readSealed(home);
  });
  return { seed, signer: createSigner(seed) };
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Not `recursive`: Node 20 then never answers where a folder exists and takes no children (/proc/1). */
const makeFolder = async (path: string): Promise<void> => {
  if (await isFolder(path)) return;
  await makeFolder(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
    if (!(await isFolder(path))) throw error; // Else somebody else has made it since.
  });
};

/** Makes the home's directory. Throws `store_failed` where none can be. */
const makeDirectory = async ({ directory }: Home): Promise<void> => {
  await makeFolder(directory).catch((error: unknown) => {
    throw new Fault(
      'store_failed',
      `${directory} cannot be a data directory (${messageOf(error)}): choose another`,
    );
  });
};

/** Asks a person twice, so that a slip of the hand does not seal a key for good. */
const newPassphrase = async (): Promise<string> => {
  const first = await askSecret('passphrase for the new key: ');
  if (first === undefined) {
    throw new Fault(
      'usage',
      '"sealed" asks for a passphrase at a terminal; elsewhere set MURMURATION_PASSPHRASE',
    );
  }
  if (first !== (await askSecret('the same again: '))) {
    throw new Fault('usage', 'the two passphrases differ: nothing was made');
  }
  return first;
};

/** Makes a key where none is; gives its DID, and whether it is new. */
export const ensureIdentity = async (
  home: Home,
  { sealed }: { readonly sealed: boolean },
): Promise<{ did: Did; created: boolean }> => {
  await makeDirectory(home);
  try {
    const { did } = (await readIdentity(home)).signer;
    if (!sealed) return { did, created: false };
    throw new Fault('usage', `${home.keyPath} is there already: "sealed" is for a new key`);
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'key_missing')) throw error;
  }
  const secret = (await passphrase()) ?? (sealed ? await newPassphrase() : undefined);
  const options = secret === undefined ? {} : { passphrase: secret };
  const seed = await createKeyFile(home.keyPath, options);
  return { did: createSigner(seed).did, created: true };
};

/** The network that a file holds. Throws `network_invalid` naming the file. */
export const networkIn = (path: string, bytes: Uint8Array): Network => {
  try {
    return readNetwork(bytes, contentLayer(), publicKeyOf);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, error.message.replace('network.json', path), { cause: error });
  }
};

/** The home's network. Throws `network_missing` with the command that mends it, or `network_invalid`. */
export const readHomeNetwork = async (home: Home): Promise<Network> => {
  const bytes = await readRegular(home.networkPath, CONTENT_BYTES_MAX).catch(
    (error: NodeJS.ErrnoException) => {
      throw new Fault(
        'network_missing',
        error.code === 'ENOENT'
          ? `no network in ${home.directory}. ${CREATE_HINT}`
          : `${home.networkPath} cannot be read (${messageOf(error)}): put a good copy in its place`,
      );
    },
  );
  return networkIn(home.networkPath, bytes);
};

/**
 * Writes a network into a home that has none. Refuses to put another in the place of one, and writes
 * nothing that could not be read again.
 */
export const writeNetwork = async (home: Home, genesis: Genesis): Promise<Network> => {
  const text = `${JSON.stringify(genesis, null, 2)}\n`;
  const network = readNetwork(Buffer.from(text), contentLayer(), publicKeyOf);
  const existing = await readRegular(home.networkPath, CONTENT_BYTES_MAX).then(
    (bytes) => bytes.toString('utf8'),
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : error.message),
  );
  if (existing === text) return network;
  if (existing !== undefined) {
    throw new Fault(
      'network_other',
      `${home.networkPath} holds something already; a node belongs to one network for good. Use another data directory`,
    );
  }
  await makeDirectory(home);
  await writeFileDurably(home.networkPath, text, 0o644).catch((error: unknown) => {
    throw new Fault('store_failed', `${home.networkPath} cannot be written: ${messageOf(error)}`);
  });
  return network;
};
