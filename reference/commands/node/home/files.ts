/** `node export` and `node import`: records as lines of a file. */
import { createReadStream } from 'node:fs';
import { realpath, stat, writeFile } from 'node:fs/promises';
import { Fault, messageOf } from '#contracts/faults.ts';
import { RECORD_BYTES_MAX } from '#contracts/records.ts';
import { writeFileDurably } from '#reference/host/durable-file.ts';
import { ask, openNode, show } from '../ask.ts';
import { EXIT } from '#reference/commands/exit.ts';
import type { Home } from './home.ts';
import { readLines } from '../read-input.ts';
import { common, currencyWord, said, type Subcommand } from '../subcommand.ts';
import type { Spoken } from '#reference/commands/words.ts';

/** Permission bits of a new file, of which the system takes the umask. */
const NEW_FILE_MODE = 0o666;

/**
 * Whole or not at all: half an export on a full disk would look like one. A link stays one; a device or a
 * pipe is written to, and keeps its place.
 */
const writeExport = async (file: string, text: string): Promise<void> => {
  const path = await realpath(file).catch(() => file);
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) return writeFile(path, text);
  await writeFileDurably(path, text, there?.mode ?? NEW_FILE_MODE);
};

const runExport = async (home: Home, spoken: Spoken): Promise<number> => {
  const answer = await ask(home, 'ledger.export', said(spoken, 'currency'));
  const file = spoken.rest[0];
  if (!answer.ok || (file === undefined && spoken.values.has('json'))) {
    return show('export', answer, spoken);
  }
  const lines = answer.value as readonly string[];
  const text = lines.map((line) => `${line}\n`).join('');
  if (file === undefined) {
    process.stdout.write(text);
    return EXIT.ok;
  }
  await writeExport(file, text).catch((error: unknown) => {
    throw new Fault(
      'store_failed',
      `${file}: ${messageOf(error)}. Name a file that can be written`,
    );
  });
  return show('export', { ok: true, value: { file, records: lines.length } }, spoken);
};

/** What one request carries: far below the bound of a body, even with every quote escaped. */
const LOT_CHARACTERS_MAX = 4_194_304;
const LOT_LINES_MAX = 10_000;

/** Lines in their order, in lots that a request has room for. An empty file is one empty lot. */
async function* inLots(lines: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let lot: string[] = [];
  let characters = 0;
  let isFirst = true;
  for await (const line of lines) {
    const text = line.toString('utf8');
    if (characters + text.length > LOT_CHARACTERS_MAX || lot.length >= LOT_LINES_MAX) {
      yield lot;
      [lot, characters, isFirst] = [[], 0, false];
    }
    lot.push(text);
    characters += text.length;
  }
  if (isFirst || lot.length > 0) yield lot;
}

/** Fails at the first line that cannot be read, with what was read until then. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let number = 0;
  try {
    for await (const line of readLines(createReadStream(file), RECORD_BYTES_MAX)) {
      number += 1;
      if (line.length > RECORD_BYTES_MAX) throw new Error(`line ${number} is longer than a record`);
      yield line;
    }
  } catch (error) {
    throw new Fault(
      'usage',
      `${file}: ${messageOf(error)}. Expected a file that "npm run node export FILE" wrote`,
    );
  }
}

const runImport = async (home: Home, spoken: Spoken): Promise<number> => {
  const node = await openNode(home);
  try {
    const total = { offered: 0, taken: 0, refused: 0, waiting: 0, missing: 0 };
    const reasons = new Set<string>();
    for await (const lines of inLots(linesOf(spoken.rest[0]!))) {
      const params = { ...said(spoken, 'currency'), lines, before: total.offered };
      const answer = await node.ask('ledger.import', params);
      if (!answer.ok) return show('import', answer, spoken);
      const lot = answer.value as typeof total & { readonly reasons: readonly string[] };
      const { offered, taken, refused, waiting, missing } = lot;
      for (const reason of lot.reasons) reasons.add(reason);
      total.offered += offered;
      total.taken += taken;
      total.refused += refused;
      Object.assign(total, { waiting, missing });
    }
    return show('import', { ok: true, value: { ...total, reasons: [...reasons] } }, spoken);
  } finally {
    await node.close();
  }
};

export const exportRecords: Subcommand = {
  usage: '[FILE]',
  summary: 'canonical records in causal order, one a line',
  restMin: 0,
  restMax: 1,
  words: { ...currencyWord, ...common },
  run: runExport,
};

export const importRecords: Subcommand = {
  usage: 'FILE',
  summary: 'offers the records of an export',
  restMin: 1,
  restMax: 1,
  words: { ...currencyWord, ...common },
  run: runImport,
};
