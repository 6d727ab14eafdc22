/** An actor of a story: one node in its own operating-system process, asked over its control. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Fault } from '#contracts/faults.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import { callNode, readControl, watchNode, type Control } from '#reference/operations/client.ts';
import { wordsToRun } from '#start/built.mjs';
import { ensureIdentity, homeAt, type Home } from './node/home/home.ts';

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

/** Waits for an answer; a Fault that names what was waited for when time is up. */
export const withinTime = async <Value>(
  what: string,
  timeoutMs: number,
  answer: Promise<Value>,
): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    const late = (): void => {
      reject(new Fault('deadline_exceeded', `waited ${timeoutMs / 1_000} s for ${what}`));
    };
    timer = setTimeout(late, timeoutMs);
  });
  try {
    return await Promise.race([answer, overdue]);
  } finally {
    clearTimeout(timer);
  }
};

/** What an actor's process runs: something that starts a node and understands `data DIR host ADDRESS`. */
export interface Program {
  /** From the root of the project. */
  readonly file: string;
  /** Before the others. */
  readonly words: readonly string[];
  /** For Node.js itself. */
  readonly flags?: readonly string[];
}

/** A node as people start it, that finds others by mDNS on loopback. */
const NODE: Program = {
  file: 'reference/main.ts',
  words: ['node', 'start', 'interface', '127.0.0.1'],
};

/** The same over WebTransport instead of QUIC. */
export const NODE_OVER_WEBTRANSPORT: Program = {
  ...NODE,
  words: [...NODE.words, 'transport', 'webtransport'],
};

/** The same without mDNS: whom it should meet it is told. */
export const NODE_ALONE: Program = { ...NODE, words: ['node', 'start', 'alone'] };

export interface ActorOptions {
  readonly name: string;
  /** Its home. */
  readonly directory: string;
  readonly program?: Program;
  /** Told what happens on it. */
  heard(name: string, event: { readonly [name: string]: Json }): void;
  /** Told every line that its process logs. */
  logged?(line: string): void;
}

export interface Actor {
  readonly name: string;
  readonly did: Did;
  readonly home: Home;
  readonly pid: number | undefined;
  /** How its process ended, if it has: `exit code 0`, `SIGKILL`. */
  readonly ended: string | undefined;
  /** Starts the process; resolves when it can be asked. */
  start(): Promise<void>;
  /** Asks it; a refusal is a Fault here, because the story has no place for one. */
  ask(method: string, params?: Json): Promise<Json>;
  /** SIGKILL: no goodbye, no flush. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL for whoever has not listened after a while. For good: it is not started again. */
  stop(patienceMs?: number): Promise<void>;
  /** The last lines it logged. */
  lastWords(): readonly string[];
}

const STOP_MS = 6_000;
/** For a start that hangs: one that fails ends its process, and is told at once. */
const START_MS = 60_000;
/** To verify a store of a story, with a mile to spare. */
const ANSWER_MS = 10_000;

/** A node with its home in `directory`; nothing runs yet. */
export const createActor = async (options: ActorOptions): Promise<Actor> => {
  const { name, directory, program = NODE, heard, logged } = options;
  const home = homeAt(directory);
  const { did } = await ensureIdentity(home, { sealed: false });
  const log: string[] = [];
  let child: ChildProcess | undefined;
  let control: Control | undefined;
  let stream = new AbortController();
  let over = false;

  const launch = async (): Promise<ChildProcess> => {
    const run = await wordsToRun(program.file);
    const words = [...program.words, 'data', directory, 'host', '127.0.0.1'];
    const started = spawn(
      process.execPath,
      [...(program.flags ?? []), ...run, ...words],
      // The channel tells the node when its parent is gone, however that went.
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    );
    createInterface({ input: started.stderr! }).on('line', (line) => {
      if (line === '') return;
      log.push(line);
      log.splice(0, log.length - LOG_LINES_MAX);
      logged?.(line);
    });
    return started;
  };

  const howEnded = (): string | undefined => {
    if (!child || (child.exitCode === null && child.signalCode === null)) return undefined;
    return child.signalCode ?? `exit code ${child.exitCode}`;
  };

  const answering = async (): Promise<Control | undefined> => {
    const ended = howEnded();
    if (ended !== undefined) {
      throw new Fault('node_not_running', `${name} ended by itself (${ended})`);
    }
    const found = await readControl(home.controlPath);
    // After a SIGKILL the file of the process before is still there.
    return found?.pid === child?.pid ? found : undefined;
  };

  const end = async (signal: NodeJS.Signals, patienceMs: number): Promise<void> => {
    stream.abort();
    control = undefined;
    if (!child || howEnded() !== undefined) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    const giveUp = setTimeout(() => child?.kill('SIGKILL'), patienceMs);
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
    get ended() {
      return howEnded();
    },
    async start() {
      // A story that was interrupted goes on for a sentence or two.
      if (over) throw new Fault('node_not_running', `${name} has left`);
      child = await launch();
      stream = new AbortController();
      control = await within(`${name} to start`, START_MS, answering);
      void watchNode(control, (event) => heard(name, event), stream.signal);
    },
    async ask(method, params = {}) {
      if (!control) throw new Fault('node_not_running', `${name} is not running`);
      const call = callNode(control, method, params);
      const answer = await withinTime(`${name} to answer ${method}`, ANSWER_MS, call);
      if (!answer.ok) throw new Fault('node_unreachable', `${name}, ${method}: ${answer.reason}`);
      return answer.value;
    },
    kill: () => end('SIGKILL', STOP_MS),
    stop(patienceMs = STOP_MS) {
      over = true;
      return end('SIGTERM', patienceMs);
    },
    lastWords: () => log,
  };
};
