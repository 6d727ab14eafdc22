/**
 * `spread`: what it takes until everybody knows, at 50 simulated nodes that lose every fifth frame.
 *
 * Nobody can do with less than one message and the record's bytes for each node that lacks it. Push and pull together need about log2 n + ln n rounds
 * where each node calls one other (Karp et al., 2000); we call a few at once, so fewer hops.
 */
import { median, quantile } from './measure.ts';
import type { Bench, BenchOptions, Figure } from './report.ts';
import { spreadingMs, watchSpreading, type Spreading } from './spreading.ts';

const NODES = 50;
/** A real minute or less on a busy machine; with `full` five times as many. */
const [ENTRIES, ENTRIES_FULL] = [200, 1_000];
const LOSS = 0.2;
/** Ten payments a second: a busy cooperative, and some digests in between. */
const PAYMENT_EVERY_MS = 100;

const figuresOf = (run: Spreading, entries: number): Figure[] => {
  const { tookMs, agreedMs, messages, frames, bytes, arrivals, recordBytes } = run;
  const received = arrivals.filter(({ by }) => by !== 'publish');
  const hops = received.map((each) => each.hops);
  const pushed = received.filter(({ by }) => by === 'announce').length;
  const rounds = Math.log2(NODES) + Math.log(NODES);
  const spans = spreadingMs(arrivals);
  const others = NODES - 1;
  return [
    { name: 'real time', value: tookMs, unit: 'ms' },
    { name: 'real time a frame', value: tookMs / frames, unit: 'ms' },
    { name: 'virtual time, payment to everywhere, median', value: median(spans), unit: 'ms' },
    { name: 'the same, 99th percentile', value: quantile(spans, 0.99), unit: 'ms' },
    { name: 'virtual time, last payment to agreement', value: agreedMs, unit: 'ms' },
    { name: 'hops, median', value: median(hops), unit: 'hops', limit: rounds },
    { name: 'hops, most', value: Math.max(...hops), unit: 'hops', limit: rounds },
    { name: 'gossip messages an entry', value: messages / entries, unit: '', limit: others },
    { name: 'all frames an entry', value: frames / entries, unit: '', limit: others },
    { name: 'bytes an entry', value: bytes / entries, unit: '', limit: others * recordBytes },
    { name: 'arrived by push', value: (100 * pushed) / received.length, unit: '%' },
  ];
};

export const spread: Bench = {
  summary: `entries among ${NODES} simulated nodes that lose every fifth frame`,
  async run({ full }: BenchOptions) {
    const entries = full ? ENTRIES_FULL : ENTRIES;
    const run = await watchSpreading({
      seed: 'bench spread',
      nodes: NODES,
      entries,
      everyMs: PAYMENT_EVERY_MS,
      loss: LOSS,
      tailMs: 0,
    });
    return {
      name: 'spread',
      about: [
        `${entries} payments among ${NODES} nodes, one every ${PAYMENT_EVERY_MS} ms of virtual time, ${100 * LOSS} % of frames lost`,
        `a record has ${Math.round(run.recordBytes)} bytes; lost messages and digests count, frames are messages and pings`,
        'limits: log2 n + ln n rounds of push and pull; a message and the bytes of the record for each of the others',
      ],
      figures: figuresOf(run, entries),
    };
  },
};
