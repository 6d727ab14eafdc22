/**
 * `transport`: links over WebTransport beside links over QUIC, on the same work in turn.
 *
 * Both ends in one process, on loopback, by the same contract; a round of one is followed by a round of
 * the other. QUIC stands where the limit stands elsewhere: it is what a node speaks unless told.
 */
import { randomBytes } from 'node:crypto';
import type { Link, SendStatus, Transport } from '#contracts/transport.ts';
import { encodeDid } from '#reference/records/did.ts';
import { createQuicTransport } from '#reference/transport/quic.ts';
import { createWebTransport } from '#reference/transport/webtransport.ts';
import { median, timedAsync } from './measure.ts';
import type { Bench, Figure } from './report.ts';

const ROUNDS = 5;
const CONNECTS = 20;
const ROUND_TRIPS = 500;
const FRAME_BYTES = 500;
const FRAMES = 20_000;
const LARGE_BYTES = 65_536;
const LARGE_FRAMES = 512;

const makers: { readonly [name: string]: () => Transport } = {
  quic: () => createQuicTransport({ seed: randomBytes(32), didOf: encodeDid }),
  webtransport: () => createWebTransport(),
};

/** A link that counts what it hears, and tells when there is room. */
interface End {
  readonly link: Link;
  /** Resolves when so many bytes more have come. */
  heard(bytes: number): Promise<void>;
  /** Resolves when the link drained after a `full`. */
  drained(): Promise<void>;
  ended(): Promise<void>;
}

const openEnd = (link: Link, echoes: boolean): End => {
  let heardBytes = 0;
  let wantedBytes = Number.POSITIVE_INFINITY;
  let onHeard: (() => void) | undefined;
  let onDrained: (() => void) | undefined;
  let onEnded: (() => void) | undefined;
  const ended = new Promise<void>((resolve) => (onEnded = resolve));
  link.open({
    received(bytes) {
      if (echoes && bytes.length <= FRAME_BYTES) link.send(bytes);
      heardBytes += bytes.length;
      if (heardBytes >= wantedBytes) onHeard?.();
    },
    drained: () => onDrained?.(),
    closed: () => onEnded?.(),
  });
  return {
    link,
    heard: (bytes) =>
      new Promise((resolve) => {
        heardBytes = 0;
        wantedBytes = bytes;
        onHeard = resolve;
      }),
    drained: () => new Promise((resolve) => (onDrained = resolve)),
    ended: () => ended,
  };
};

const sendAll = async (from: End, frame: Uint8Array, count: number): Promise<void> => {
  for (let sent = 0; sent < count;) {
    const status: SendStatus = from.link.send(frame);
    if (status === 'closed') throw new Error('the link ended');
    if (status === 'accepted') sent += 1;
    else await from.drained();
  }
};

const openPair = async (make: () => Transport) => {
  const [left, right] = [make(), make()];
  const arrivals: Link[] = [];
  let onArrival: (() => void) | undefined;
  const { address } = await right.listen('127.0.0.1:0', (link) => {
    arrivals.push(link);
    onArrival?.();
  });
  const dial = (): Promise<Link> =>
    new Promise((resolve, reject) => {
      left.dial(address, undefined, (result) =>
        result.status === 'open' ? resolve(result.link) : reject(new Error(result.reason)),
      );
    });
  const connect = async (): Promise<{ near: End; far: End }> => {
    const near = await dial();
    while (arrivals.length === 0) await new Promise<void>((resolve) => (onArrival = resolve));
    return { near: openEnd(near, false), far: openEnd(arrivals.pop()!, true) };
  };
  return { connect, close: () => Promise.all([left.close(), right.close()]) };
};

/** Milliseconds of each piece of work. */
interface Times {
  readonly connect: number;
  readonly roundTrip: number;
  readonly small: number;
  readonly large: number;
}

/** One round of everything over one transport. */
const measureRound = async ({ connect }: Awaited<ReturnType<typeof openPair>>): Promise<Times> => {
  const connects: number[] = [];
  for (let index = 0; index < CONNECTS; index++) {
    let made: Awaited<ReturnType<typeof connect>> | undefined;
    connects.push(await timedAsync(async () => (made = await connect())));
    made?.near.link.close();
    await made?.far.ended();
  }
  const { near, far } = await connect();
  const frame = new Uint8Array(randomBytes(FRAME_BYTES));
  const trips: number[] = [];
  for (let index = 0; index < ROUND_TRIPS; index++) {
    trips.push(
      await timedAsync(() => {
        const answered = near.heard(FRAME_BYTES);
        near.link.send(frame);
        return answered;
      }),
    );
  }
  const through = (bytes: Uint8Array, count: number): Promise<number> =>
    timedAsync(() => {
      const all = far.heard(bytes.length * count);
      return Promise.all([all, sendAll(near, bytes, count)]);
    });
  const small = await through(frame.subarray(0, FRAME_BYTES), FRAMES);
  const large = await through(new Uint8Array(randomBytes(LARGE_BYTES)), LARGE_FRAMES);
  near.link.close();
  await far.ended();
  return { connect: median(connects), roundTrip: median(trips), small, large };
};

const NAMES: { readonly [Name in keyof Times]: string } = {
  connect: 'dial to open link',
  roundTrip: `${FRAME_BYTES} B there and back`,
  small: `${FRAMES} frames of ${FRAME_BYTES} B one way`,
  large: `${(LARGE_FRAMES * LARGE_BYTES) / 1_048_576} MiB one way in frames of 64 KiB`,
};

const measure = async (): Promise<Figure[]> => {
  const pairs = await Promise.all(Object.values(makers).map(openPair));
  const times: Times[][] = pairs.map(() => []);
  // The first round of each is for the compiler.
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, pair] of pairs.entries()) {
      const measured = await measureRound(pair);
      if (round >= 0) times[index]!.push(measured);
    }
  }
  await Promise.all(pairs.map(({ close }) => close()));
  const [quic = [], webTransport = []] = times;
  return (Object.keys(NAMES) as (keyof Times)[]).map((name) => ({
    name: NAMES[name],
    value: median(webTransport.map((each) => each[name])),
    unit: 'ms',
    limit: median(quic.map((each) => each[name])),
  }));
};

export const transport: Bench = {
  summary: 'links over WebTransport beside links over QUIC, on loopback',
  async run() {
    return {
      name: 'transport',
      about: [
        `measured: WebTransport (HTTP/2); limit: QUIC, on the same work in turn; medians of ${ROUNDS} rounds`,
        'both ends in one process, on loopback; default settings; a link is open when its tokens are exchanged',
      ],
      figures: await measure(),
    };
  },
};
