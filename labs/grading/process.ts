/** One child process, as lines that come from it: what arrives, in time, or how it came to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ROOT } from '#start/built.mjs';
import type { Died, Limits, Line, Load, Question, Rehearsal } from './wire.ts';

export interface Child {
  say(request: Rehearsal | Load | Question): void;
  /** The next line, or why there is none. Ends the child if it takes longer. */
  next(limitMs: number): Promise<Line | Died>;
  end(): void;
}

export interface ChildOptions {
  readonly kit: string;
  readonly limits: Limits;
  /** Waits for a debugger, whose address node prints; nothing is limited in time. */
  readonly debug: boolean;
}

const MB = 1024 * 1024;
/** Answers that wait here; a child that has more to say waits until they are taken. */
const LINES_MAX = 64;
const CHECK_MEMORY_MS = 25;
/** What node itself and buffers in flight take beside the heap. */
const BESIDE_HEAP_MB = 128;

/** Signals by which node ends when it cannot allocate; SIGKILL, if it was not ours, is the system's. */
const NO_MEMORY = new Set(['SIGABRT', 'SIGTRAP', 'SIGILL', 'SIGKILL', 'SIGBUS']);
/** And the exit codes, where there are no signals or a shell stands between. */
const NO_MEMORY_CODES = new Set([133, 134, 0x80000003, 0xc0000409]);

/** Memory of a process, where the system tells: buffers lie outside the heap that node limits. */
const residentMB = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(?<kB>\d+)/m.exec(status)?.groups?.['kB'] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

/** Clock ticks of Linux in which times of processes are told. */
const TICK_MS = 10;

/** Time that a process had a core, where the system tells. */
const busyMs = (pid: number): number | undefined => {
  try {
    // The name of the program stands in parentheses, and may hold whatever it likes.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
};

/** Somebody whom a loaded machine gave no core is not somebody who loops: so many limits long. */
const PATIENT_LIMITS = 10;

const start = ({ kit, limits, debug }: ChildOptions): ChildProcess => {
  const flags = [
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    debug ? '--inspect-brk=127.0.0.1:0' : `--max-old-space-size=${limits.memoryMB}`,
  ];
  return spawn(process.execPath, [...flags, kit], {
    cwd: ROOT,
    stdio: ['pipe', 'ignore', debug ? 'inherit' : 'ignore', 'pipe'],
    // The same everywhere: no options of whoever starts it, no time zone.
    env: {
      TZ: 'UTC',
      ...(process.platform === 'win32' && { SystemRoot: process.env['SystemRoot'] }),
    },
    windowsHide: true,
  });
};

export const startChild = (options: ChildOptions): Child => {
  const { limits, debug } = options;
  const seconds = (ms: number) => `${ms / 1000} s`;
  const DIED: { readonly [how in Died['how']]: (limitMs: number) => string } = {
    time: (limitMs) => `ran for ${seconds(limitMs)} without an end`,
    memory: () => `used more than ${limits.memoryMB} MB`,
    ended: () => 'ended the process',
  };

  const nonce = randomUUID();
  const child = start(options);
  const lines: Line[] = [];
  let died: Died['how'] | undefined;
  let gone = false;
  let wake = () => {};

  const end = (how?: Died['how']) => {
    died ??= how;
    child.kill('SIGKILL');
  };

  // A line ends in a chunk and begins in earlier ones.
  let pieces: string[] = [];
  let received = 0;
  const answers = child.stdio[3] as NodeJS.ReadableStream;
  answers.setEncoding('utf8');
  answers.on('data', (chunk: string) => {
    const [last, ...begun] = chunk.split('\n');
    pieces.push(last!);
    for (const piece of begun) {
      const line = pieces.join('');
      pieces = [piece];
      received = 0;
      if (line.startsWith(`${nonce} `))
        lines.push(JSON.parse(line.slice(nonce.length + 1)) as Line);
    }
    if (lines.length >= LINES_MAX) answers.pause();
    received += chunk.length;
    if (received > 4 * limits.observationMB * MB) end('memory');
    wake();
  });

  child.on('close', (code, signal) => {
    const noMemory = NO_MEMORY.has(signal ?? '') || NO_MEMORY_CODES.has(code ?? 0);
    died ??= noMemory ? 'memory' : 'ended';
    gone = true;
    clearInterval(watch);
    process.off('exit', endNow);
    wake();
  });
  child.on('error', () => child.emit('close', 1, null));
  // What is written to a child that is gone is lost; that it is gone is found when it is read from.
  child.stdin!.on('error', () => {});

  const endNow = () => end();
  process.once('exit', endNow);
  const watch = setInterval(() => {
    if (!debug && residentMB(child.pid ?? 0) > limits.memoryMB + BESIDE_HEAP_MB) end('memory');
  }, CHECK_MEMORY_MS);
  watch.unref();

  const say = (text: string) => void child.stdin!.write(`${text}\n`);
  say(nonce);

  /**
   * Resolves when a line is there or the child is gone; ends it when the time is over. A loop has used
   * half of its time, also beside another process; whoever has not was kept waiting.
   */
  const arrival = (limitMs: number) =>
    new Promise<void>((resolve) => {
      const busyBeforeMs = busyMs(child.pid ?? 0);
      let limitsLeft = PATIENT_LIMITS;
      let arrived = false;
      const wasKeptWaiting = () => {
        const nowMs = busyMs(child.pid ?? 0);
        if (nowMs === undefined || busyBeforeMs === undefined) return false;
        return nowMs - busyBeforeMs < limitMs / 2;
      };
      const overdue = () => {
        // What came while this process was busy elsewhere is read first.
        setImmediate(() => {
          if (arrived || lines.length > 0) return;
          limitsLeft--;
          if (limitsLeft > 0 && wasKeptWaiting()) timer = setTimeout(overdue, limitMs);
          else end('time');
        });
      };
      let timer = debug ? undefined : setTimeout(overdue, limitMs);
      wake = () => {
        if (lines.length === 0 && !gone) return;
        arrived = true;
        clearTimeout(timer);
        resolve();
      };
      wake();
    });

  return {
    say: (request) => say(JSON.stringify(request)),
    async next(limitMs) {
      await arrival(limitMs);
      const line = lines.shift();
      if (lines.length === 0) answers.resume();
      if (line) return line;
      return { kind: 'died', how: died!, reason: DIED[died!](limitMs) };
    },
    end: endNow,
  };
};
