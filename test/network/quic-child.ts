/**
 * A peer in a process of its own, for tests that kill it: `quic-child.ts MODE [ADDRESS]`. It prints a
 * line when it has done its part.
 */
import { once } from 'node:events';
import type { Link } from '#contracts/transport.ts';
import { createPeer, until } from './quic-pair.ts';

const [mode = '', address = ''] = process.argv.slice(2);
const { transport, did } = createPeer();
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const dial = (): Promise<Link> =>
  new Promise((resolve, reject) => {
    transport.dial(address, undefined, (result) => {
      if (result.status === 'open') resolve(result.link);
      else reject(new Error(result.reason));
    });
  });

/** Says 700 bytes of something longer. */
const saySome = async (): Promise<Link> => {
  const link = await dial();
  link.open({ received: () => undefined, drained: () => undefined, closed: () => undefined });
  link.send(new Uint8Array(700).fill(7));
  await until(() => link.unsentBytes === 0, 'the bytes to leave');
  return link;
};

/** The event loop stands still; the native threads do not. */
const stall = (delayMs: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
};

const modes: Record<string, () => Promise<void>> = {
  /** Waits to be killed. */
  cut: async () => {
    await saySome();
    say('said');
    await once(process.stdin, 'end');
  },
  /** Leaves without a word. */
  leave: async () => {
    await saySome();
    say('said');
    setTimeout(() => process.exit(0), 50);
  },
  busy: async () => {
    const link = await saySome();
    say('said');
    stall(4_000);
    link.send(new Uint8Array(300));
    await once(process.stdin, 'end');
  },
  listen: async () => {
    const listener = await transport.listen('127.0.0.1:0', (link) =>
      link.open({ received: () => undefined, drained: () => undefined, closed: () => undefined }),
    );
    say(`${listener.address} ${did}`);
    await once(process.stdin, 'end');
  },
  /** Uses all there is, closes it, and leaves the rest to Node. */
  finish: async () => {
    const other = createPeer();
    const listener = await other.transport.listen('127.0.0.1:0', (link) =>
      link.open({ received: () => undefined, drained: () => undefined, closed: () => undefined }),
    );
    const link = await new Promise<Link>((resolve) => {
      transport.dial(listener.address, other.did, (result) => {
        if (result.status === 'open') resolve(result.link);
      });
    });
    link.send(new Uint8Array(100_000));
    transport.dial('127.0.0.1:9', undefined, () => undefined);
    await Promise.all([transport.close(), other.transport.close()]);
    say('closed');
  },
};

await modes[mode]?.();
