/**
 * The gossipsub of libp2p on a load of ours: a program in `.bench/`, with packages of its own, which are
 * installed when they are asked for, so that `npm ci` at the root does not pay for them.
 */
import { exec, execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf } from '#contracts/faults.ts';

const FOLDER = fileURLToPath(new URL('../../.bench', import.meta.url));
/** 200 nodes need a minute or two to meet on a machine that others use too. */
const RUN_MS_MAX = 400_000;
const INSTALL_MS_MAX = 180_000;
const OUTPUT_BYTES_MAX = 16 * 1_048_576;

export interface Load {
  /** Whom each node dials. */
  readonly neighbours: readonly (readonly number[])[];
  readonly entries: number;
  readonly bytes: number;
  readonly everyMs: number;
  readonly tailMs: number;
}

/** What `.bench/gossipsub.mjs` prints. */
export interface Delivered {
  readonly messages: number;
  readonly copies: number;
  readonly bytes: number;
  /** Entries that came to every node. */
  readonly everywhere: number;
  readonly hops: readonly number[];
  readonly spansMs: readonly number[];
}

const writtenMs = async (file: string): Promise<number | undefined> =>
  (await stat(`${FOLDER}/${file}`).catch(() => undefined))?.mtimeMs;

/** Installs the packages unless they are there. Gives the reason if they cannot be had. */
export const installGossipsub = async (): Promise<string | undefined> => {
  const installedMs = await writtenMs('node_modules/.package-lock.json');
  const lockedMs = await writtenMs('package-lock.json');
  if (installedMs !== undefined && lockedMs !== undefined && installedMs >= lockedMs) return;
  console.error('delivery: npm ci --prefix .bench installs libp2p, to compare with; 36 MB, once');
  try {
    await promisify(exec)(`npm ci --prefix "${FOLDER}"`, { timeout: INSTALL_MS_MAX });
    return undefined;
  } catch (error) {
    return messageOf(error).split('\n')[0];
  }
};

/** undefined where it did not end in its time: a machine too busy for it. Says so. No time: not begun. */
export const runGossipsub = async (load: Load, leftMs: number): Promise<Delivered | undefined> => {
  const msMax = Math.min(RUN_MS_MAX, Math.floor(leftMs));
  if (msMax <= 0) return undefined;
  const words = [`${FOLDER}/gossipsub.mjs`, JSON.stringify(load)];
  try {
    const options = { timeout: msMax, maxBuffer: OUTPUT_BYTES_MAX };
    const { stdout } = await promisify(execFile)(process.execPath, words, options);
    return JSON.parse(stdout) as Delivered;
  } catch (error) {
    if (!(error instanceof Error && 'killed' in error && error.killed)) throw error;
    const nodes = load.neighbours.length;
    console.error(
      `delivery: gossipsub with ${nodes} nodes took more than ${Math.round(msMax / 1_000)} s`,
    );
    return undefined;
  }
};
