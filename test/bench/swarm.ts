/**
 * `swarm`: what a simulated contact costs, beside the bare loop that does the least it could.
 *
 * The bare loop draws the same way, because whom an agent calls is a part of the model, and reads,
 * changes and writes one random byte a contact. It runs in turn with the engine, in the same process,
 * both in processor time, and both are the best of several: on a machine that others use the fastest is
 * nearest to the truth.
 */
import { blake3 as library } from '@noble/hashes/blake3.js';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bareLoop } from '#reference/commands/swarm/play.ts';
import { blake3, sameHash } from '#reference/swarm/blake3.ts';
import { bulkRun } from '#reference/swarm/engines/bulk.ts';
import { chosenAgents, flatOverlay } from '#reference/swarm/engines/draws.ts';
import { createTree, merkle } from '#reference/swarm/merkle.ts';
import { compare, exponentOf, timedAsync, timedOnProcessor } from './measure.ts';
import type { Bench, Figure } from './report.ts';

const REPETITIONS = 15;
const MILLION = 1_000_000;
const SIZES = [10_000, 100_000, MILLION];
/** A contact may cost so much of a power of the size: nothing, but for caches. */
const EXPONENT_MAX = 0.25;
const LEAVES = MILLION;
const TREES = 3;
const COLD_RUNS = 3;

const best = (samples: readonly number[]): number => Math.min(...samples);

const STATE = new Uint8Array(64).fill(7);
const STATE_ID = blake3(STATE);
const isRight = (): boolean => sameHash(blake3(STATE), STATE_ID);

interface Spread {
  readonly tookMs: number;
  readonly contacts: number;
}

const spread = (agents: number, fanOut: number, silentShare: number, verify: boolean): Spread => {
  const silent = chosenAgents(agents, Math.floor(silentShare * agents), 1);
  const run = bulkRun({
    overlay: flatOverlay(agents),
    fanOut,
    seed: 1,
    source: 0,
    silent,
    roundsMax: 100,
    ...(verify ? { verify: isRight } : {}),
  });
  let contacts = 0;
  const tookMs = timedOnProcessor(() => {
    for (const round of run.rounds()) contacts += round.contacts;
  });
  return { tookMs, contacts };
};

interface Kind {
  readonly name: string;
  readonly agents: number;
  readonly fanOut: number;
  readonly silentShare?: number;
  readonly verify?: boolean;
  readonly timesMax?: number;
}

const KINDS: readonly Kind[] = [
  { name: '1 000 000 agents, fan-out 1', agents: MILLION, fanOut: 1, timesMax: 1.6 },
  { name: '1 000 000 agents, fan-out 3', agents: MILLION, fanOut: 3 },
  { name: 'a third silent, fan-out 3', agents: MILLION, fanOut: 3, silentShare: 1 / 3 },
  { name: 'every acceptance hashed, fan-out 1', agents: MILLION, fanOut: 1, verify: true },
];

/** Rounds to the end, beside a bare loop of as many contacts. */
const spreadFigure = ({
  name,
  agents,
  fanOut,
  silentShare = 0,
  verify = false,
  timesMax,
}: Kind): Figure => {
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const { tookMs, contacts } = spread(agents, fanOut, silentShare, verify);
    ours.push(tookMs);
    bare.push(timedOnProcessor(() => bareLoop(agents, contacts)));
  }
  return {
    name,
    value: best(ours),
    unit: 'ms',
    limit: best(bare),
    ...(timesMax === undefined ? {} : { timesMax }),
  };
};

interface ContactCost {
  readonly agents: number;
  /** Milliseconds a contact. */
  readonly ours: number;
  readonly bare: number;
}

/** One slice of a million contacts at least, so that the clock does not count. */
const contactCost = (agents: number): ContactCost => {
  let [tookMs, contacts] = [0, 0];
  while (contacts < MILLION) {
    const run = spread(agents, 1, 0, false);
    tookMs += run.tookMs;
    contacts += run.contacts;
  }
  const bareMs = timedOnProcessor(() => bareLoop(agents, contacts));
  return { agents, ours: tookMs / contacts, bare: bareMs / contacts };
};

/** What a contact costs, by size; the sizes in turn, so that the weather is the same for all. */
const contactCosts = (): readonly ContactCost[] => {
  const rounds = Array.from({ length: REPETITIONS }, () => SIZES.map(contactCost));
  return SIZES.map((agents, size) => ({
    agents,
    ours: best(rounds.map((round) => round[size]!.ours)),
    bare: best(rounds.map((round) => round[size]!.bare)),
  }));
};

const contactFigures = (): Figure[] => {
  const costs = contactCosts();
  return [
    ...costs.map(({ agents, ours, bare }): Figure => ({
      name: `a contact among ${agents}`,
      value: ours,
      unit: 'ms',
      limit: bare,
    })),
    {
      name: 'exponent of a contact in the size',
      value: exponentOf(costs.map(({ agents, ours }) => [agents, ours])),
      unit: '',
      valueMax: EXPONENT_MAX,
    },
    {
      name: 'exponent of the bare loop: caches alone',
      value: exponentOf(costs.map(({ agents, bare }) => [agents, bare])),
      unit: '',
    },
  ];
};

const hashFigures = (): Figure[] => {
  const hash = compare({ ours: () => blake3(STATE), bare: () => library(STATE) });
  const other = Uint8Array.from(STATE_ID);
  const equal = compare({
    ours: () => sameHash(STATE_ID, other),
    bare: () => Buffer.compare(STATE_ID, other),
  });
  return [
    {
      name: 'BLAKE3 of 64 bytes | by the library',
      value: hash.oursNs / 1e6,
      unit: 'ms',
      limit: hash.bareNs / 1e6,
    },
    {
      name: 'two hashes compared | by Buffer',
      value: equal.oursNs / 1e6,
      unit: 'ms',
      limit: equal.bareNs / 1e6,
    },
  ];
};

/** As many bare hashes as a tree has, of as many bytes: a tag and a leaf, a tag and two hashes. */
const bareHashes = (leaves: number, nodes: number): void => {
  const [leaf, node] = [STATE.subarray(0, 5), new Uint8Array(65)];
  for (let count = 0; count < leaves; count++) blake3(leaf);
  for (let count = 0; count < nodes; count++) blake3(node);
};

const merkleFigures = (): Figure[] => {
  const leaves = Array.from({ length: LEAVES }, (_, leaf) =>
    Uint8Array.of(leaf, leaf >>> 8, leaf >>> 16, 1),
  );
  const [build, bare]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < TREES; repetition++) {
    build.push(timedOnProcessor(() => merkle.root(leaves)));
    bare.push(timedOnProcessor(() => bareHashes(LEAVES, LEAVES - 1)));
  }
  const tree = createTree(leaves);
  const leaf = LEAVES >> 1;
  const proof = tree.prove(leaf);
  const depth = proof.siblings.length;
  const make = compare({
    ours: () => tree.prove(leaf),
    bare: () => proof.siblings.map((sibling) => sibling.slice()),
  });
  const check = compare({
    ours: () => merkle.verify(tree.root, leaves[leaf]!, proof),
    bare: () => bareHashes(1, depth),
  });
  return [
    {
      name: `Merkle tree of ${LEAVES} leaves, a leaf | bare hashes`,
      value: best(build) / LEAVES,
      unit: 'ms',
      limit: best(bare) / LEAVES,
    },
    {
      name: `proof of ${depth} levels made | its hashes copied`,
      value: make.oursNs / 1e6,
      unit: 'ms',
      limit: make.bareNs / 1e6,
    },
    {
      name: `proof of ${depth} levels verified | bare hashes`,
      value: check.oursNs / 1e6,
      unit: 'ms',
      limit: check.bareNs / 1e6,
    },
  ];
};

const MAIN = fileURLToPath(new URL('../../reference/main.ts', import.meta.url));

/** A whole process, from its start to its end, beside one that has nothing to do but start. */
const coldFigure = async (): Promise<Figure> => {
  const launch = (words: readonly string[]): Promise<number> =>
    timedAsync(() =>
      promisify(execFile)(process.execPath, [
        '--import',
        import.meta.resolve('tsx'),
        MAIN,
        ...words,
      ]),
    );
  const [ours, idle]: [number[], number[]] = [[], []];
  for (let run = 0; run < COLD_RUNS; run++) {
    ours.push(await launch(['swarm', String(MILLION), 'seed', '1']));
    idle.push(await launch(['swarm', 'help']));
  }
  return {
    name: 'a cold process with 1 000 000 agents, less its start',
    value: best(ours) - best(idle),
    unit: 'ms',
    valueMax: 1_000,
  };
};

export const swarm: Bench = {
  summary: 'rounds of a million simulated agents beside a bare loop; hashes and Merkle proofs',
  async run() {
    return {
      name: 'swarm',
      about: [
        'push-pull until every correct agent knows, one core, in this process',
        'limit: as many random read-modify-writes of a byte, draws included, in turn in this run; it is',
        `the calibration loop too. Processor time, best of ${REPETITIONS} each. A contact grows dearer with the`,
        'size as caches are left, and so does the bare loop. The cold process counts its own work and the',
        'calibration loop it prints; its start is that of "swarm help", npm itself not counted.',
      ],
      figures: [
        ...KINDS.map(spreadFigure),
        ...contactFigures(),
        ...hashFigures(),
        ...merkleFigures(),
        await coldFigure(),
      ],
    };
  },
};
