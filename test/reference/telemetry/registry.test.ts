/**
 * The registry, the code and a running node say the same of telemetry: what is declared is emitted, what
 * is emitted is declared. The paths of a node run in the simulator, with a liar among them.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '#contracts/identifiers.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { NodeEvent } from '#contracts/node.ts';
import type { SignedRecord } from '#contracts/records.ts';
import {
  COUNTERS,
  HISTOGRAMS,
  OBSERVED,
  SPANS,
  type FinishedSpan,
  type Reading,
  type Telemetry,
} from '#contracts/telemetry.ts';
import { readSettings } from '#reference/config.ts';
import { observeNode } from '#reference/node/operator/observing.ts';
import { startControl } from '#reference/operations/control.ts';
import { eventView } from '#reference/operations/events.ts';
import { fill } from '#reference/reconciliation/filter.ts';
import { TOPIC, type Cluster } from '#reference/sim/cluster.ts';
import { createBook } from '#reference/telemetry/book.ts';
import { counters, histograms, observed } from '#reference/telemetry/instruments.ts';
import { observeProcess } from '#reference/telemetry/process.ts';
import { nodeOf, run, startCluster } from '#test/support/clusters.ts';
import { createLiar } from '#test/support/liar.ts';
import { readAlerts, readRegistry } from '#test/support/registry.ts';

const registry = readRegistry();

describe('the registry and the code', () => {
  it('have the same metrics, each with its instrument, unit, brief and label', () => {
    const rows = [
      ...Object.entries(counters).map(([name, each]) => ({ name, instrument: 'counter', ...each })),
      ...Object.entries(histograms).map(([name, { bounds: _bounds, ...each }]) => ({
        name,
        instrument: 'histogram',
        ...each,
      })),
      ...Object.entries(observed).map(([name, each]) => ({ name, ...each })),
    ];
    const declared = registry.metrics.map(({ name, instrument, unit, brief, attributes }) => {
      expect(attributes.length).toBeLessThanOrEqual(1);
      const label = attributes[0]?.ref;
      return { name, instrument, unit, brief, ...(label === undefined ? {} : { label }) };
    });
    const byName = (left: { name: string }, right: { name: string }): number =>
      left.name < right.name ? -1 : 1;
    expect(declared.sort(byName)).toEqual(rows.sort(byName));
  });

  it('have the same spans', () => {
    expect(registry.spans.map(({ type }) => type).sort()).toEqual([...SPANS].sort());
    for (const { type, name } of registry.spans) expect(name.note).toBe(type);
  });

  it('name no attribute twice, and none that is not defined or not used', () => {
    const defined = registry.attributes.map(({ key }) => key);
    expect(new Set(defined).size).toBe(defined.length);
    const used = [...registry.metrics, ...registry.spans, ...registry.events]
      .flatMap(({ attributes }) => attributes)
      .map(({ ref }) => ref);
    expect([...new Set(used)].sort()).toEqual(defined.sort());
  });

  it('the alerts speak of metrics that are there, and of `up`, which Prometheus makes', () => {
    const known = new Set<string>([...COUNTERS, ...HISTOGRAMS, ...OBSERVED, 'up']);
    for (const { expr } of readAlerts()) {
      const named = expr.match(/\b(?:icn_\w+|process_\w+|nodejs_\w+|up)\b/g) ?? [];
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((name) => !known.has(name))).toEqual([]);
    }
  });
});

const announce = (...records: readonly SignedRecord[]): GossipMessage => ({
  type: 'announce',
  topic: TOPIC,
  records: records as unknown as Json[],
  ids: [],
});

/** Partition and heal: digests, pulls that are cut short, records asked for by id. */
const partAndHeal = async (cluster: Cluster): Promise<void> => {
  const addresses = cluster.places.map(({ address }) => address);
  const heal = cluster.network.partition(addresses.slice(0, 1), addresses.slice(1));
  for (let payment = 0; payment < 8; payment++) {
    cluster.pay(1, 2, 10n);
    await run(cluster, 200);
  }
  heal();
  await run(cluster, 40_000);
};

/** A fork, a payment beyond all credit, a copy, a topic nobody has, and a digest with a filter on top. */
const lie = async (cluster: Cluster): Promise<void> => {
  const [ann, ben, , cem] = cluster.places;
  cluster.crash(3);
  const liar = createLiar(cluster, cem!);
  const first = liar.sign({ after: undefined, to: ann!, amount: 10 });
  const children = [1, 2].map((amount) => liar.sign({ after: first, to: ben!, amount }));
  const beyond = liar.sign({ after: children[0], to: ann!, amount: 1_000_000 });
  liar.tell(ann!, [
    announce(first, ...children, beyond, first),
    { type: 'subscribe', topics: ['ledger:beans'] },
    {
      type: 'digest',
      topic: TOPIC,
      clock: {},
      count: 1,
      fingerprint: '0'.repeat(64),
      filter: fill([beyond.id], 'A'.repeat(11)),
      nonce: 'A'.repeat(22),
    },
  ]);
  await run(cluster, 5_000);
};

describe('a node that has been through everything', () => {
  const beganAt = performance.now();
  const book: Telemetry = createBook({ now: () => performance.now() - beganAt });
  const events = new Map<string, Set<string>>();
  const spoken = new Set<string>();
  let spans: readonly FinishedSpan[] = [];

  const note = (view: { readonly [name: string]: Json }): void => {
    events.set(String(view['event']), new Set(Object.keys(view)));
  };

  const listen = (readings: readonly Reading[]): void => {
    for (const reading of readings) {
      const values = 'values' in reading ? reading.values : reading.distributions;
      if (values.size > 0) spoken.add(reading.name);
    }
  };

  beforeAll(async () => {
    const settings = readSettings({ pushBytesMax: 0, pullBytesMax: 1_024 });
    const cluster = await startCluster('telemetry', 4, { telemetry: book, settings });
    const node = nodeOf(cluster.places[0]);
    node.watch((event) => note(eventView(node, event)));
    await run(cluster, 3_000);
    await partAndHeal(cluster);
    await lie(cluster);
    // What the simulator has no way to: a disk that fails, a topic that is no ledger, an operator.
    const record = { id: 'x', topic: 'garden:plans', author: node.did, sequence: 1 };
    const others: NodeEvent[] = [
      { event: 'failed', reason: 'no space left on device' },
      { event: 'heard', record: record as unknown as SignedRecord },
    ];
    const certified = { id: 'y', number: 1, decision: { kind: 'grant', grants: [] } };
    const evidence = { steward: node.did, epoch: 0, number: 1, records: [record, record] };
    others.push({ event: 'certified', certified } as unknown as NodeEvent);
    others.push({ event: 'equivocated', evidence } as unknown as NodeEvent);
    for (const event of others) note(eventView(node, event));
    note({ event: 'missed' });
    const control = await startControl(node, 'token');
    await fetch(`http://${control.address}/rpc`, {
      method: 'POST',
      headers: { authorization: 'Bearer token' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'network.status' }),
    });
    await control.close();
    observeProcess(book);
    listen(book.readings());
    // Parts that not every node has: what they would be asked.
    observeNode({
      telemetry: book,
      gossips: new Map(),
      ledger: { balances: () => new Map() } as never,
      peers: () => [],
      quarantined: () => 3,
      council: () => ({ certified: 2, accepted: 1, equivocations: 0 }),
      deficits: () => new Map([[node.did, -60_000]]),
    });
    listen(book.readings());
    spans = book.spans();
  });

  it('has emitted every metric that is declared, and none that is not', () => {
    expect([...spoken].sort()).toEqual(registry.metrics.map(({ name }) => name).sort());
  });

  it('has emitted every span, each with the attributes that it must have and no others', () => {
    expect([...new Set(spans.map(({ name }) => name))].sort()).toEqual([...SPANS].sort());
    for (const { type, attributes } of registry.spans) {
      const allowed = attributes.map(({ ref }) => ref);
      const required = attributes
        .filter(({ requirement_level: level }) => level === 'required')
        .map(({ ref }) => ref);
      for (const span of spans.filter(({ name }) => name === type)) {
        const has = Object.keys(span.attributes);
        expect(has.filter((key) => !allowed.includes(key))).toEqual([]);
        expect(required.filter((key) => !has.includes(key))).toEqual([]);
      }
    }
  });

  it('has told every event, with the attributes that are declared', () => {
    const declared = registry.events.map(({ name, attributes }) => [
      name,
      attributes.map(({ ref }) => ref).sort(),
    ]);
    const told = [...events].map(([name, keys]) => [name, [...keys].sort()]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(declared));
    // Whoever adds an event sees here that it must be declared.
    const kinds: Record<NodeEvent['event'] | 'missed', true> = {
      connected: true,
      disconnected: true,
      delivered: true,
      heard: true,
      merged: true,
      certified: true,
      equivocated: true,
      failed: true,
      missed: true,
    };
    expect(registry.events.map(({ name }) => name).sort()).toEqual(Object.keys(kinds).sort());
  });
});
