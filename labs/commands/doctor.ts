/**
 * The doctor: what this machine has, and the one-line fix for what it has not. Everything is looked for
 * at once and nothing for longer than a fraction of a second.
 */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { messageOf } from '#contracts/faults.ts';
import type { Places } from './desk/places.ts';

/** One thing that was looked for. */
export interface Finding {
  readonly name: string;
  /** undefined: it is there. Otherwise what is missing, what that means, and the fix. */
  readonly problem?: string;
}

const NODE_MIN = [20, 19] as const;

/** Whether a version of Node, such as `20.20.2`, is new enough. */
export const nodeFinding = (version: string): Finding => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const name = `Node ${version}`;
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
    ? { name }
    : { name, problem: 'the kit needs 20.19 or later: install it from https://nodejs.org' };
};

const GIT_MS_MAX = 500;

const git = (): Promise<Finding> =>
  new Promise((resolve) => {
    execFile('git', ['--version'], { timeout: GIT_MS_MAX }, (error) => {
      const problem = 'only diff needs it: install it from https://git-scm.com';
      resolve(error ? { name: 'git', problem } : { name: 'git' });
    });
  });

const folder = async ({ state, root }: Places): Promise<Finding> => {
  const name = 'writable folder';
  try {
    await mkdir(state, { recursive: true });
    await access(state, constants.W_OK);
    await access(root, constants.W_OK);
    return { name };
  } catch (error) {
    return { name, problem: `${messageOf(error)}: move the kit to a folder that is yours` };
  }
};

const quic = async (): Promise<Finding> => {
  const name = 'QUIC';
  try {
    const { loadNative } = await import('#reference/transport/quic/native.ts');
    loadNative();
    return { name };
  } catch (error) {
    return { name, problem: `${messageOf(error)} (only the real node needs it)` };
  }
};

/** Of the block for use within a site (RFC 2365, 6.2). */
const GROUP = '239.255.77.85';
const LOOPBACK = '127.0.0.1';
const MULTICAST_MS_MAX = 150;

/** Sends a datagram to a group on the loopback interface and waits for it to come back. */
const multicast = (): Promise<Finding> =>
  new Promise((resolve) => {
    const name = 'multicast';
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    const end = (finding: Finding): void => {
      clearTimeout(timer);
      socket.removeAllListeners('message');
      try {
        socket.close();
      } catch {
        // Closed already.
      }
      resolve(finding);
    };
    const absent = (): void =>
      end({
        name,
        problem:
          'nothing comes back here. No lab needs it; for a node, name peers by address, as the manual shows',
      });
    const timer = setTimeout(absent, MULTICAST_MS_MAX);
    socket.on('error', absent);
    socket.on('message', () => end({ name }));
    socket.bind(0, '0.0.0.0', () => {
      try {
        socket.addMembership(GROUP, LOOPBACK);
        socket.setMulticastInterface(LOOPBACK);
        socket.setMulticastLoopback(true);
        socket.send('murmuration', socket.address().port, GROUP);
      } catch {
        absent();
      }
    });
  });

/** Looks for everything at once. */
export const examine = (places: Places): Promise<Finding[]> =>
  Promise.all([
    Promise.resolve(nodeFinding(process.versions.node)),
    git(),
    folder(places),
    quic(),
    multicast(),
  ]);
