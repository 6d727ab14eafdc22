/**
 * The process of a node that runs the reference's layers, except one: a learner's. What that one throws
 * ends the process, and the last thing it says is which line it was.
 */
import { Console } from 'node:console';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { NodeLayers } from '#contracts/layers.ts';
import { startDaemon, untilStopped } from '#reference/commands/node/daemon/daemon.ts';
import { homeAt } from '#reference/commands/node/home/home.ts';
import { readWords, type Vocabulary } from '#reference/commands/words.ts';
import { readSettings } from '#reference/config.ts';
import { referenceLayers } from '#reference/layers.ts';
import { formatAddress } from '#reference/transport/address.ts';
import { wordsToRun } from '#start/built.mjs';
import type { Parts } from '../checkpoint.ts';
import { describeThrown } from '../grading/child/thrown.ts';
import { guarded, type Watch } from './guard.ts';
import { BEAT_MS } from './limits.ts';
import { SCRIPT } from '../grading/wire.ts';
import { report } from './trouble.ts';
import type { Beat } from './watchdog.ts';

const vocabulary: Vocabulary = {
  layer: { value: 'NAME', summary: 'the layer that is replaced' },
  parts: { value: 'FILE', summary: 'the bundle; its part of that name exports the factory' },
  data: { value: 'DIR', summary: "the node's home" },
  host: { value: 'ADDRESS', summary: 'where it listens, at a port of the system' },
};

let leaving = false;

const failed = (thrown: unknown): never => {
  leaving = true;
  report(describeThrown(thrown));
  return process.exit(1);
};

/** Begins to look whether this thread comes back from its calls; gives what is to be told of each. */
const startWatchdog = async (): Promise<Omit<Watch, 'failed'>> => {
  const words = await wordsToRun('labs/graft/watchdog.ts');
  const script = JSON.stringify(pathToFileURL(words.at(-1)!).href);
  // A thread has no loader of its own; what is kept as a script needs none, and starts a second sooner.
  const load = words.includes('--import')
    ? `import('tsx/esm/api').then(({ tsImport }) => tsImport(${script}, ${script}))`
    : `import(${script})`;
  const worker = new Worker(load, { eval: true });
  worker.unref();
  const say = (beat: Beat): void => worker.postMessage(beat, []);
  setInterval(say, BEAT_MS, 'alive').unref();
  return { called: (name) => say(`calls ${name}`), returned: () => say('alive') };
};

/** The reference's layers with this one in the place of its own. */
const graftedLayers = async (name: string, file: string): Promise<NodeLayers> => {
  const watch: Watch = { ...(await startWatchdog()), failed };
  const script = new Script(readFileSync(file, 'utf8'), { filename: file });
  const evaluate = script.runInThisContext() as (require: undefined) => Parts;
  const create = evaluate(undefined)[name]!['create'] as (...given: readonly unknown[]) => object;
  const grafted = (...given: readonly unknown[]): object => {
    try {
      return guarded(create(...given), watch);
    } catch (error) {
      return failed(error);
    }
  };
  return { ...referenceLayers, [name]: grafted };
};

const run = async (): Promise<void> => {
  const { values } = readWords(process.argv.slice(2), vocabulary, 0);
  const word = (name: string): string => values.get(name)!;
  const daemon = await startDaemon({
    home: homeAt(word('data')),
    layers: await graftedLayers(word('layer'), word('parts')),
    settings: readSettings(),
    listen: formatAddress({ host: word('host'), port: 0 }),
    peers: [],
    multicast: undefined,
    logLevel: 'warn',
  });
  await untilStopped(daemon, true);
  leaving = true;
};

// Whoever started us reads the log, and nothing else.
globalThis.console = new Console(process.stderr);
Error.stackTraceLimit = 50;
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
process.on('exit', () => {
  const { stack = '' } = new Error('where it ended');
  if (!leaving && stack.includes(SCRIPT)) report({ kind: 'ended', stack });
});
await run().catch(failed);
