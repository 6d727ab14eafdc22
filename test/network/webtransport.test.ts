import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Link } from '#contracts/transport.ts';
import { makeCertificate, readCertificate } from '#reference/transport/webtransport/certificate.ts';
import { wordsToRun } from '#start/built.mjs';
import { linkSuite, pattern, witness } from '#test/suites/link.ts';
import { until } from './quic-pair.ts';
import {
  cleanUp,
  cleanups,
  dial,
  dialOpen,
  elsewhere,
  listen,
  peer,
  webTransportPair,
} from './webtransport-pair.ts';

linkSuite('WebTransport', () => webTransportPair());

afterAll(cleanUp);

const DAY_MS = 86_400_000;

const CHILD = await wordsToRun('test/network/webtransport-child.ts');

interface Child {
  readonly process: ChildProcess;
  readonly line: () => Promise<string>;
  /** Everything it said, on both channels. */
  readonly said: () => string;
}
const child = (mode: string, address = '', env: NodeJS.ProcessEnv = {}): Child => {
  const spawned = spawn(process.execPath, [...CHILD, mode, address], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  cleanups.push(() => void spawned.kill('SIGKILL'));
  let said = '';
  for (const output of [spawned.stdout, spawned.stderr])
    output.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const first = once(createInterface({ input: spawned.stdout }), 'line').then(([line]) =>
    String(line),
  );
  return { process: spawned, line: () => first, said: () => said };
};

describe.concurrent('WebTransport: who is there', () => {
  it('a certificate with another hash is wrong_identity, and the listener hears of nothing', async () => {
    const { address, arrivals } = await listen(peer());
    expect(await dial(peer(), elsewhere(address))).toMatchObject({
      status: 'wrong_identity',
      reason: expect.stringContaining(address.split('/')[1] ?? ''),
    });
    await dialOpen(peer(), address);
    expect(arrivals).toHaveLength(1);
  });

  it.each([
    ['is over', { certificateMs: 14 * DAY_MS }, -20 * DAY_MS],
    ['has not begun', { certificateMs: 14 * DAY_MS }, 3 * DAY_MS],
    ['lasts longer than 14 days', { certificateMs: 15 * DAY_MS }, 0],
  ])('a pinned certificate that %s is refused', async (_name, settings, shiftMs) => {
    const listening = peer(settings, { now: () => Date.now() + shiftMs });
    const { address, arrivals } = await listen(listening);
    expect(await dial(peer(), address)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('valid from'),
    });
    expect(arrivals).toEqual([]);
  });

  it('a certificate that the system trusts is no way around the pin', async () => {
    const { pem } = makeCertificate(Date.now(), 14 * DAY_MS);
    const authority = join(mkdtempSync(join(tmpdir(), 'murmuration-test-')), 'ca.pem');
    cleanups.push(() => rmSync(join(authority, '..'), { recursive: true }));
    writeFileSync(authority, new X509Certificate(pem).toString());
    const keeper = { read: () => Promise.resolve(pem), write: () => Promise.resolve() };
    const { address } = await listen(peer({}, { keeper }));
    const trusting = { NODE_EXTRA_CA_CERTS: authority };
    const pinned = child('status', address, trusting);
    const mistaken = child('status', elsewhere(address), trusting);
    expect([await pinned.line(), await mistaken.line()]).toEqual(['open', 'wrong_identity']);
  });

  it('a certificate is renewed while links live, and the address with it', async () => {
    // The certificate began to be shown a week ago; the dials below are of today.
    let now = Date.now() - 7.5 * DAY_MS;
    const { listener, arrivals, address } = await listen(
      peer({ renewCheckMs: 20 }, { now: () => now }),
    );
    const old = witness(await dialOpen(peer(), address));
    await until(() => arrivals.length === 1, 'the listener to accept');
    now += 6.5 * DAY_MS;
    await sleep(60);
    expect(listener.address).toBe(address);
    now += DAY_MS;
    await until(() => listener.address !== address, 'a new certificate');
    expect(await dial(peer(), address)).toMatchObject({ status: 'wrong_identity' });
    const fresh = await dialOpen(peer(), listener.address);
    await until(() => arrivals.length === 2, 'the listener to accept again');
    expect(fresh.binding).toBe(arrivals[1]?.binding);
    const far = witness(arrivals[0] as Link);
    old.link.send(pattern(1_000));
    await until(() => far.byteCount() === 1_000, 'bytes over the old link');
  });

  it('a certificate that was kept is shown again, until it is due', async () => {
    let kept: string | undefined;
    const keeper = {
      read: () => Promise.resolve(kept),
      write: (pem: string) => Promise.resolve(void (kept = pem)),
    };
    const hashAt = async (now: number): Promise<string | undefined> => {
      const transport = peer({}, { keeper, now: () => now });
      const { address } = await listen(transport);
      await transport.close();
      return address.split('/')[1];
    };
    const start = Date.now();
    const first = await hashAt(start);
    expect(readCertificate(kept ?? '')?.hash).toBe(first);
    expect(await hashAt(start + 6 * DAY_MS)).toBe(first);
    expect(await hashAt(start + 8 * DAY_MS)).not.toBe(first);
    // Made when the clock was days ahead: to everybody else it has not begun.
    const ahead = await hashAt(start + 16 * DAY_MS);
    expect(await hashAt(start + 15.5 * DAY_MS)).toBe(ahead);
    expect(await hashAt(start)).not.toBe(ahead);
    kept = 'no certificate at all';
    expect(await hashAt(start)).toHaveLength(43);
  });

  it('nobody is proven, and both ends know where the other is', async () => {
    const { address, arrivals } = await listen(peer());
    const link = await dialOpen(peer(), address);
    await until(() => arrivals.length === 1, 'the listener to accept');
    expect([link.proven, arrivals[0]?.proven]).toEqual([undefined, undefined]);
    expect(link.remoteAddress).toBe(address.split('/')[0]);
    expect(arrivals[0]?.remoteAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe.concurrent('WebTransport: peers that die', () => {
  it('a peer killed inside a frame: the bytes so far, then lost; the listener lives on', async () => {
    const { address, arrivals } = await listen(peer());
    const { line, process: dying } = child('cut', address);
    await line();
    await until(() => arrivals.length === 1, 'the child to arrive');
    const far = witness(arrivals[0] as Link);
    await until(() => far.byteCount() === 700, 'its bytes');
    dying.kill('SIGKILL');
    await until(() => far.closed.length > 0, 'the loss to be noticed', 5_000);
    expect([far.closed, far.byteCount()]).toEqual([['lost'], 700]);
    await dialOpen(peer(), address);
  });

  it('a dialled peer that is killed is noticed', async () => {
    const { line, process: dying } = child('listen');
    const near = witness(await dialOpen(peer(), await line()));
    dying.kill('SIGKILL');
    await until(() => near.closed.length > 0, 'the loss to be noticed', 5_000);
    expect(near.closed).toEqual(['lost']);
  });

  it('a process that closed its transports ends by itself, and the library has said nothing', async () => {
    const finishing = child('finish');
    const exited = once(finishing.process, 'exit');
    expect(await finishing.line()).toBe('closed');
    expect(await Promise.race([exited, sleep(3_000, 'still running')])).toEqual([0, null]);
    expect(finishing.said()).toBe('closed\n');
  });
});

describe('WebTransport: the machine', () => {
  it('a port in use is the Fault port_in_use, and says what to do', async () => {
    const { address } = await listen(peer());
    await expect(listen(peer(), address.split('/')[0])).rejects.toMatchObject({
      code: 'port_in_use',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ is in use.*choose another port/),
    });
  });

  it.each(['', 'nonsense', '127.0.0.1', '127.0.0.1:70000', '203.0.113.7:0'])(
    'listening at %j is the Fault settings_invalid',
    async (address) => {
      await expect(listen(peer(), address)).rejects.toMatchObject({ code: 'settings_invalid' });
    },
  );

  it.each(['', '127.0.0.1:7001', '127.0.0.1:7001/short', `127.0.0.1:0/${'a'.repeat(43)}`])(
    'a dial to %j is answered unreachable',
    async (address) => {
      expect(await dial(peer(), address)).toMatchObject({ status: 'unreachable' });
    },
  );

  it('50 rounds of connecting and leaving leave no handle open', async () => {
    const left = peer();
    const { address, arrivals } = await listen(peer());
    const files = (): number =>
      process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
    const handles = (): number => process.getActiveResourcesInfo().length;
    const round = async (): Promise<void> => {
      const near = witness(await dialOpen(left, address));
      await until(() => arrivals.length > 0, 'the listener to accept');
      const far = witness(arrivals.pop() as Link);
      near.link.close();
      await until(() => far.closed.length + near.closed.length === 2, 'both ends closed');
    };
    await round();
    await sleep(50);
    const filesBefore = files();
    const handlesBefore = handles();
    for (let index = 0; index < 50; index++) await round();
    // The last link may still be on its way out.
    const isAsBefore = (): boolean => files() <= filesBefore + 4 && handles() <= handlesBefore + 5;
    await until(isAsBefore, `${filesBefore} files and ${handlesBefore} handles again`);
    expect(isAsBefore()).toBe(true);
  });
});
