/**
 * `node watch`: prints what happens on a running node, line by line, until Ctrl-C. A stream that broke
 * is taken up again where it ended, as long as the node is there.
 */
import type { Json } from '#contracts/identifiers.ts';
import { callNode, readControl, watchNode } from '#reference/operations/client.ts';
import { EXIT } from '#reference/commands/exit.ts';
import type { Spoken } from '#reference/commands/words.ts';
import { notRunning, type Home } from '../home/home.ts';
import { printable } from '../print/print.ts';
import { common, type Subcommand } from '../subcommand.ts';

/** Between the end of a stream and the next try. */
const RESUME_MS = 500;

type Event = { readonly [name: string]: Json };

/** An event in a line: what, and then its facts. */
const lineOf = ({ event, ...facts }: Event): string => {
  const words = Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`);
  const time = new Date().toISOString().slice(11, 19);
  return printable([time, String(event), ...words].join(' '));
};

const runWatch = async (home: Home, spoken: Spoken): Promise<number> => {
  const control = await readControl(home.controlPath);
  if (!control) throw notRunning(home);
  // A wrong address is known at once, not after the first event.
  await callNode(control, 'network.status', {});
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => stop.abort());
  }
  let after = '';
  const print = (event: Event, id: string): void => {
    after = id || after;
    console.log(spoken.values.has('json') ? JSON.stringify(event) : lineOf(event));
  };
  while (!stop.signal.aborted) {
    await watchNode(control, print, stop.signal, after);
    if (stop.signal.aborted) break;
    await new Promise((resolve) => setTimeout(resolve, RESUME_MS));
    // Throws where it is gone: there is nothing more to see.
    await callNode(control, 'network.status', {});
  }
  return EXIT.ok;
};

export const watch: Subcommand = {
  usage: '',
  summary: 'prints what happens on the running node until Ctrl-C',
  restMin: 0,
  restMax: 0,
  words: common,
  run: runWatch,
};
