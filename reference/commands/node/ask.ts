/**
 * Asking a node: the running one over its control server, or its store opened for the question when none
 * runs. The store's lock decides which of the two it is.
 */
import chalk from 'chalk';
import { Fault } from '#contracts/faults.ts';
import { refused } from '#contracts/outcome.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { callNode, readControl } from '#reference/operations/client.ts';
import type { Answer } from '#reference/operations/methods/method.ts';
import { EXIT, exitOf } from '#reference/commands/exit.ts';
import { notRunning, type Home } from './home/home.ts';
import { printable, printers } from './print/print.ts';
import { telemetryPrinters } from './print/telemetry.ts';
import { common, type Subcommand } from './subcommand.ts';
import type { Spoken, Vocabulary } from '#reference/commands/words.ts';

const hasCode = (error: unknown, code: Fault['code']): error is Fault =>
  error instanceof Fault && error.code === code;

/** Loaded only where no node runs: who asks a running one needs no node of its own. */
const openStoreOf = async (home: Home): Promise<Node> => {
  const { openOffline } = await import('./daemon/daemon.ts');
  const { referenceLayers } = await import('#reference/layers.ts');
  const { readSettings } = await import('#reference/config.ts');
  return openOffline(home, referenceLayers, readSettings());
};

/** The node of a home: the running one, or its store opened for a question when none runs. */
export const openNode = async (home: Home) => {
  /** Why the running node, if there is one, cannot be asked. */
  let silence: Fault | undefined;
  const askRunning = async (method: string, params: Json): Promise<Answer | undefined> => {
    try {
      const control = await readControl(home.controlPath);
      return control && (await callNode(control, method, params));
    } catch (error) {
      // A node that was killed leaves its control file; its store is free then.
      if (!hasCode(error, 'node_not_running')) throw error;
      silence = error;
      return undefined;
    }
  };
  let offline: Node | undefined;
  const openStore = (): Promise<Node> =>
    openStoreOf(home).catch((error: unknown) => {
      throw hasCode(error, 'store_locked') ? (silence ?? error) : error;
    });
  return {
    async ask(method: string, params: Json, onlyRunning = false): Promise<Answer> {
      const answer = offline ? undefined : await askRunning(method, params);
      if (answer) return answer;
      if (onlyRunning) throw silence ?? notRunning(home);
      offline ??= await openStore();
      const { runMethod } = await import('#reference/operations/methods.ts');
      const said = await runMethod(offline, method, params);
      // A method knows its node and not where that lives.
      return !said.ok && said.status === 'node_not_running'
        ? refused('node_not_running', notRunning(home).message)
        : said;
    },
    close: () => offline?.stop(),
  };
};

/** Asks one thing; `onlyRunning` says that a node that does not run has no answer to it. */
export const ask = async (
  home: Home,
  method: string,
  params: Json,
  onlyRunning = false,
): Promise<Answer> => {
  const node = await openNode(home);
  try {
    return await node.ask(method, params, onlyRunning);
  } finally {
    await node.close();
  }
};

const allPrinters = { ...printers, ...telemetryPrinters };

/** Prints an answer, for people or as JSON, and gives the exit code. */
export const show = (name: string, answer: Answer, spoken: Spoken): number => {
  if (spoken.values.has('json') || (answer.ok && spoken.values.has('otlp'))) {
    console.log(JSON.stringify(answer.ok ? { ok: true, result: answer.value } : answer));
  } else if (answer.ok) {
    for (const line of allPrinters[name]?.(answer.value) ?? []) console.log(line);
  } else {
    console.error(`${chalk.red(answer.status)}: ${printable(answer.reason)}`);
  }
  return answer.ok ? EXIT.ok : exitOf(answer.status);
};

/** A subcommand that asks one method and prints its answer. */
export const question = (
  name: string,
  method: string,
  summary: string,
  options: {
    readonly usage?: string;
    readonly words?: Vocabulary;
    readonly restMin?: number;
    readonly restMax?: number;
    readonly params?: (spoken: Spoken) => Json | Promise<Json>;
    /** A node that does not run has no answer to it. */
    readonly onlyRunning?: boolean;
  } = {},
): Subcommand => ({
  usage: options.usage ?? '',
  summary,
  restMin: options.restMin ?? 0,
  restMax: options.restMax ?? 0,
  words: { ...options.words, ...common },
  run: async (home, spoken) => {
    const params = (await options.params?.(spoken)) ?? {};
    return show(name, await ask(home, method, params, options.onlyRunning), spoken);
  },
});
