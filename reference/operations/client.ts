/** Asks a running node: JSON-RPC over loopback with the token of its `control.json`. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Fault, messageOf } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Answer } from './methods.ts';

/** How to reach a running node: written at its start with mode 0600, removed at its end. */
export interface Control {
  readonly address: string;
  readonly token: string;
  readonly pid: number;
}

const controlSchema = z.strictObject({
  address: z.string().regex(/^127\.0\.0\.1:\d{1,5}$/),
  token: z.string().min(32).max(128),
  pid: z.int().min(1),
});

/** The control of the node that runs in a data directory; undefined when none was left there. */
export const readControl = async (path: string): Promise<Control | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Fault('node_unreachable', `${path} cannot be read: ${messageOf(error)}`);
  });
  if (text === undefined) return undefined;
  try {
    return controlSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Fault('node_unreachable', `${path} is damaged; stop the node and start it again`, {
      cause: error,
    });
  }
};

interface RpcResponse {
  readonly result?: Json;
  readonly error?: { readonly message: string; readonly data?: { readonly status: string } };
}

/** A method takes at most this; verifying a large store is the longest. */
const ANSWER_TIMEOUT_MS = 120_000;

/** Runs a method on a running node. Throws Fault `node_not_running` when nobody answers there. */
export const callNode = async (
  { address, token }: Control,
  method: string,
  params: Json,
): Promise<Answer> => {
  const response = await fetch(`http://${address}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Fault('node_not_running', `nobody answers at ${address}: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (!response.ok) {
    throw new Fault(
      'node_unreachable',
      `the node answered ${response.status}: ${await response.text()}`,
    );
  }
  const { result, error } = (await response.json()) as RpcResponse;
  if (error) return { ok: false, status: error.data?.status ?? 'failed', reason: error.message };
  return { ok: true, value: result ?? null };
};

/** Calls `heard` for every event of a running node until `signal` says stop. Resolves when the stream ends. */
export const watchNode = async (
  { address, token }: Control,
  heard: (event: { readonly [name: string]: Json }) => void,
  signal: AbortSignal,
): Promise<void> => {
  try {
    const response = await fetch(`http://${address}/events`, {
      headers: { authorization: `Bearer ${token}` },
      signal,
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        if (block.startsWith('data: ')) {
          heard(JSON.parse(block.slice('data: '.length)) as { readonly [name: string]: Json });
        }
      }
    }
  } catch (error) {
    // The node ended or the caller has heard enough: both end the stream.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
};
