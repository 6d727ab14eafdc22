/**
 * `merge`: how long a node takes to open, judge, fold and store entries that come in batches.
 *
 * The limit does what no node can leave out: the same writes, batch by batch, in a store of its own,
 * and one check of each signature. Batches alternate, one by the node and one bare, so that both have
 * the same weather. Whether the cost of an entry stays flat is read off the total time after 1 000,
 * 3 162, 10 000 ... entries: the exponent is 1 where it does.
 */
import type { Json } from '#contracts/identifiers.ts';
import { BATCH_MAX } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { AUTHORS, TOPIC, foundCooperative, signEntries, type Cooperative } from './cooperative.ts';
import { exponentOf, median, timed, timedAsync } from './measure.ts';
import type { Bench, Figure } from './report.ts';
import { commitDurably, openNode, openStore, withFolder } from './rig.ts';

/** Where the total time is read; the last of them is the size of the run. */
const SIZES = [1_000, 3_162, 10_000, 31_623, 100_000];
const QUICK_MAX = 10_000;
/** A flat cost a record has exponent 1; this leaves room for a tree or two that grows as log n. */
const EXPONENT_MAX = 1.1;

interface Spent {
  /** Milliseconds until as many entries as in SIZES were merged. */
  readonly nodeMs: number[];
  readonly writesMs: number[];
  readonly checksMs: number[];
}

const batchesOf = (entries: readonly SignedRecord[]): SignedRecord[][] =>
  Array.from({ length: Math.ceil(entries.length / BATCH_MAX) }, (_, index) =>
    entries.slice(index * BATCH_MAX, (index + 1) * BATCH_MAX),
  );

/** Entries as they would come out of a frame: nobody shares objects with whoever made them. */
const claimsOf = (batch: readonly SignedRecord[]): Json[] =>
  JSON.parse(JSON.stringify(batch)) as Json[];

const messageOf = ({ id }: SignedRecord): Uint8Array =>
  new TextEncoder().encode(`icn/v1/record:${id}`);

/** Every signature of a batch, once. */
const check = ({ records }: Cooperative, batch: readonly SignedRecord[]): void => {
  for (const record of batch) {
    const signature = Buffer.from(record.signature, 'base64url');
    if (!records.verify(record.author, messageOf(record), signature)) throw new Error(record.id);
  }
};

/** One run over all entries, from an empty store. */
const mergeOnce = (cooperative: Cooperative, entries: readonly SignedRecord[]): Promise<Spent> =>
  withFolder(async (folder) => {
    const { node, store } = await openNode({ cooperative, member: 0, folder: `${folder}/node` });
    const bare = await openStore(`${folder}/bare`);
    const spent: Spent = { nodeMs: [], writesMs: [], checksMs: [] };
    let [nodeMs, writesMs, checksMs, merged] = [0, 0, 0, 0];
    store.taken();
    for (const batch of batchesOf(entries)) {
      const claims = claimsOf(batch);
      nodeMs += await timedAsync(() => node.imported(TOPIC, claims));
      const commits = store.taken();
      checksMs += timed(() => check(cooperative, batch));
      writesMs += await timedAsync(async () => {
        for (const writes of commits) await commitDurably(bare, writes);
      });
      merged += batch.length;
      if (merged < SIZES[spent.nodeMs.length]!) continue;
      spent.nodeMs.push(nodeMs);
      spent.writesMs.push(writesMs);
      spent.checksMs.push(checksMs);
    }
    const held = node.knowledge(TOPIC).count;
    if (held !== entries.length) throw new Error(`${held} of ${entries.length} entries are held`);
    await Promise.all([node.stop(), bare.close()]);
    return spent;
  });

const figuresOf = (runs: readonly Spent[], sizes: readonly number[]): Figure[] => {
  const at = (name: keyof Spent, index: number): number =>
    median(runs.map((spent) => spent[name][index]!));
  const limitAt = (index: number): number =>
    median(runs.map(({ writesMs, checksMs }) => writesMs[index]! + checksMs[index]!));
  const last = sizes.length - 1;
  const total = sizes[last]!;
  return [
    ...sizes.map((size, index): Figure => ({
      name: `the first ${size} entries, each`,
      value: at('nodeMs', index) / size,
      unit: 'ms',
      limit: limitAt(index) / size,
      ...(index === last ? { timesMax: 1.5 } : {}),
    })),
    { name: 'limit: store writes, each', value: at('writesMs', last) / total, unit: 'ms' },
    { name: 'limit: signature check, each', value: at('checksMs', last) / total, unit: 'ms' },
    {
      name: 'exponent of total time by entries',
      value: exponentOf(sizes.map((size, index) => [size, at('nodeMs', index)])),
      unit: '',
      limit: exponentOf(sizes.map((size, index) => [size, limitAt(index)])),
      valueMax: EXPONENT_MAX,
    },
  ];
};

export const merge: Bench = {
  summary: 'valid entries merged in batches into a real store; the word full takes 100 000',
  async run({ full }) {
    const sizes = SIZES.filter((size) => full || size <= QUICK_MAX);
    const repetitions = full ? 3 : 5;
    const cooperative = foundCooperative(AUTHORS);
    const entries = signEntries(cooperative, sizes.at(-1)!);
    await mergeOnce(cooperative, entries.slice(0, SIZES[1])); // Compiled by now.
    const runs: Spent[] = [];
    for (let count = 0; count < repetitions; count++)
      runs.push(await mergeOnce(cooperative, entries));
    return {
      name: 'merge',
      about: [
        `${entries.length} entries by ${AUTHORS} authors, in batches of ${BATCH_MAX}, a durable commit each; medians of ${repetitions} runs`,
        'through imported(): shape, id, signature, links, verdict, balances, one commit',
        'limit, after each batch: one check of each signature, and the same writes in a bare store',
      ],
      figures: figuresOf(runs, sizes),
    };
  },
};
