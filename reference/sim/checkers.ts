/**
 * The checkers stand outside and watch laws. They ask every node what an operator could ask, and
 * compare the answers with what the run knows it did; they share no code with what they check.
 *
 *   conserved   on every node, at every moment, each currency sums to zero
 *   kept        what was acknowledged to a payer is on every node in the end
 *   genuine     no node holds a record that nobody authored
 *   agreed      in the end all nodes export the same bytes and show the same balances
 *   bounded     nothing waits for ancestors in the end, and never more than the settings allow
 */
import type { Did, RecordId, Topic } from '#contracts/identifiers.ts';

/** A node as a checker sees it. */
export interface Observed {
  readonly name: string;
  topics(): readonly {
    readonly topic: Topic;
    readonly waiting: number;
    readonly fingerprint: string;
  }[];
  balances(topic: Topic): ReadonlyMap<Did, bigint>;
  /** Canonical records, one a line. */
  exported(topic: Topic): Iterable<string>;
}

export interface Violation {
  readonly law: 'conserved' | 'kept' | 'genuine' | 'agreed' | 'bounded';
  readonly node: string;
  readonly detail: string;
}

/** At every moment. */
export const checkAlways = (nodes: readonly Observed[], waitingMax: number): Violation[] =>
  nodes.flatMap((node) =>
    node.topics().flatMap(({ topic, waiting }): Violation[] => {
      const violations: Violation[] = [];
      let sum = 0n;
      for (const balance of node.balances(topic).values()) sum += balance;
      if (sum !== 0n) {
        violations.push({ law: 'conserved', node: node.name, detail: `${topic} sums to ${sum}` });
      }
      if (waiting > waitingMax) {
        violations.push({ law: 'bounded', node: node.name, detail: `${waiting} records wait` });
      }
      return violations;
    }),
  );

interface Line {
  readonly id: RecordId;
}

const idOf = (line: string): RecordId => (JSON.parse(line) as Line).id;

/** Whether all nodes show the same fingerprints: when the run may end and be checked in full. */
export const agreed = (nodes: readonly Observed[]): boolean => {
  const shown = nodes.map((node) =>
    node.topics().map(({ topic, fingerprint, waiting }) => `${topic} ${fingerprint} ${waiting}`),
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
  return violations;
};

/** When all faults have ended and there was time to repair. */
export const checkFinally = (
  nodes: readonly Observed[],
  acknowledged: ReadonlySet<RecordId>,
  authored: ReadonlySet<RecordId>,
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
      if (waiting === 0) continue;
      const detail = `${topic}: ${waiting} records still wait for ancestors`;
      violations.push({ law: 'bounded', node: node.name, detail });
    }
  }
  return violations;
};
