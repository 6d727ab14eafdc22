/**
 * Two machines on one cable, made of network namespaces: what a loopback interface cannot show. Linux
 * and root only. Names carry the process id, and all of it is removed by `remove`, whoever failed.
 */
import { spawnSync } from 'node:child_process';
import { launch, type Started } from './command.ts';

/** One of the two machines. */
export interface Machine {
  readonly address: string;
  /** Starts a program on it. */
  launch(program: string, words: readonly string[]): Started;
}

export interface Cable {
  readonly left: Machine;
  readonly right: Machine;
  remove(): void;
}

const run = (program: string, words: readonly string[]): string | undefined => {
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${program} ${words.join(' ')}: ${(error?.message ?? stderr).trim()}`;
};
const ip = (...words: readonly string[]): void => {
  const problem = run('ip', words);
  if (problem !== undefined) throw new Error(problem);
};

const isThere = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/**
 * Why there can be no such machines here, or undefined. Where CI is set, programs that it installs are
 * no reason but a failure: a test that never runs there proves nothing.
 */
export const whyNoCable = (...programs: readonly string[]): string | undefined => {
  if (process.platform !== 'linux') return 'network namespaces are a matter of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = ['ip', 'unshare', ...programs].filter((program) => !isThere(program));
  if (missing.length > 0 && process.env['CI'] !== undefined)
    throw new Error(`${missing.join(', ')}: CI installs iproute2, dbus, avahi-daemon, avahi-utils`);
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  const name = `murmur-${process.pid}-probe`;
  const problem = run('ip', ['netns', 'add', name]);
  if (problem === undefined) ip('netns', 'delete', name);
  return problem;
};

/** Makes the two machines. No gateway: multicast has a route of its own, which a cable alone gives none. */
export const layCable = (): Cable => {
  const sides = [
    { name: `murmur-${process.pid}-a`, device: `mma${process.pid}`, address: '10.77.0.1' },
    { name: `murmur-${process.pid}-b`, device: `mmb${process.pid}`, address: '10.77.0.2' },
  ] as const;
  const remove = (): void => {
    for (const { name } of sides) run('ip', ['netns', 'delete', name]);
  };
  try {
    for (const { name } of sides) ip('netns', 'add', name);
    const [a, b] = sides;
    ip('link', 'add', a.device, 'type', 'veth', 'peer', 'name', b.device);
    for (const { name, device, address } of sides) {
      ip('link', 'set', device, 'netns', name);
      ip('-n', name, 'address', 'add', `${address}/24`, 'dev', device);
      ip('-n', name, 'link', 'set', 'lo', 'up');
      ip('-n', name, 'link', 'set', device, 'up');
      ip('-n', name, 'route', 'add', '224.0.0.0/4', 'dev', device);
    }
  } catch (error) {
    remove();
    throw error;
  }
  const [left, right] = sides.map(({ name, address }): Machine => ({
    address,
    launch: (program, words) => launch('ip', ['netns', 'exec', name, program, ...words]),
  })) as [Machine, Machine];
  return { left, right, remove };
};

/** Its own /run, message bus and Avahi, then the program; all of it ends with the program. */
const AVAHI = `
mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon || exit 1
dbus-daemon --system --fork --nopidfile || exit 1
avahi-daemon --no-drop-root --no-chroot --no-rlimits >/dev/null 2>&1 &
until avahi-browse --all --terminate >/dev/null 2>&1; do sleep 0.1; done
exec "$@"`;

/** Starts a program of Avahi, beside a daemon of its own. */
export const launchAvahi = (machine: Machine, words: readonly string[]): Started =>
  machine.launch(
    'unshare',
    `--mount --pid --fork --kill-child --mount-proc sh -c`
      .split(' ')
      .concat([AVAHI, 'avahi'], words),
  );
