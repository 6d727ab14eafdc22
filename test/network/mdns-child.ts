/** A node's mDNS alone, for another machine: `mdns-child.ts HOST:PORT [CERTIFICATE]`. It prints what it finds. */
import { randomBytes } from 'node:crypto';
import { PROTOCOL } from '#contracts/messages.ts';
import { create } from '#reference/discovery/discovery.ts';
import { startMdns } from '#reference/discovery/mdns.ts';
import { publicKeyOf } from '#reference/transport/quic/identity.ts';
import { didOf } from './quic-pair.ts';

const [address = '', certificate] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const self = didOf(publicKeyOf(randomBytes(32)));

const mdns = await startMdns({
  self,
  version: PROTOCOL,
  address,
  certificate: () => certificate,
  discovery: create({ self }),
  report: (event) => say(`${event.event} ${event.did} ${'address' in event ? event.address : ''}`),
});
say(mdns.unavailable === undefined ? `self ${self}` : `unavailable ${mdns.unavailable}`);
process.once('SIGTERM', () => void mdns.close().then(() => process.exit(0)));
