/**
 * The gossipsub of libp2p on the load of `npm run bench delivery`: `node gossipsub.mjs LOAD`, where LOAD
 * is `{"neighbours": [[1, 2], ...], "entries": 100, "bytes": 748, "everyMs": 100, "tailMs": 3000}`.
 *
 * All nodes are in this process, with links in memory and nothing encrypted. Prints one line of JSON. What
 * it counts are the RPCs that gossipsub sends, as it encodes them: what the links below add is left out.
 */

// libp2p counts on a newer Node than we do.
Promise.withResolvers ??= () => {
  let [resolve, reject] = [];
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};

const { createLibp2p } = await import('libp2p');
const { gossipsub } = await import('@chainsafe/libp2p-gossipsub');
const { yamux } = await import('@chainsafe/libp2p-yamux');
const { identify } = await import('@libp2p/identify');
const { memory } = await import('@libp2p/memory');
const { plaintext } = await import('@libp2p/plaintext');
const main = new URL(import.meta.resolve('@chainsafe/libp2p-gossipsub'));
const { RPC } = await import(new URL('./message/rpc.js', main).href);

const TOPIC = 'delivery';
/** Heartbeats are a second apart: meshes are grafted and quiet by then. */
const SETTLE_MS = 5_000;

const load = JSON.parse(process.argv[2]);
const counted = { messages: 0, copies: 0, bytes: 0 };
/** By node and entry. */
const hops = new Map();
/** By entry: who lacks it still, when it was said, and when the last one took it. */
const entries = new Map();

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const numberIn = ({ data }) => new DataView(data.buffer, data.byteOffset).getUint32(0);

const createNode = (index) =>
  createLibp2p({
    addresses: { listen: [`/memory/${index}`] },
    transports: [memory()],
    connectionEncrypters: [plaintext()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 },
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  });

/** Counts what a node sends, and notes how each entry came to it. */
const watch = (node) => {
  const { pubsub } = node.services;
  const self = node.peerId.toString();
  const send = pubsub.sendRpc.bind(pubsub);
  pubsub.sendRpc = (to, rpc) => {
    counted.messages += 1;
    counted.copies += rpc.messages?.length ?? 0;
    counted.bytes += RPC.encode({ subscriptions: [], messages: [], ...rpc }).length;
    return send(to, rpc);
  };
  const receive = pubsub.handleReceivedMessage.bind(pubsub);
  pubsub.handleReceivedMessage = (from, message) => {
    const entry = numberIn(message);
    const key = `${self} ${entry}`;
    if (!hops.has(key)) hops.set(key, (hops.get(`${from} ${entry}`) ?? 0) + 1);
    return receive(from, message);
  };
  pubsub.addEventListener('message', ({ detail }) => {
    const entry = entries.get(numberIn(detail));
    entry.lacking -= 1;
    entry.toMs = performance.now();
  });
};

const nodes = [];
for (const index of load.neighbours.keys()) nodes.push(await createNode(index));
for (const { services } of nodes) services.pubsub.subscribe(TOPIC);
for (const [index, neighbours] of load.neighbours.entries()) {
  for (const each of neighbours) await nodes[index].dial(nodes[each].getMultiaddrs()[0]);
}
await sleep(SETTLE_MS);
for (const node of nodes) watch(node);

for (let entry = 0; entry < load.entries; entry++) {
  const data = new Uint8Array(load.bytes);
  new DataView(data.buffer).setUint32(0, entry);
  entries.set(entry, { lacking: nodes.length - 1, fromMs: performance.now(), toMs: Number.NaN });
  await nodes[entry % nodes.length].services.pubsub.publish(TOPIC, data);
  await sleep(load.everyMs);
}
await sleep(load.tailMs);

const arrived = [...entries.values()].filter(({ lacking }) => lacking === 0);
const answer = {
  ...counted,
  everywhere: arrived.length,
  hops: [...hops.values()],
  spansMs: arrived.map(({ fromMs, toMs }) => toMs - fromMs),
};
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit());
