/** `node export` and `node import`: records as lines of a file. */
import { readFile, writeFile } from 'node:fs/promises';
import { Fault, messageOf } from '#contracts/faults.ts';
import { ask, openNode, show } from './ask.ts';
import { EXIT } from '#reference/commands/exit.ts';
import type { Home } from './home.ts';
import { common, currencyWord, said, type Subcommand } from './subcommand.ts';
import type { Spoken } from '#reference/commands/words.ts';

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
  await writeFile(file, text).catch((error: unknown) => {
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
const inLots = (lines: readonly string[]): readonly (readonly string[])[] => {
  const lots: string[][] = [[]];
  let characters = 0;
  for (const line of lines) {
    const full = characters + line.length > LOT_CHARACTERS_MAX;
    if (full || lots.at(-1)!.length >= LOT_LINES_MAX) {
      lots.push([]);
      characters = 0;
    }
    lots.at(-1)!.push(line);
    characters += line.length;
  }
  return lots;
};

const runImport = async (home: Home, spoken: Spoken): Promise<number> => {
  const file = spoken.rest[0]!;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Fault(
      'usage',
      `${file}: ${messageOf(error)}. Expected a file that "npm run node export FILE" wrote`,
    );
  });
  const node = await openNode(home);
  try {
    const total = { offered: 0, taken: 0, refused: 0, waiting: 0, missing: 0 };
    for (const lines of inLots(text.split('\n').filter((line) => line !== ''))) {
      const before = total.offered;
      const answer = await node.ask('ledger.import', {
        ...said(spoken, 'currency'),
        lines,
        before,
      });
      if (!answer.ok) return show('import', answer, spoken);
      const { offered, taken, refused, waiting, missing } = answer.value as typeof total;
      total.offered += offered;
      total.taken += taken;
      total.refused += refused;
      Object.assign(total, { waiting, missing });
    }
    return show('import', { ok: true, value: total }, spoken);
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
