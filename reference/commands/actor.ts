/** An actor of the demonstration: one node in its own operating-system process, asked over its control. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Fault } from '#contracts/faults.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import { callNode, readControl, watchNode, type Control } from '#reference/operations/client.ts';
import { ensureIdentity, homeAt, type Home } from './node/home.ts';

/** Lines of a process's own log that are kept to be shown when it fails. */
const LOG_LINES_MAX = 12;
const POLL_MS = 20;

/** Waits until `ready` gives something; a Fault that names what was waited for when time is up. */
export const within = async <Value>(
  what: string,
  timeoutMs: number,
  ready: () => Promise<Value | undefined>,
): Promise<Value> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ready();
    if (value !== undefined) return value;
    if (performance.now() >= deadline) {
      throw new Fault('deadline_exceeded', `waited ${timeoutMs / 1_000} s for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

export interface Actor {
  readonly name: string;
  readonly did: Did;
  readonly home: Home;
  readonly pid: number | undefined;
  /** Starts the process; resolves when it can be asked. */
  start(): Promise<void>;
  /** Asks it; a refusal is a Fault here, because the story has no place for one. */
  ask(method: string, params?: Json): Promise<Json>;
  /** SIGKILL: no goodbye, no flush. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL for whoever does not listen. For good: it is not started again. */
  stop(): Promise<void>;
  /** The last lines it logged. */
  lastWords(): readonly string[];
}

const STOP_MS = 6_000;

/** A node named `name` with its home in `directory`; nothing runs yet. */
export const createActor = async (
  name: string,
  directory: string,
  heard: (name: string, event: { readonly [name: string]: Json }) => void,
): Promise<Actor> => {
  const home = homeAt(directory);
  const { did } = await ensureIdentity(home, { sealed: false });
  const log: string[] = [];
  let child: ChildProcess | undefined;
  let control: Control | undefined;
  let stream = new AbortController();
  let over = false;

  const launch = (): ChildProcess => {
    const loader = import.meta.resolve('tsx');
    const program = fileURLToPath(new URL('../main.ts', import.meta.url));
    const words = ['data', directory, 'host', '127.0.0.1', 'interface', '127.0.0.1'];
    const started = spawn(
      process.execPath,
      ['--import', loader, program, 'node', 'start', ...words],
      // The channel tells the node when its parent is gone, however that went.
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    );
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log.push(...text.split('\n').filter((line) => line !== ''));
      log.splice(0, log.length - LOG_LINES_MAX);
    });
    return started;
  };

  const answering = async (): Promise<Control | undefined> => {
    if (child?.exitCode !== null || child.signalCode !== null) {
      throw new Fault('node_not_running', `${name} ended by itself`);
    }
    const found = await readControl(home.controlPath);
    // After a SIGKILL the file of the process before is still there.
    return found?.pid === child.pid ? found : undefined;
  };

  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    stream.abort();
    control = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const giveUp = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(giveUp);
  };

  return {
    name,
    did,
    home,
    get pid() {
      return child?.pid;
    },
    async start() {
      // A story that was interrupted goes on for a sentence or two.
      if (over) throw new Fault('node_not_running', `${name} has left`);
      child = launch();
      stream = new AbortController();
      control = await within(`${name} to start`, 15_000, answering);
      void watchNode(control, (event) => heard(name, event), stream.signal);
    },
    async ask(method, params = {}) {
      if (!control) throw new Fault('node_not_running', `${name} is not running`);
      const answer = await callNode(control, method, params);
      if (!answer.ok) throw new Fault('node_unreachable', `${name}, ${method}: ${answer.reason}`);
      return answer.value;
    },
    kill: () => ended('SIGKILL'),
    stop() {
      over = true;
      return ended('SIGTERM');
    },
    lastWords: () => log,
  };
};
