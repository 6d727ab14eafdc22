/** What may be asked of the snapshots: what a node remembers of its coordination with others. */
import { Fault } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import type { Node } from '#contracts/node.ts';
import { refused, type Outcome } from '#contracts/outcome.ts';
import type { CoordinationState, SnapshotStatus, SnapshotStore } from '#contracts/snapshot.ts';
import { change, method, none, ok, type Answer, type Methods } from './method.ts';

/** How much a state holds, in numbers. */
const extent = ({ topics, subscriptions, clocks, ownTips }: CoordinationState): Json => ({
  topics: topics.length,
  subscriptions: Object.values(subscriptions).reduce((sum, dids) => sum + dids.length, 0),
  clocks: Object.values(clocks).reduce((sum, clock) => sum + Object.keys(clock).length, 0),
  ownTips: Object.keys(ownTips).length,
});

const view = (outcome: Outcome<CoordinationState, SnapshotStatus>): Json =>
  outcome.ok
    ? { status: 'good', ...(extent(outcome.value) as object) }
    : { status: outcome.status, reason: outcome.reason };

const storeOf = (node: Node): SnapshotStore => {
  if (node.snapshots) return node.snapshots;
  throw new Fault('usage', 'this node keeps no snapshots: it has no directory');
};

const save = async (node: Node): Promise<Answer> => {
  storeOf(node);
  await node.keep();
  return ok(extent(node.coordination()));
};

/** Good is what a start would take without a word. */
const verify = async (node: Node): Promise<Answer> => {
  const snapshots = storeOf(node);
  const current = await snapshots.read('current');
  const previous = await snapshots.read('previous');
  if (current.ok) return ok({ current: view(current), previous: view(previous) });
  const rest = previous.ok ? 'the generation before is good' : previous.reason;
  return refused(current.status, `${current.reason}; ${rest}`);
};

export const snapshotMethods: Methods = {
  'snapshot.save': change('saves what is coordinated with others, now', none, save),
  'snapshot.verify': method('reads both generations and checks every byte', none, verify),
};
