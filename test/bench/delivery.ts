/**
 * `delivery`: what an entry costs until everybody has it, at 10, 50 and 200 nodes, beside the gossipsub of
 * libp2p on the same load and the same graph, with nothing lost on either side.
 *
 * Ours are real nodes over a simulated network and a virtual clock; gossipsub has no virtual clock and runs
 * in real time, all nodes in one process. So hops, messages, copies and bytes compare; times do not, and are
 * printed without a ratio.
 */
import { createRandom } from '#reference/sim/random.ts';
import { installGossipsub, runGossipsub, type Delivered, type Load } from './gossipsub.ts';
import { median } from './measure.ts';
import type { Bench, Figure } from './report.ts';
import { spreadingMs, watchSpreading, type Spreading } from './spreading.ts';

/** How many nodes, and so many entries among them: what is said of each needs no more of them. */
const LOADS: readonly (readonly [nodes: number, entries: number])[] = [
  [10, 100],
  [50, 50],
  [200, 40],
];
/** The whole takes ten minutes at most: what gossipsub has not measured by then is left out, and said. */
const WHOLE_MS_MAX = 540_000;
const EVERY_MS = 100;
const TAIL_MS = 3_000;
/** Links of a node on average; ten nodes have nine each. */
const DEGREE = 20;

/** Each node dials so many others, drawn by chance, that it has about DEGREE links. */
const drawNeighbours = (nodes: number): readonly (readonly number[])[] => {
  const random = createRandom(`bench delivery ${nodes}`);
  const dialled = Math.ceil(Math.min(DEGREE, nodes - 1) / 2);
  return Array.from({ length: nodes }, (_, index) => {
    const drawn = new Set<number>();
    while (drawn.size < dialled) drawn.add((index + 1 + random.integer(nodes - 1)) % nodes);
    return [...drawn];
  });
};

/** Entries that every node took. */
const everywhere = (nodes: number, { arrivals }: Spreading): number => {
  const takers = new Map<string, number>();
  for (const { id } of arrivals) takers.set(id, (takers.get(id) ?? 0) + 1);
  return [...takers.values()].filter((count) => count === nodes).length;
};

const figuresOf = (
  [nodes, entries]: readonly [number, number],
  ours: Spreading,
  theirs: Delivered | undefined,
): Figure[] => {
  const others = nodes - 1;
  const hops = ours.arrivals.filter(({ by }) => by !== 'publish').map((each) => each.hops);
  const figure = (
    name: string,
    unit: Figure['unit'],
    value: number,
    limitOf: (delivered: Delivered) => number,
  ): Figure => ({
    name: `${nodes} nodes: ${name}`,
    unit,
    value,
    ...(theirs && { limit: limitOf(theirs) }),
  });
  const only = (name: string, value: number): Figure => ({
    name: `${nodes} nodes: ${name}`,
    unit: 'ms',
    value,
  });
  /** What is said beside the records themselves. */
  const beside = (bytes: number, copies: number): number => bytes - copies * ours.recordBytes;
  return [
    figure('hops, median', 'hops', median(hops), (each) => median(each.hops)),
    figure('hops, most', 'hops', Math.max(...hops), (each) =>
      each.hops.reduce((a, b) => Math.max(a, b), 0),
    ),
    figure(
      'messages an entry and receiver',
      '',
      ours.messages / entries / others,
      (each) => each.messages / entries / others,
    ),
    figure(
      'copies an entry and receiver',
      '',
      ours.copies / entries / others,
      (each) => each.copies / entries / others,
    ),
    figure(
      'bytes an entry and receiver',
      'bytes',
      ours.bytes / entries / others,
      (each) => each.bytes / entries / others,
    ),
    figure(
      'the same without the records',
      'bytes',
      beside(ours.bytes, ours.copies) / entries / others,
      (each) => beside(each.bytes, each.copies) / entries / others,
    ),
    figure('entries that came everywhere', '', everywhere(nodes, ours), (each) => each.everywhere),
    only('to everywhere, median, virtual time', median(spreadingMs(ours.arrivals))),
    ...(theirs ? [only('gossipsub to everywhere, median, real time', median(theirs.spansMs))] : []),
  ];
};

const measure = async (
  [nodes, entries]: readonly [number, number],
  gossipsubMsMax: () => number,
): Promise<Figure[]> => {
  const neighbours = drawNeighbours(nodes);
  const ours = await watchSpreading({
    seed: `bench delivery ${nodes}`,
    nodes,
    entries,
    everyMs: EVERY_MS,
    loss: 0,
    tailMs: TAIL_MS,
    neighboursOf: (index) => neighbours[index]!,
  });
  const bytes = Math.round(ours.recordBytes);
  const load: Load = { neighbours, entries, bytes, everyMs: EVERY_MS, tailMs: TAIL_MS };
  return figuresOf([nodes, entries], ours, await runGossipsub(load, gossipsubMsMax()));
};

export const delivery: Bench = {
  summary: 'an entry to 10, 50 and 200 nodes beside gossipsub; installs it in .bench; minutes',
  async run() {
    const untilMs = performance.now() + WHOLE_MS_MAX;
    const missing = await installGossipsub();
    const figures: Figure[] = [];
    for (const [index, load] of LOADS.entries()) {
      // Half of what is left, so that the next one has a chance too; the last one all.
      const share = index === LOADS.length - 1 ? 1 : 0.5;
      const msMax = (): number =>
        missing === undefined ? share * (untilMs - performance.now()) : 0;
      figures.push(...(await measure(load, msMax)));
    }
    return {
      name: 'delivery',
      about: [
        LOADS.map(([nodes, entries]) => `${entries} entries among ${nodes} nodes`).join(', '),
        `one every ${EVERY_MS} ms, each by the next node; about ${DEGREE} links a node, nothing lost`,
        missing === undefined
          ? 'limit: @chainsafe/libp2p-gossipsub 14.1.1 as it is configured by default (mesh of 6 to 12), same graph, entries of the same size'
          : `without gossipsub, which could not be installed: ${missing}`,
        'ours in virtual time over a simulated network that delays frames; gossipsub in real time, all nodes in one process, links in memory',
        'from the first entry until 3 s after the last; our messages with digests and what repairs, our bytes with pings too; theirs with IHAVE, IWANT, IDONTWANT, GRAFT and PRUNE',
        'bytes: our frames, gossipsub RPCs as encoded; neither with what a transport adds. Our entries are signed by their authors, gossipsub adds a signature to each',
      ],
      figures,
    };
  },
};
