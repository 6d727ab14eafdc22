/** `node start`: runs a node until it is told to stop. */
import type { Json } from '#contracts/identifiers.ts';
import type { Node, NodeEvent } from '#contracts/node.ts';
import { readSettings, settingsSchema } from '#reference/config.ts';
import { eventLine, eventView } from '#reference/operations/events.ts';
import { formatAddress } from '#reference/transport/address.ts';
import { EXIT } from '#reference/commands/exit.ts';
import { show } from '../ask.ts';
import type { DaemonOptions } from '../daemon/daemon.ts';
import type { Home } from '../home/home.ts';
import { printable } from '../print/print.ts';
import { common, type Subcommand } from '../subcommand.ts';
import { checkPeers, TRANSPORTS } from '../daemon/transports.ts';
import { oneOf, wholeNumber, type Spoken, type Vocabulary } from '#reference/commands/words.ts';

const startWords: Vocabulary = {
  port: {
    value: 'N',
    summary: 'port, of UDP for QUIC, of TCP for WebTransport; 0 lets the system choose',
    byDefault: '0',
  },
  host: { value: 'ADDRESS', summary: 'address to listen at', byDefault: '0.0.0.0' },
  control: {
    value: 'N',
    summary: 'TCP port of the control server on 127.0.0.1; 0 lets the system choose',
    byDefault: '0',
  },
  transport: { value: TRANSPORTS.join('|'), summary: 'what links go over', byDefault: 'quic' },
  peers: {
    value: 'HOST:PORT,...',
    summary: 'whom to dial besides those that mDNS finds; over WebTransport HOST:PORT/HASH',
  },
  interface: { value: 'ADDRESS', summary: 'IPv4 address of the interface for mDNS' },
  alone: { summary: 'no mDNS: neither announce nor browse' },
  verbose: { summary: 'log every refusal and every dial, as JSON on standard error' },
};

const settingWords: Vocabulary = Object.fromEntries(
  Object.entries(settingsSchema.shape).map(([name, schema]) => {
    const { unit, reason } = schema.meta() as { readonly unit: string; readonly reason: string };
    return [
      name,
      { value: unit.toUpperCase(), summary: reason, byDefault: String(schema.parse(undefined)) },
    ];
  }),
);

/** One line an event, on standard output. */
const tell = (node: Node, event: NodeEvent, json: boolean): void => {
  const time = new Date().toISOString();
  if (json) console.log(JSON.stringify({ time, ...eventView(node, event) }));
  // Every record is told when it is delivered; of a merge people want to know what went wrong.
  else if (event.event !== 'merged' || event.decision.hasIssues())
    console.log(printable(`${time.slice(11, 19)} ${eventLine(node, event)}`));
};

const runStart = async (home: Home, spoken: Spoken): Promise<number> => {
  const settings = readSettings(
    Object.fromEntries([...spoken.values].filter(([word]) => Object.hasOwn(settingWords, word))),
  );
  const peers = (spoken.values.get('peers') ?? '').split(',').filter((each) => each !== '');
  const transport = oneOf(spoken, 'transport', TRANSPORTS) ?? 'quic';
  checkPeers(transport, peers);
  const port = wholeNumber(spoken, 'port', 0, [0, 65_535]);
  const controlPort = wholeNumber(spoken, 'control', 0, [0, 65_535]);
  const host = spoken.values.get('host') ?? '0.0.0.0';
  const networkInterface = spoken.values.get('interface');
  const level = spoken.values.has('verbose') ? 'debug' : 'warn';
  // Loaded here: a question to a running node passes through this file and needs neither.
  const { runDaemon } = await import('../daemon/daemon.ts');
  const { referenceLayers } = await import('#reference/layers.ts');
  const options: DaemonOptions = {
    home,
    layers: referenceLayers,
    settings,
    transport,
    listen: formatAddress({ host, port }),
    controlPort,
    peers: peers.map((address) => ({ address, did: undefined })),
    multicast: spoken.values.has('alone')
      ? undefined
      : networkInterface === undefined
        ? {}
        : { interface: networkInterface },
    logLevel: level,
  };
  const ran = await runDaemon(options, process.send !== undefined, (daemon) => {
    const value: Json = {
      did: daemon.node.did,
      network: daemon.node.network.genesis.name,
      address: daemon.address,
      transport,
      control: daemon.control?.address ?? null,
      multicast: spoken.values.has('alone') ? 'not wanted' : (daemon.multicastUnavailable ?? null),
    };
    show('start', { ok: true, value }, spoken);
    // The daemon forgets its node while it closes, and the node has things to say until then.
    const { node } = daemon;
    const json = spoken.values.has('json');
    // Links that were open before anybody listened.
    for (const { did } of node.peers()) tell(node, { event: 'connected', peer: did }, json);
    node.watch((event) => tell(node, event, json));
  });
  return ran ? EXIT.ok : EXIT.interrupted;
};

export const start: Subcommand = {
  usage: '',
  summary: 'runs the node until Ctrl-C',
  restMin: 0,
  restMax: 0,
  words: { ...startWords, ...settingWords, ...common },
  run: runStart,
};
