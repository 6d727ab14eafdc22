/**
 * A peer over WebTransport in a process of its own: `webtransport-child.ts MODE [ADDRESS]`. It prints a line
 * when it has done its part.
 */
import { once } from 'node:events';
import type { Link } from '#contracts/transport.ts';
import { createPeer } from './webtransport-pair.ts';
import { until } from './quic-pair.ts';

const [mode = '', address = ''] = process.argv.slice(2);
const transport = createPeer();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const deaf = { received: () => undefined, drained: () => undefined, closed: () => undefined };

const dial = (): Promise<Link> =>
  new Promise((resolve, reject) => {
    transport.dial(address, undefined, (result) => {
      if (result.status === 'open') resolve(result.link);
      else reject(new Error(result.reason));
    });
  });

const modes: Record<string, () => Promise<void>> = {
  /** Says 700 bytes of something longer and waits to be killed. */
  cut: async () => {
    const link = await dial();
    link.open(deaf);
    link.send(new Uint8Array(700).fill(7));
    await until(() => link.unsentBytes === 0, 'the bytes to leave');
    say('said');
    await once(process.stdin, 'end');
  },
  listen: async () => {
    const listener = await transport.listen('127.0.0.1:0', (link) => link.open(deaf));
    say(listener.address);
    await once(process.stdin, 'end');
  },
  /** What became of a dial. */
  status: async () => {
    transport.dial(address, undefined, ({ status }) => {
      say(status);
      process.exit(0);
    });
    await once(process.stdin, 'end');
  },
  /** Uses all there is, closes it, and leaves the rest to Node. */
  finish: async () => {
    const other = createPeer();
    const listener = await other.listen('127.0.0.1:0', (link) => link.open(deaf));
    const link = await new Promise<Link>((resolve) => {
      transport.dial(listener.address, undefined, (result) => {
        if (result.status === 'open') resolve(result.link);
      });
    });
    link.send(new Uint8Array(100_000));
    transport.dial(listener.address.replace(/:\d+/, ':9'), undefined, () => undefined);
    await Promise.all([transport.close(), other.close()]);
    say('closed');
  },
};

await modes[mode]?.();
