/**
 * `start`: how long a node takes to come back from its store, and what it keeps in memory.
 *
 * A process of its own opens the node, so that nothing else is in its memory. The limit reads the same
 * store to its end and parses every record, in another process, and keeps nothing.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BATCH_MAX } from '#contracts/messages.ts';
import type { Json } from '#contracts/identifiers.ts';
import { AUTHORS, TOPIC, foundCooperative, signEntries, type Cooperative } from './cooperative.ts';
import { wordsToRun } from '#start/built.mjs';
import { median } from './measure.ts';
import type { Bench } from './report.ts';
import { openNode, withFolder } from './rig.ts';
import type { Started } from './start-child.ts';

const REPETITIONS = 5;
const run = promisify(execFile);

const fill = async (cooperative: Cooperative, folder: string, count: number): Promise<void> => {
  const { node } = await openNode({ cooperative, member: 0, folder });
  const entries = signEntries(cooperative, count);
  for (let at = 0; at < count; at += BATCH_MAX) {
    await node.imported(TOPIC, entries.slice(at, at + BATCH_MAX) as unknown as Json[]);
  }
  await node.stop();
};

/** A fresh process that does one thing with the store and says what it took. */
const inChild = async (what: 'node' | 'read', folder: string): Promise<Started> => {
  const words = ['--expose-gc', ...(await wordsToRun('test/bench/start-child.ts')), what, folder];
  const { stdout } = await run(process.execPath, words);
  return JSON.parse(stdout) as Started;
};

export const start: Bench = {
  summary: 'a node back from its store, and its memory a record; the word full takes 100 000',
  async run({ full }) {
    const count = full ? 100_000 : 10_000;
    return withFolder(async (folder) => {
      const cooperative = foundCooperative(AUTHORS);
      await fill(cooperative, `${folder}/full`, count);
      await fill(cooperative, `${folder}/empty`, 0);
      const empty = await inChild('node', `${folder}/empty`);
      const nodes: Started[] = [];
      const reads: Started[] = [];
      for (let repetition = 0; repetition < REPETITIONS; repetition++) {
        nodes.push(await inChild('node', `${folder}/full`));
        reads.push(await inChild('read', `${folder}/full`));
      }
      const of = (runs: readonly Started[], name: keyof Started): number =>
        median(runs.map((each) => each[name]));
      const heapEach = (of(nodes, 'heapBytes') - empty.heapBytes) / count;
      const residentEach = (of(nodes, 'residentBytes') - empty.residentBytes) / count;
      return {
        name: 'start',
        about: [
          `a node with ${count} stored records by ${AUTHORS} authors, each start a process of its own; medians of ${REPETITIONS}`,
          'time: from opening the store to a node that answers; without loading programs',
          'memory: above that of a node with an empty store, after a collection of garbage',
          'limit: read the same store to its end and parse each record',
        ],
        figures: [
          { name: 'start', value: of(nodes, 'tookMs'), unit: 'ms', limit: of(reads, 'tookMs') },
          { name: 'start, a record', value: of(nodes, 'tookMs') / count, unit: 'ms' },
          { name: 'heap a record', value: heapEach, unit: 'bytes' },
          { name: 'resident memory a record', value: residentEach, unit: 'bytes' },
          { name: 'resident memory, empty node', value: empty.residentBytes, unit: 'bytes' },
        ],
      };
    });
  },
};
