/**
 * `visible`: how long from `pay` on one node until the other has it on its disk and tells its watchers.
 *
 * Two nodes in one process, each with a store and a QUIC transport of its own; one clock, and nothing
 * to gain from a second process, because each step waits for the one before. The limit does what no
 * node can leave out, on the same kind of link and store, between two payments: the frame of the
 * payment there and back, the same writes durably in two other stores, one signature, one check of it.
 */
import type { Write } from '#contracts/host.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Link } from '#contracts/transport.ts';
import { referenceLayers } from '#reference/layers.ts';
import type { Node } from '#contracts/node.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { ANNOUNCE_WINDOW_MS } from '#reference/node/peers/herald.ts';
import { CURRENCY, TOPIC, foundCooperative, type Cooperative } from './cooperative.ts';
import { median, quantile, timed, timedAsync } from './measure.ts';
import type { Bench, Figure } from './report.ts';
import { commitDurably, openNode, openStore, withFolder } from './rig.ts';

/** A node is up for days: what it does is compiled by then. */
const WARM_UP = 500;
const PAYMENTS = 500;

/** Before each payment and before its limit: one at a time is meant, and none waits for company. */
const PAUSE_MS = ANNOUNCE_WINDOW_MS;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const transportOf = (seed: Uint8Array) => createQuicTransport({ seed, didOf: encodeDid });

/** Resolves with the next record that this node tells of. */
const nextDelivery = (node: Node): Promise<SignedRecord> =>
  new Promise((resolve) => {
    const cancel = node.watch((event) => {
      if (event.event !== 'delivered') return;
      cancel();
      resolve(event.record);
    });
  });

const connected = (node: Node): Promise<void> =>
  new Promise((resolve) => {
    node.watch(({ event }) => void (event === 'connected' && resolve()));
  });

/** A link to a listener that says back what it hears. */
const openEcho = async ({ members }: Cooperative) => {
  const [near, far] = members.slice(2).map(({ seed }) => transportOf(seed));
  const accept = (link: Link): void =>
    link.open({
      received: (bytes) => void link.send(bytes),
      drained: () => undefined,
      closed: () => undefined,
    });
  const { address } = await far!.listen('127.0.0.1:0', accept);
  const link = await new Promise<Link>((resolve, reject) => {
    near!.dial(address, members[3]!.signer.did, (result) =>
      result.status === 'open' ? resolve(result.link) : reject(new Error(result.reason)),
    );
  });
  let heardBytes = 0;
  let answered: (() => void) | undefined;
  let bytesWanted = 0;
  link.open({
    received(bytes) {
      heardBytes += bytes.length;
      if (heardBytes >= bytesWanted) answered?.();
    },
    drained: () => undefined,
    closed: () => undefined,
  });
  return {
    roundTrip: (frame: Uint8Array): Promise<void> =>
      new Promise((resolve) => {
        heardBytes = 0;
        bytesWanted = frame.length;
        answered = resolve;
        link.send(frame);
      }),
    close: () => Promise.all([near!.close(), far!.close()]),
  };
};

/** Two nodes, linked and subscribed. */
const openNodes = async (cooperative: Cooperative, folder: string) => {
  const [payer, payee] = await Promise.all(
    [0, 1].map((member) =>
      openNode({
        cooperative,
        member,
        folder: `${folder}/node-${member}`,
        transport: transportOf(cooperative.members[member]!.seed),
      }),
    ),
  );
  const linked = Promise.all([connected(payer!.node), connected(payee!.node)]);
  const address = await payee!.node.start('127.0.0.1:0', []);
  await payer!.node.start('127.0.0.1:0', [{ address, did: cooperative.members[1]!.signer.did }]);
  await linked;
  return { payer: payer!, payee: payee! };
};

/** Milliseconds of the parts of the limit. */
interface Parts {
  readonly roundTripMs: number;
  readonly commitsMs: number;
  readonly signaturesMs: number;
}

const figuresOf = (seen: readonly number[], parts: readonly Parts[]): Figure[] => {
  const limits = parts.map(
    ({ roundTripMs, commitsMs, signaturesMs }) => roundTripMs + commitsMs + signaturesMs,
  );
  const partOf = (name: keyof Parts): number => median(parts.map((each) => each[name]));
  return [
    {
      name: 'visible, median',
      value: median(seen),
      unit: 'ms',
      limit: median(limits),
      timesMax: 1.5,
    },
    {
      name: 'visible, 10th percentile',
      value: quantile(seen, 0.1),
      unit: 'ms',
      limit: quantile(limits, 0.1),
    },
    {
      name: 'visible, 99th percentile',
      value: quantile(seen, 0.99),
      unit: 'ms',
      limit: quantile(limits, 0.99),
    },
    { name: 'limit: round trip', value: partOf('roundTripMs'), unit: 'ms' },
    { name: 'limit: a commit a side', value: partOf('commitsMs'), unit: 'ms' },
    { name: 'limit: sign and verify', value: partOf('signaturesMs'), unit: 'ms' },
  ];
};

const measure = async (folder: string) => {
  const cooperative = foundCooperative(4);
  const { content, records, members } = cooperative;
  const frames = referenceLayers.frames({ content });
  const { payer, payee } = await openNodes(cooperative, folder);
  const echo = await openEcho(cooperative);
  const stores = await Promise.all(['a', 'b'].map((name) => openStore(`${folder}/bare-${name}`)));
  const to: Did = members[1]!.signer.did;

  const payAndSee = async (): Promise<{ tookMs: number; record: SignedRecord }> => {
    const seen = nextDelivery(payee.node);
    const beganAt = performance.now();
    const outcome = payer.node.pay({ currency: CURRENCY, to, amount: 100n });
    const record = await seen;
    const tookMs = performance.now() - beganAt;
    if (!(await outcome).ok) throw new Error('a payment was refused');
    return { tookMs, record };
  };

  const limitOf = async (record: SignedRecord): Promise<Parts> => {
    const claims = [record as unknown as Json];
    const frame = frames.encode({ type: 'announce', topic: TOPIC, records: claims, ids: [] });
    const writes: Write[][] = [payer, payee].map(({ store }) => store.taken().flat());
    const message = new TextEncoder().encode(`icn/v1/record:${record.id}`);
    const { signer } = members[0]!;
    return {
      roundTripMs: await timedAsync(() => echo.roundTrip(frame)),
      commitsMs: await timedAsync(async () => {
        for (const [side, store] of stores.entries()) await commitDurably(store, writes[side]!);
      }),
      signaturesMs: timed(() => records.verify(signer.did, message, signer.sign(message))),
    };
  };

  const seen: number[] = [];
  const parts: Parts[] = [];
  payer.store.taken();
  payee.store.taken();
  for (let payment = -WARM_UP; payment < PAYMENTS; payment++) {
    await pause(PAUSE_MS);
    const { tookMs, record } = await payAndSee();
    await pause(PAUSE_MS);
    const limit = await limitOf(record);
    if (payment < 0) continue;
    seen.push(tookMs);
    parts.push(limit);
  }
  await echo.close();
  await Promise.all([
    payer.node.stop(),
    payee.node.stop(),
    ...stores.map((store) => store.close()),
  ]);
  return { seen, parts };
};

export const visible: Bench = {
  summary: 'an entry paid on one node and durable on the other, over QUIC on loopback',
  async run() {
    const { seen, parts } = await withFolder(measure);
    return {
      name: 'visible',
      about: [
        `from pay() on one node until the other has it durably and says so; ${PAYMENTS} payments, ${2 * PAUSE_MS} ms apart`,
        'two nodes in one process, own stores, own QUIC transports; default settings',
        'limit, between two payments: the same frame there and back over such a link, the same writes',
        'durably in one bare store and then another, one signature and one check of it',
        'where others use the machine, the 10th percentile is what they disturb least',
      ],
      figures: figuresOf(seen, parts),
    };
  },
};
