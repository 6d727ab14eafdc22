/**
 * The witness sees everything that happens on every node, as it happens, and remembers what an operator
 * of all of them at once would know. From that it watches laws of a run as a whole:
 *
 *   causal   no node delivers a record before all that it names
 *   alike    no two nodes give one record different verdicts
 *   single   no honest author signs one number twice, whatever became of its disk
 *   kept     what a node once had, and somebody was promised, it has for ever ("set-full" of Jepsen:
 *            an entry is stable when every node has it, lost when a later look misses it)
 *
 * Each is reported once for a node, so that one mistake does not bury the others.
 */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { NodeEvent } from '#contracts/node.ts';
import type { Violation } from './checkers.ts';
import type { Cluster, Place } from './cluster.ts';

/** Milliseconds at which so great a share of all entries had reached every node. */
export interface Latencies {
  readonly median: number;
  readonly most: number;
  readonly all: number;
}

export interface Witness {
  started(place: Place): void;
  happened(place: Place, event: NodeEvent): void;
  /** Looks at every node that is up. */
  look(cluster: Cluster): void;
  readonly violations: readonly Violation[];
  /** Deliveries seen on all nodes; 0 says that nothing was tried. */
  readonly deliveries: number;
  /** Entries that every node had at one time. */
  readonly stable: number;
  latencies(): Latencies | undefined;
}

/** What is known of one entry. */
interface Life {
  readonly knownAtMs: number;
  readonly holders: Set<number>;
  stableAtMs: number | undefined;
}

const linksOf = ({ previous, parents }: SignedRecord): readonly RecordId[] =>
  previous === null ? parents : [previous, ...parents];

export const createWitness = (now: () => number, liars: () => ReadonlySet<Did>): Witness => {
  const violations: Violation[] = [];
  const told = new Set<string>();
  /** Per place: what its running node holds, restored or delivered. */
  const held = new Map<number, Set<RecordId>>();
  const verdicts = new Map<RecordId, { readonly status: string; readonly by: string }>();
  const numbers = new Map<string, RecordId>();
  const lives = new Map<RecordId, Life>();
  let deliveries = 0;
  let stable = 0;

  const report = (law: Violation['law'], { name }: Place, detail: string): void => {
    if (told.has(`${law} ${name}`)) return;
    told.add(`${law} ${name}`);
    violations.push({ law, node: name, detail });
  };

  const heldBy = ({ index }: Place): Set<RecordId> => {
    const known = held.get(index) ?? new Set();
    held.set(index, known);
    return known;
  };

  const lifeOf = (id: RecordId): Life => {
    const life = lives.get(id) ?? { knownAtMs: now(), holders: new Set(), stableAtMs: undefined };
    lives.set(id, life);
    return life;
  };

  const checkNumber = (place: Place, { author, sequence, id }: SignedRecord): void => {
    if (liars().has(author)) return;
    const known = numbers.get(`${author} ${sequence}`);
    numbers.set(`${author} ${sequence}`, known ?? id);
    if (known === undefined || known === id) return;
    report('single', place, `${author} signed number ${sequence} twice: ${known} and ${id}`);
  };

  const checkVerdict = (place: Place, id: RecordId, status: string): void => {
    const known = verdicts.get(id);
    verdicts.set(id, known ?? { status, by: place.name });
    if (known === undefined || known.status === status) return;
    report('alike', place, `${id} is ${status} here and ${known.status} on ${known.by}`);
  };

  return {
    violations,
    get deliveries() {
      return deliveries;
    },
    get stable() {
      return stable;
    },
    started(place) {
      const known = heldBy(place);
      known.clear();
      for (const { topic } of place.topics()) {
        for (const id of place.node?.knowledge(topic).ordered() ?? []) {
          known.add(id);
          lifeOf(id).holders.add(place.index);
        }
      }
    },
    happened(place, event) {
      if (event.event !== 'delivered') return;
      const { record, verdict } = event;
      const known = heldBy(place);
      deliveries += 1;
      const unmet = linksOf(record).find((id) => !known.has(id));
      if (unmet !== undefined) {
        report('causal', place, `${record.id} was delivered before ${unmet}, which it names`);
      }
      known.add(record.id);
      checkNumber(place, record);
      checkVerdict(place, record.id, verdict.status);
      lifeOf(record.id).holders.add(place.index);
    },
    look({ honest, acknowledged }) {
      for (const place of honest) {
        const { node } = place;
        if (node === undefined) continue;
        const knowledge = place.topics().map(({ topic }) => node.knowledge(topic));
        for (const id of acknowledged) {
          if (!lifeOf(id).holders.has(place.index)) continue;
          if (knowledge.some((each) => each.has(id))) continue;
          report('kept', place, `${id} was promised and here, and is gone`);
        }
      }
      for (const id of acknowledged) {
        const life = lifeOf(id);
        if (life.stableAtMs !== undefined || life.holders.size < honest.length) continue;
        life.stableAtMs = now();
        stable += 1;
      }
    },
    latencies() {
      const sorted = [...lives.values()]
        .flatMap(({ knownAtMs, stableAtMs }) =>
          stableAtMs === undefined ? [] : [stableAtMs - knownAtMs],
        )
        .sort((left, right) => left - right);
      const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
      return sorted.length === 0 ? undefined : { median: at(0.5), most: at(0.95), all: at(1) };
    },
  };
};
