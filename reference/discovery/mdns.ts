/**
 * The shell of discovery: says on the local network that we are here, and hears who else is.
 *
 * It stands on multicast-dns (packets and sockets) and adds what DNS-SD asks for: announce at the start and
 * again with growing pauses, answer who asks, ask ourselves, take back with TTL 0. What is heard goes
 * as sightings into the core it is given; what the core says goes to `report`.
 *
 * Measured: two processes on the loopback interface find each other in about 3 ms. `bind: '0.0.0.0'` is
 * necessary: the library's default binds the interface's own address, which receives no multicast on
 * Linux. A machine without multicast is told apart by listening for our own announcement, which the
 * kernel sends back to us: `unavailable` then says why, and the node goes on with its bootstrap addresses.
 *
 * Rejected: bonjour-service (leaves out loopback addresses, so nodes of one machine miss each other there) and
 * ciao (announces, cannot browse). Not done: probing for a name conflict (our names are keys), and known
 * answers (a response is 300 bytes, and we give at most four a second).
 */
import multicastDns from 'multicast-dns';
import type { MulticastDNS, ResponsePacket } from 'multicast-dns';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { Discovery, DiscoveryEvent } from '#contracts/discovery.ts';
import { messageOf } from '#contracts/faults.ts';
import type { Cancel } from '#contracts/host.ts';
import type { Did } from '#contracts/identifiers.ts';
import { SERVICE, SERVICES, instanceOf, recordsOf, sightingsIn, speaksFor } from './service.ts';
import type { Announcement } from './service.ts';

/** What is announced, and to whom what is heard goes. */
export interface MdnsOptions {
  readonly self: Did;
  /** Protocol version, for TXT. */
  readonly version: string;
  /** Where our transport listens: an IPv4 `host:port`; 0.0.0.0 announces the interface's address. */
  readonly address: string;
  /** Where the transport knows us by a certificate: its hash, which changes while we run. */
  readonly certificate?: () => string | undefined;
  /** The core that remembers. */
  readonly discovery: Discovery;
  readonly report: (event: DiscoveryEvent) => void;
  /** Called once when the socket is gone without our closing it: nothing is announced or heard any more. */
  readonly died?: (reason: string) => void;
  /** Milliseconds that never go back; performance.now unless told. */
  readonly now?: () => number;
  readonly after?: (delayMs: number, run: () => void) => Cancel;
  /** IPv4 address of the one interface to use; the one we listen at unless told, or the system's default. */
  readonly interface?: string;
  /** UDP port; 5353 unless told. */
  readonly port?: number;
  /** How long others may believe an announcement; 120 unless told. */
  readonly ttlSeconds?: number;
}

/** An announcement that stands until it is closed. */
export interface Mdns {
  /** undefined: it works. Otherwise why not, for people; nothing is open then. */
  readonly unavailable: string | undefined;
  /** Datagrams that were no DNS, and sends that failed. */
  readonly warningCount: number;
  /** Says goodbye and closes the socket. Safe to call twice. */
  close(): Promise<void>;
}

/** Pauses between our announcements: this, doubled each time, up to a third of the TTL. */
const ANNOUNCE_MS_MIN = 1_000;
/** Answers to questions, at most one in this time: a flood of questions makes no flood of answers. */
const ANSWER_SPACING_MS = 250;
const EXPIRY_CHECK_MS = 1_000;
/** Our own announcement comes back within a millisecond where multicast works. */
const PROBE_MS = 500;
const GOODBYE_MS = 200;

const timer = (delayMs: number, run: () => void): Cancel => {
  const handle = setTimeout(run, delayMs);
  return () => clearTimeout(handle);
};

const defaultInterface = (): string =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

interface Place {
  readonly host: string;
  readonly port: number;
  readonly interface: string;
}

/** undefined where the address is none that an A record can tell. */
const placeOf = (address: string, chosen: string | undefined): Place | undefined => {
  const match = /^([0-9.]+):([0-9]+)(?:\/.+)?$/.exec(address);
  if (match === null) return undefined;
  const [, host = '', port = ''] = match;
  const via = chosen ?? (host === '0.0.0.0' ? defaultInterface() : host);
  return { host: host === '0.0.0.0' ? via : host, port: Number(port), interface: via };
};

const none = (reason: string): Mdns => ({
  unavailable: reason,
  warningCount: 0,
  close: async () => undefined,
});

/** Resolves when the socket is bound; rejects with the system's words. */
const bound = (mdns: MulticastDNS): Promise<void> =>
  new Promise((resolve, reject) => {
    mdns.once('ready', resolve);
    mdns.once('error', reject);
  });

/** Starts to announce and to browse. Never rejects: where it cannot work, `unavailable` says why. */
export const startMdns = async (options: MdnsOptions): Promise<Mdns> => {
  const now = options.now ?? (() => performance.now());
  const after = options.after ?? timer;
  const ttl = options.ttlSeconds ?? 120;
  const place = placeOf(options.address, options.interface);
  if (place === undefined)
    return none(`mDNS announces IPv4 addresses, and this node listens at ${options.address}`);
  const announcement = (): Announcement => ({
    did: options.self,
    version: options.version,
    certificate: options.certificate?.(),
    ...place,
  });
  const instance = instanceOf(options.self);
  const timers = new Map<string, Cancel>();
  let warningCount = 0;
  let lastWarning = '';
  let closing: Promise<void> | undefined;
  let isDead = false;

  // Ours and not the library's, which does not tell when its socket breaks.
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const mdns = multicastDns({
    socket,
    bind: '0.0.0.0',
    interface: place.interface,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const warn = (error: unknown): void => {
    warningCount += 1;
    lastWarning = messageOf(error);
  };
  mdns.on('error', warn);
  mdns.on('warning', warn);

  const schedule = (name: string, delayMs: number, run: () => void): void => {
    timers.get(name)?.();
    timers.set(
      name,
      after(delayMs, () => {
        timers.delete(name);
        run();
      }),
    );
  };
  const told = (error: Error | null): void => {
    if (error) warn(error);
  };
  const announce = (): void => mdns.respond({ answers: recordsOf(announcement(), ttl) }, told);
  const ask = (): void => mdns.query(SERVICE, 'PTR', told);
  const report = (events: readonly DiscoveryEvent[]): void => {
    for (const event of events) options.report(event);
  };

  const heard = (packet: ResponsePacket, source: string): void => {
    const places = new Map(options.discovery.candidates().map((one) => [one.did, one.address]));
    for (const sighting of sightingsIn(
      [...(packet.answers ?? []), ...(packet.additionals ?? [])],
      source,
    )) {
      // A goodbye is the announcer's to say.
      const host = places.get(sighting.did)?.replace(/:[0-9]+(?:\/.*)?$/, '') ?? source;
      if (sighting.ttlSeconds === 0 && !speaksFor(source, host)) continue;
      // Who speaks another transport is nobody to dial.
      const isAlike = sighting.address.includes('/') === (announcement().certificate !== undefined);
      if (sighting.ttlSeconds > 0 && !isAlike) continue;
      report(options.discovery.sighted(now(), sighting));
    }
  };

  let answeredAt = -ANSWER_SPACING_MS;
  const answer = (): void => {
    answeredAt = now();
    announce();
  };
  const asked = (names: readonly string[]): void => {
    if (closing !== undefined) return;
    if (names.some((name) => name === SERVICE || name === instance.toLowerCase()))
      if (!timers.has('answer'))
        schedule('answer', Math.max(0, answeredAt + ANSWER_SPACING_MS - now()), answer);
    if (names.includes(SERVICES))
      mdns.respond({ answers: [{ name: SERVICES, type: 'PTR', ttl, data: SERVICE }] }, told);
  };
  mdns.on('query', ({ questions }) =>
    asked((questions ?? []).map(({ name }) => name.toLowerCase())),
  );
  mdns.on('response', (packet, { address }) => heard(packet, address));

  const repeat = (pauseMs: number): void => {
    announce();
    ask();
    // Two of three announcements may be lost before anybody forgets us.
    const boundedMs = Math.min(pauseMs, (ttl * 1_000) / 3);
    schedule('announce', boundedMs, () => repeat(boundedMs * 2));
  };
  const expire = (): void => {
    report(options.discovery.tick(now()));
    schedule('expire', EXPIRY_CHECK_MS, expire);
  };

  /** Whether our own announcement comes back. */
  const hearsItself = (): Promise<boolean> =>
    new Promise((resolve) => {
      const cancel = after(PROBE_MS, () => resolve(false));
      const listen = (packet: ResponsePacket): void => {
        if (packet.answers?.some((answer) => answer.name === instance) !== true) return;
        cancel();
        mdns.off('response', listen);
        resolve(true);
      };
      mdns.on('response', listen);
      repeat(ANNOUNCE_MS_MIN);
    });

  const stopTimers = (): void => {
    for (const cancel of timers.values()) cancel();
    timers.clear();
  };
  const destroy = (): Promise<void> => {
    stopTimers();
    return new Promise((resolve) => {
      try {
        mdns.destroy(resolve);
      } catch {
        resolve(); // The socket is closed already; the library's own timer is stopped by now.
      }
    });
  };

  const goodbye = (): Promise<void> =>
    new Promise((resolve) => {
      if (isDead) return resolve();
      // Before the goodbye, so that no announcement follows it.
      stopTimers();
      const cancel = after(GOODBYE_MS, resolve);
      mdns.respond({ answers: recordsOf(announcement(), 0) }, () => {
        cancel();
        resolve();
      });
    });

  try {
    await bound(mdns);
  } catch (error) {
    await destroy().catch(warn);
    return none(`mDNS cannot open its port: ${messageOf(error)}`);
  }
  if (!(await hearsItself())) {
    await destroy();
    const cause = lastWarning === '' ? '' : ` (${lastWarning})`;
    return none(`multicast does not come back on ${place.interface}${cause}`);
  }
  expire();
  const die = (reason: string): void => {
    if (isDead || closing !== undefined) return;
    isDead = true;
    // Nothing may be sent on a closed socket: that throws.
    stopTimers();
    options.died?.(reason);
  };
  socket.on('error', (error) => die(`the mDNS socket broke: ${messageOf(error)}`));
  socket.on('close', () => die('the mDNS socket was closed'));

  return {
    unavailable: undefined,
    get warningCount() {
      return warningCount;
    },
    close: () => (closing ??= goodbye().then(destroy)),
  };
};
