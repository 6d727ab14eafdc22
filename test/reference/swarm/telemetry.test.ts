/**
 * What is declared of the swarm's telemetry, what the code can say, and what a full run says are one and
 * the same: names, instruments and attributes, both ways. The run has groups, ambassadors and a liar.
 */
import { describe, expect, it } from 'vitest';
import type { Overlay } from '#contracts/hierarchy.ts';
import { runMessages } from '#reference/swarm/engines/message-engine.ts';
import {
  SWARM_COUNTERS,
  SWARM_EVENTS,
  SWARM_GAUGES,
  SWARM_HISTOGRAMS,
  SWARM_SPANS,
  type SwarmTelemetry,
} from '#reference/swarm/engines/telemetry.ts';
import { readRegistry } from '#test/support/registry.ts';
import { run } from './runs.ts';

const registry = readRegistry(
  new URL('../../../reference/swarm/engines/registry.yaml', import.meta.url),
);
const sorted = (names: Iterable<string>): readonly string[] => [...names].sort();

/** Forty agents in groups of ten, two ambassadors each. */
const overlay: Overlay = {
  agents: 40,
  levels: [
    { members: undefined, groupStarts: Uint32Array.of(0, 10, 20, 30, 40) },
    {
      members: Uint32Array.of(0, 1, 10, 11, 20, 21, 30, 31),
      groupStarts: Uint32Array.of(0, 8),
    },
  ],
};

/** Writes down which names were said, each with its attributes. */
const createListener = () => {
  const heard = new Map<string, ReadonlySet<string>>();
  let open = 0;
  const note = (kind: string, name: string, attributes: object = {}): void => {
    heard.set(`${kind} ${name}`, new Set(Object.keys(attributes)));
  };
  const telemetry: SwarmTelemetry = {
    count: (name, _by, attributes) => note('counter', name, attributes),
    gauge: (name, _value, attributes) => note('gauge', name, attributes),
    measure: (name, _value, attributes) => note('histogram', name, attributes),
    event: (name, attributes) => note('event', name, attributes),
    span(name, attributes) {
      note('span', name, attributes);
      open++;
      return () => {
        open--;
      };
    },
  };
  return { heard, telemetry, open: () => open };
};

const setting = {
  agents: 40,
  fanOut: 2,
  seed: 1,
  rule: 'relayed-votes',
  roundsMax: 60,
  overlay,
  adversary: { lie: 'forge', liars: [7, 23] },
} as const;

describe('the telemetry of the swarm', () => {
  it('has the names of the seed: twelve metrics, eight spans, four events', () => {
    const metrics = [...SWARM_COUNTERS, ...SWARM_GAUGES, ...Object.keys(SWARM_HISTOGRAMS)];
    expect(sorted(registry.metrics.map(({ name }) => name))).toEqual(sorted(metrics));
    expect(metrics).toHaveLength(12);
    expect(sorted(registry.spans.map(({ type }) => type))).toEqual(sorted(SWARM_SPANS));
    expect(SWARM_SPANS).toHaveLength(8);
    expect(sorted(registry.events.map(({ name }) => name))).toEqual(sorted(SWARM_EVENTS));
    expect(SWARM_EVENTS).toHaveLength(4);
  });

  it('says in a full run what is declared, no more and no less, and ends every span', () => {
    const { heard, telemetry, open } = createListener();
    expect(runMessages({ ...setting, telemetry }).isLive).toBe(true);
    const declared = [
      ...registry.metrics.map(({ instrument, name, ...each }) => ({
        key: `${instrument} ${name}`,
        ...each,
      })),
      ...registry.spans.map(({ type, ...each }) => ({ key: `span ${type}`, ...each })),
      ...registry.events.map(({ name, ...each }) => ({ key: `event ${name}`, ...each })),
    ];
    expect(sorted(heard.keys())).toEqual(sorted(declared.map(({ key }) => key)));
    for (const { key, attributes } of declared) {
      expect(sorted(heard.get(key)!), `of ${key}`).toEqual(
        sorted(attributes.map(({ ref }) => ref)),
      );
    }
    expect(open()).toBe(0);
  });

  it('defines every attribute that it uses, and no other', () => {
    const used = [...registry.metrics, ...registry.spans, ...registry.events]
      .flatMap(({ attributes }) => attributes)
      .map(({ ref }) => ref);
    expect(sorted(new Set(used))).toEqual(sorted(registry.attributes.map(({ key }) => key)));
  });

  it('has no id, no round and no version on a metric: a series for each would never end', () => {
    const unbounded = /agent_id|peer_id|subswarm_id|round$|state_version|state_hash/;
    const labels = registry.metrics.flatMap(({ attributes }) => attributes.map(({ ref }) => ref));
    expect(labels.filter((ref) => unbounded.test(ref))).toEqual([]);
  });

  it('changes nothing of a run', () => {
    const { telemetry } = createListener();
    expect(runMessages({ ...setting, telemetry })).toEqual(runMessages(setting));
  });

  it('of a flat run has nothing of a hierarchy', () => {
    const { heard, telemetry } = createListener();
    run({ agents: 10, rule: 'relayed-votes', telemetry });
    expect([...heard.keys()].filter((key) => key.includes('hierarchical'))).toEqual([]);
  });
});
