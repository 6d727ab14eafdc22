/**
 * The checkers stand outside and watch laws. They ask every node what an operator could ask, and
 * compare the answers with what the run knows it did; they share no code with what they check. The
 * witness (`witness.ts`) watches the laws for which one must have seen everything.
 *
 *   conserved   on every node, at every moment, each currency sums to zero
 *   kept        what was acknowledged to a payer is on every node in the end, and never lost where it was
 *   genuine     no node holds a record that nobody authored
 *   agreed      in the end all nodes export the same bytes and show the same balances
 *   alike       no two nodes give one record different verdicts
 *   causal      no node delivers a record before what it names
 *   single      no honest author signs one number twice
 *   bounded     nothing waits for ancestors in the end, and no queue is ever longer than it may be
 *   quiet       who agrees has little left to say
 */
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';

/** What a node keeps waiting or has set going at this moment, as the world around it sees it. */
export interface Load {
  readonly links: number;
  /** Bytes said that its links have not taken. */
  readonly unsentBytes: number;
  readonly timers: number;
  /** Frames sent since the beginning. */
  readonly frames: number;
}

/** A node as a checker sees it. */
export interface Observed {
  readonly name: string;
  topics(): readonly {
    readonly topic: Topic;
    readonly waiting: number;
    readonly missing: number;
    readonly fingerprint: string;
  }[];
  balances(topic: Topic): ReadonlyMap<Did, bigint>;
  /** Canonical records, one a line. */
  exported(topic: Topic): Iterable<string>;
  /** The status of a record's verdict. */
  verdict(id: RecordId): string | undefined;
  load(): Load;
}

export interface Violation {
  readonly law:
    | 'conserved'
    | 'kept'
    | 'genuine'
    | 'agreed'
    | 'alike'
    | 'causal'
    | 'single'
    | 'bounded'
    | 'quiet';
  readonly node: string;
  readonly detail: string;
}

/** What no node may ever exceed. */
export interface Bounds {
  readonly waitingMax: number;
  readonly unsentBytesMax: number;
  readonly timersMax: number;
}

/**
 * Each member of a cluster is somebody to dial, a link and its Hello, a subscription: about six timers,
 * and twice that while an old link gives way to a new one.
 */
const TIMERS_PER_MEMBER = 16;
/** Of a topic: digest, pull, wants. */
const TIMERS_PER_NODE = 16;
/** A link takes a mebibyte and the frame on top of it. */
const UNSENT_BYTES_PER_LINK = 2 * 1_048_576;

/** Bounds for a node among so many members. */
export const boundsFor = (members: number, waitingMax: number): Bounds => ({
  waitingMax,
  unsentBytesMax: 2 * members * UNSENT_BYTES_PER_LINK,
  timersMax: TIMERS_PER_NODE + members * TIMERS_PER_MEMBER,
});

const exceeding = (node: Observed, bounds: Bounds): string[] => {
  const { unsentBytes, timers } = node.load();
  const figures: readonly (readonly [what: string, figure: number, max: number])[] = [
    ...node.topics().flatMap(({ topic, waiting, missing }): [string, number, number][] => [
      [`records of ${topic} wait for ancestors`, waiting, bounds.waitingMax],
      // Each that waits lacks no more than its own links: 16 parents and the one before.
      [`ancestors in ${topic} are missing`, missing, 17 * bounds.waitingMax],
    ]),
    ['bytes wait for links', unsentBytes, bounds.unsentBytesMax],
    ['timers are set', timers, bounds.timersMax],
  ];
  return figures
    .filter(([, figure, max]) => figure > max)
    .map(([what, figure, max]) => `${figure} ${what}, at most ${max} may`);
};

/** At every moment. */
export const checkAlways = (nodes: readonly Observed[], bounds: Bounds): Violation[] =>
  nodes.flatMap((node) => {
    const violations = exceeding(node, bounds).map((detail): Violation => ({
      law: 'bounded',
      node: node.name,
      detail,
    }));
    for (const { topic } of node.topics()) {
      let sum = 0n;
      for (const balance of node.balances(topic).values()) sum += balance;
      if (sum !== 0n) {
        violations.push({ law: 'conserved', node: node.name, detail: `${topic} sums to ${sum}` });
      }
    }
    return violations;
  });

interface Line {
  readonly id: RecordId;
}

const idOf = (line: string): RecordId => (JSON.parse(line) as Line).id;

/** Whether all nodes show the same fingerprints: when the run may end and be checked in full. */
export const agreed = (nodes: readonly Observed[]): boolean => {
  const shown = nodes.map((node) =>
    node.topics().map(({ topic, fingerprint }) => `${topic} ${fingerprint}`),
  );
  return new Set(shown.map((lines) => lines.join())).size <= 1;
};

const disagreements = (nodes: readonly Observed[]): Violation[] => {
  const [first, ...others] = nodes;
  if (!first) return [];
  return others.flatMap((other) =>
    first.topics().flatMap(({ topic }) => compareTwo(first, other, topic)),
  );
};

const compareTwo = (left: Observed, right: Observed, topic: Topic): Violation[] => {
  const violations: Violation[] = [];
  const [leftLines, rightLines] = [[...left.exported(topic)], [...right.exported(topic)]];
  if (leftLines.join('\n') !== rightLines.join('\n')) {
    const detail = `${topic}: ${rightLines.length} records, ${left.name} has ${leftLines.length}, and the exports differ`;
    violations.push({ law: 'agreed', node: right.name, detail });
  }
  const show = (balances: ReadonlyMap<Did, bigint>): string =>
    [...balances].map(([account, balance]) => `${account} ${balance}`).join('\n');
  if (show(left.balances(topic)) !== show(right.balances(topic))) {
    const detail = `${topic}: balances differ from ${left.name}`;
    violations.push({ law: 'agreed', node: right.name, detail });
  }
  const rightIds = new Set(rightLines.map(idOf));
  const judged = leftLines
    .map(idOf)
    .find((id) => rightIds.has(id) && left.verdict(id) !== right.verdict(id));
  if (judged !== undefined) {
    const detail = `${judged} is ${right.verdict(judged)} here and ${left.verdict(judged)} on ${left.name}`;
    violations.push({ law: 'alike', node: right.name, detail });
  }
  return violations;
};

/**
 * When all faults have ended and there was time to repair. `mayWait`: somebody signed records on top of
 * what no honest node ever got; those wait until they are given up, minutes later.
 */
export const checkFinally = (
  nodes: readonly Observed[],
  acknowledged: ReadonlySet<RecordId>,
  authored: ReadonlySet<RecordId>,
  mayWait: boolean,
): Violation[] => {
  const violations = disagreements(nodes);
  for (const node of nodes) {
    const held = new Set(node.topics().flatMap(({ topic }) => [...node.exported(topic)].map(idOf)));
    const lost = [...acknowledged].filter((id) => !held.has(id));
    if (lost.length > 0) {
      const detail = `${lost.length} of ${acknowledged.size} acknowledged records are missing, the first ${lost[0]}`;
      violations.push({ law: 'kept', node: node.name, detail });
    }
    const strange = [...held].filter((id) => !authored.has(id));
    if (strange.length > 0) {
      violations.push({ law: 'genuine', node: node.name, detail: `nobody authored ${strange[0]}` });
    }
    for (const { topic, waiting } of node.topics()) {
      if (waiting === 0 || mayWait) continue;
      const detail = `${topic}: ${waiting} records still wait for ancestors`;
      violations.push({ law: 'bounded', node: node.name, detail });
    }
  }
  return violations;
};
