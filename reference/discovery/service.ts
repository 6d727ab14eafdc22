/**
 * Our DNS-SD service as records, and records as sightings (RFC 6763).
 *
 * One instance of `_icn._tcp.local` per DID. Its label is the DID's key part (48 bytes, a label has at most 63),
 * so that a goodbye whose sender names the instance alone still tells whom it is about.
 *
 * A responder speaks for itself only: an address is taken when the datagram came from it, or when it is
 * a loopback address and the datagram came from this machine. Otherwise one hostile host could point every
 * node of the network at a victim of its choice.
 */
import { networkInterfaces } from 'node:os';
import type { ResponseOutgoingPacket } from 'multicast-dns';
import type { Sighting } from '#contracts/discovery.ts';
import type { Did } from '#contracts/identifiers.ts';

export const SERVICE = '_icn._tcp.local';
/** Asked by browsers that look for kinds of service (RFC 6763 section 9). */
export const SERVICES = '_services._dns-sd._udp.local';
/** A resource record. */
export type Answer = ResponseOutgoingPacket['answers'][number];

const DID_PREFIX = 'did:key:';

/** What a node says about itself. */
export interface Announcement {
  readonly did: Did;
  readonly version: string;
  /** An IPv4 address at which others reach us. */
  readonly host: string;
  readonly port: number;
  /** Where the transport knows us by a certificate: its hash, base64url. */
  readonly certificate?: string | undefined;
}

export const instanceOf = (did: Did): string => `${did.slice(DID_PREFIX.length)}.${SERVICE}`;

/** All records of one instance; a TTL of 0 is its goodbye. */
export const recordsOf = (announcement: Announcement, ttl: number): Answer[] => {
  const { did, version, host, port, certificate } = announcement;
  const instance = instanceOf(did);
  const target = `${did.slice(DID_PREFIX.length)}.local`;
  const way =
    certificate === undefined
      ? [`addr=/ip4/${host}/udp/${port}/quic-v1`]
      : [`addr=/ip4/${host}/tcp/${port}/tls`, `cert=${certificate}`];
  const text = [`did=${did}`, `v=${version}`, ...way];
  // The top bit of the class (RFC 6762 section 10.2) tells caches to forget what they held; not for
  // PTR, which is shared by all instances.
  return [
    { name: SERVICE, type: 'PTR', ttl, data: instance },
    { name: instance, type: 'SRV', ttl, flush: true, data: { port, target } },
    { name: instance, type: 'TXT', ttl, flush: true, data: text },
    { name: target, type: 'A', ttl, flush: true, data: host },
  ];
};

const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));

/** Whether a datagram from `source` may tell of `host`. */
export const speaksFor = (source: string, host: string): boolean =>
  source === host || (host.startsWith('127.') && ownAddresses().includes(source));

const textValue = (data: unknown, key: string): string | undefined => {
  const pieces = Array.isArray(data) ? data : [data];
  for (const piece of pieces) {
    const text = Buffer.isBuffer(piece) ? piece.toString('utf8') : String(piece);
    if (text.startsWith(`${key}=`)) return text.slice(key.length + 1);
  }
  return undefined;
};

interface Instance {
  ttl: number;
  text: unknown;
  target: string | undefined;
  port: number;
}

const isInstance = (name: string): boolean =>
  name.toLowerCase().endsWith(`.${SERVICE}`) && name.length > SERVICE.length + 1;

/** The pieces that belong together, by the name of the instance. */
const gather = (answers: readonly Answer[]) => {
  const instances = new Map<string, Instance>();
  const hosts = new Map<string, string[]>();
  const instance = (name: string, ttl: number): Instance => {
    const known = instances.get(name) ?? { ttl, text: undefined, target: undefined, port: 0 };
    known.ttl = Math.min(known.ttl, ttl);
    instances.set(name, known);
    return known;
  };
  for (const answer of answers) {
    if (answer.type === 'PTR' && answer.name.toLowerCase() === SERVICE && isInstance(answer.data))
      instance(answer.data, answer.ttl ?? 0);
    else if (answer.type === 'TXT' && isInstance(answer.name))
      instance(answer.name, answer.ttl ?? 0).text = answer.data;
    else if (answer.type === 'SRV' && isInstance(answer.name)) {
      const found = instance(answer.name, answer.ttl ?? 0);
      found.target = answer.data.target;
      found.port = answer.data.port;
    } else if (answer.type === 'A')
      hosts.set(answer.name, [...(hosts.get(answer.name) ?? []), answer.data]);
  }
  return { instances, hosts };
};

/** The sightings in one response from `source`. What is incomplete, or told of somebody else, is left out. */
export const sightingsIn = (answers: readonly Answer[], source: string): readonly Sighting[] => {
  const { instances, hosts } = gather(answers);
  const sightings: Sighting[] = [];
  for (const [name, { ttl, text, target, port }] of instances) {
    const label = name.slice(0, -SERVICE.length - 1);
    const did = (textValue(text, 'did') ?? `${DID_PREFIX}${label}`) as Did;
    const version = textValue(text, 'v') ?? '-';
    const host = (hosts.get(target ?? '') ?? []).find((one) => speaksFor(source, one));
    if (host === undefined && ttl > 0) continue;
    const certificate = textValue(text, 'cert');
    const place = `${host ?? source}:${port}`;
    const address = certificate === undefined ? place : `${place}/${certificate}`;
    sightings.push({ did, version, address, ttlSeconds: ttl });
  }
  return sightings;
};
