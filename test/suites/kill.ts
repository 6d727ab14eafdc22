/**
 * Rounds of writing and killing: a node writes as fast as it can, SIGKILL comes at a random moment, and
 * what is left is opened, recomputed and held against what the node had promised.
 *
 * One store lives through many rounds, and through the rounds of its successors nothing of it changes.
 * The next writers load their modules while one writes and while its store is checked.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordId } from '#contracts/identifiers.ts';
import type { EntryLine, SignedRecord } from '#contracts/records.ts';
import { openOffline } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { createRandom } from '#reference/sim/random.ts';
import { wordsToRun } from '#start/built.mjs';
import { inProcess, until, within } from '#test/support/command.ts';

export interface KillOptions {
  readonly rounds: number;
  /** Rounds that one store lives through. */
  readonly roundsPerStore: number;
  /** Of the moments. */
  readonly seed: string;
  /** An empty directory. */
  readonly directory: string;
}

export interface KillReport {
  readonly rounds: number;
  /** Entries that were promised. */
  readonly acknowledged: number;
  /** Entries that were there without a promise. */
  readonly unpromised: number;
  /** What broke, a line each; empty is good. */
  readonly problems: readonly string[];
}

const WRITER = await wordsToRun('test/support/writer.ts');
/** Payments that a writer has under way at a time: what a kill may leave unanswered. */
const UNDER_WAY_MAX = 8;
const TOPIC = 'ledger:hours';
const STRANGER = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';
const MOMENT_MS = [5, 300] as const;

/** A writer whose modules are loading; it waits for its directory. */
const spawnWriter = (): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [...WRITER, String(UNDER_WAY_MAX)]);

/** Lets it write until `momentMs` after its first promise, kills it, and gives what it had promised. */
const writeAndKill = async (
  writer: ChildProcessWithoutNullStreams,
  directory: string,
  momentMs: number,
): Promise<readonly RecordId[]> => {
  let [out, err] = ['', ''];
  writer.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  writer.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const closed = once(writer, 'close');
  writer.stdin.write(`${directory}\n`);
  await until('the first promise of a writer', () => {
    if (writer.exitCode !== null) throw new Error(`the writer ended by itself: ${err}`);
    return out.includes('\n') || undefined;
  });
  await sleep(momentMs);
  writer.kill('SIGKILL');
  await within('a killed writer to end', closed);
  if (writer.signalCode !== 'SIGKILL') throw new Error(`the writer ended by itself: ${err}`);
  // A line that the kill cut off promised nothing.
  return out.split('\n').slice(0, -1) as RecordId[];
};

/** Everything that must be true of a store after a kill; gives its records and what is not true. */
const inspect = async (
  directory: string,
  promised: ReadonlySet<RecordId>,
): Promise<{ readonly records: number; readonly problems: string[] }> => {
  const node = await openOffline(homeAt(directory), referenceLayers, readSettings());
  try {
    const run = node.verify();
    let step = run.next();
    while (step.done !== true) step = run.next();
    const problems = step.value.map((problem) => `verify: ${problem}`);

    const records = [...node.exported(TOPIC)].map((line) => JSON.parse(line) as SignedRecord);
    const held = new Set(records.map(({ id }) => id));
    for (const id of promised) if (!held.has(id)) problems.push(`${id} was promised and is lost`);
    for (const [index, { id, sequence, previous }] of records.entries()) {
      const expected = records[index - 1]?.id ?? null;
      if (sequence === index + 1 && previous === expected) continue;
      problems.push(`${id} has number ${sequence} after ${previous} at place ${index + 1}`);
    }
    for (const [account, balance] of node.balances(TOPIC)) {
      const sum = records
        .flatMap(({ body }) => (body as { readonly accounts: readonly EntryLine[] }).accounts)
        .filter((line) => line.account === account)
        .reduce(
          (total, { debit = '0', credit = '0' }) => total + BigInt(debit) - BigInt(credit),
          0n,
        );
      if (sum !== balance) problems.push(`${account} has ${balance}, its entries make ${sum}`);
    }
    return { records: records.length, problems };
  } finally {
    await node.stop();
  }
};

const found = async (directory: string): Promise<void> => {
  const credit = ['baseline', '1000000', 'cap', '1000000'];
  const members = ['name', 'me', 'members', `you=${STRANGER}`];
  const ran = await inProcess('init', 'network', 'kill', ...members, ...credit, 'data', directory);
  if (ran.code !== 0) throw new Error(ran.err);
};

/** Plays the rounds; stops at the first that breaks something. */
export const killRounds = async (options: KillOptions): Promise<KillReport> => {
  const random = createRandom(options.seed);
  const [min, max] = MOMENT_MS;
  let promised = new Set<RecordId>();
  let directory = '';
  let [acknowledged, unpromised, before] = [0, 0, 0];
  const writers = [spawnWriter(), spawnWriter()];
  try {
    for (let round = 0; round < options.rounds; round++) {
      if (round % options.roundsPerStore === 0) {
        if (directory !== '') rmSync(directory, { recursive: true });
        directory = join(options.directory, `store-${round}`);
        promised = new Set();
        before = 0;
        await found(directory);
      }
      const momentMs = min + random.next() * (max - min);
      const writer = writers.shift() ?? spawnWriter();
      const told = await writeAndKill(writer, directory, momentMs);
      if (round + 2 < options.rounds) writers.push(spawnWriter());
      for (const id of told) promised.add(id);
      const { records, problems } = await inspect(directory, promised);
      const silent = records - before - told.length;
      if (silent < 0 || silent > UNDER_WAY_MAX) {
        problems.push(`${records - before} new entries for ${told.length} promises`);
      }
      acknowledged += told.length;
      unpromised += silent;
      before = records;
      if (problems.length > 0) {
        const where = `seed ${options.seed}, round ${round + 1}, killed after ${momentMs.toFixed(1)} ms`;
        return {
          rounds: round + 1,
          acknowledged,
          unpromised,
          problems: problems.map((problem) => `${where}: ${problem}`),
        };
      }
    }
    return { rounds: options.rounds, acknowledged, unpromised, problems: [] };
  } finally {
    for (const writer of writers) writer.kill('SIGKILL');
  }
};
