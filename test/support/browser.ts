/**
 * A browser, where the machine has one: Chromium without a window, asked over the pipes of its DevTools
 * protocol, which take no port and no package.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { within } from '#test/support/command.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const found = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);

/** Why tests with a browser are skipped; undefined where they run. */
export const browserMissing: string | undefined =
  found === undefined ? 'no browser is here: apt-get install chromium' : undefined;

if (browserMissing !== undefined) process.stderr.write(`skipped: ${browserMissing}\n`);

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly [name: string]: unknown };
  readonly result?: { readonly [name: string]: unknown };
  readonly error?: { readonly message: string };
}

export interface Page {
  /** The value of an expression, in the page. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** What the page's console and its exceptions said, and what its policy refused. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Opens an address. */
export const openPage = async (address: string): Promise<Page> => {
  const profile = mkdtempSync(join(tmpdir(), 'murmuration-browser-'));
  const child = spawn(
    found!,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  );
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, (answer: Answer) => void>();
  const complaints: string[] = [];
  let last = 0;

  const heard = (answer: Answer): void => {
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
    else if (/^(?:Log\.entryAdded|Runtime\.exceptionThrown)$/.test(answer.method ?? '')) {
      complaints.push(JSON.stringify(answer.params));
    }
  };
  let text = '';
  output.setEncoding('utf8').on('data', (more: string) => {
    const messages = (text + more).split('\0');
    text = messages.pop() ?? '';
    for (const message of messages) heard(JSON.parse(message) as Answer);
  });

  const ask = async (method: string, params: object = {}, sessionId?: string) => {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    const { result, error } = await within(`the browser to answer ${method}`, answered);
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  };

  const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true });
  const session = sessionId as string;
  for (const domain of ['Page', 'Runtime', 'Log']) await ask(`${domain}.enable`, {}, session);
  await ask('Page.navigate', { url: address }, session);

  return {
    complaints,
    async evaluate<Value>(expression: string) {
      const params = { expression, returnByValue: true, awaitPromise: true };
      const { result } = await ask('Runtime.evaluate', params, session);
      return (result as { readonly value: Value }).value;
    },
    async close() {
      // A browser is a group of processes: killed alone, the first leaves others that still write its profile.
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
};
