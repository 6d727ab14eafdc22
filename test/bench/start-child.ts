/** The process that `start` measures: `node FOLDER` opens a node there, `read FOLDER` only reads. */
import { AUTHORS, foundCooperative } from './cooperative.ts';
import { sink, timedAsync } from './measure.ts';
import { openNode, openStore } from './rig.ts';

/** What the process says on its way out. */
export interface Started {
  readonly tookMs: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

const readAll = async (folder: string): Promise<void> => {
  const store = await openStore(folder);
  for await (const [, text] of store.load('record/')) sink.last = JSON.parse(text);
  await store.close();
};

const say = (tookMs: number): void => {
  for (let round = 0; round < 4; round++) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const started: Started = { tookMs, heapBytes: heapUsed + external, residentBytes: rss };
  console.log(JSON.stringify(started));
};

const main = async (what: string, folder: string): Promise<void> => {
  const cooperative = foundCooperative(AUTHORS);
  if (what === 'read') return say(await timedAsync(() => readAll(folder)));
  const beganAt = performance.now();
  const { node } = await openNode({ cooperative, member: 0, folder });
  say(performance.now() - beganAt);
  await node.stop();
};

const [, , what, folder] = process.argv;
if (what !== undefined && folder !== undefined) await main(what, folder);
