/** The book: counts are exact, and nobody who names things can make it grow. */
import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import { COUNTERS, HISTOGRAMS, OBSERVED, type Reading } from '#contracts/telemetry.ts';
import { lowestOf, PEERS_NAMED_MAX } from '#reference/node/operator/observing.ts';
import {
  createBook,
  LABEL_CHARACTERS_MAX,
  LABEL_VALUES_MAX,
  SPANS_MAX,
} from '#reference/telemetry/book.ts';

const valuesOf = (readings: readonly Reading[], name: string): ReadonlyMap<string, number> => {
  const found = readings.find((reading) => reading.name === name);
  if (!found || 'distributions' in found) throw new Error(`no values of ${name}`);
  return found.values;
};

describe('the book', () => {
  it('knows every metric before anything happened', () => {
    const names = createBook({ now: () => 0 })
      .readings()
      .map(({ name }) => name);
    expect(names).toEqual([...COUNTERS, ...HISTOGRAMS, ...OBSERVED]);
  });

  it('adds up, by value of the label', () => {
    const book = createBook({ now: () => 0 });
    book.count('icn_gossip_digests_sent_total');
    book.count('icn_gossip_digests_sent_total', 4);
    book.count('icn_node_mishaps_total', 1, 'send_dropped');
    book.count('icn_node_mishaps_total', 2, 'hello_refused');
    const readings = book.readings();
    expect([...valuesOf(readings, 'icn_gossip_digests_sent_total')]).toEqual([['', 5]]);
    expect([...valuesOf(readings, 'icn_node_mishaps_total')]).toEqual([
      ['send_dropped', 1],
      ['hello_refused', 2],
    ]);
  });

  it('keeps a bounded number of values of a label, whatever it is told, and loses no count', () => {
    const book = createBook({ now: () => 0 });
    const count = 10_000;
    for (let index = 0; index < count; index++) {
      book.count('icn_node_mishaps_total', 1, `${index}${'x'.repeat(4_096)}`);
    }
    const values = valuesOf(book.readings(), 'icn_node_mishaps_total');
    expect(values.size).toBe(LABEL_VALUES_MAX + 1);
    expect(values.get('other')).toBe(count - LABEL_VALUES_MAX);
    for (const label of values.keys()) {
      expect(label.length).toBeLessThanOrEqual(LABEL_CHARACTERS_MAX);
    }
  });

  it('puts a measure into the bucket of the first bound that it does not exceed', () => {
    const book = createBook({ now: () => 0 });
    for (const writes of [1, 1.5, 2, 1_024, 1_025]) book.measure('icn_store_commit_writes', writes);
    const found = book.readings().find(({ name }) => name === 'icn_store_commit_writes');
    const distribution = found && 'distributions' in found && found.distributions.get('');
    expect(distribution).toMatchObject({
      counts: [1, 2, 0, 0, 0, 0, 0, 1, 1],
      count: 5,
      sum: 2_053.5,
    });
  });

  it('asks observers anew each time; one that fails has nothing to say and harms no other', () => {
    const book = createBook({ now: () => 0 });
    let links = 2;
    book.observe('icn_network_connections_active', () => links);
    book.observe('icn_gossip_topics', () => {
      throw new Error('planted');
    });
    expect(valuesOf(book.readings(), 'icn_network_connections_active').get('')).toBe(2);
    links = 1;
    expect(valuesOf(book.readings(), 'icn_network_connections_active').get('')).toBe(1);
    expect(valuesOf(book.readings(), 'icn_gossip_topics').size).toBe(0);
  });

  it('times spans, ends each once, and keeps the last ones of each name', () => {
    let now = 1_000;
    const book = createBook({ now: () => now });
    const restored = book.span('node.restore');
    now = 1_005;
    restored.end({ records: 7 });
    restored.end({ records: 8 }, 'too late');
    for (let index = 0; index < SPANS_MAX + 3; index++) {
      book.span('store.commit', { writes: index }).end({}, index === 5 ? 'disk full' : undefined);
    }
    const spans = book.spans();
    expect(spans).toHaveLength(SPANS_MAX + 1);
    expect(spans[0]).toMatchObject({
      name: 'node.restore',
      beganAt: 1_000,
      tookMs: 5,
      attributes: { records: 7 },
      failure: undefined,
    });
    expect(spans[1]?.attributes).toEqual({ writes: 3 });
    expect(spans.find(({ attributes }) => attributes['writes'] === 5)?.failure).toBe('disk full');
  });
});

describe('peers in a metric', () => {
  it('are the lowest few of ten thousand, and the lowest of the rest', () => {
    const deficits = new Map(
      Array.from({ length: 10_000 }, (_, index) => [
        `did:key:z6Mk${String(index).padStart(44, '0')}` as Did,
        -index,
      ]),
    );
    const named = [...lowestOf(deficits)];
    expect(named).toHaveLength(PEERS_NAMED_MAX + 1);
    expect(named[0]).toEqual(['000000009999', -9_999]);
    expect(named.at(-1)).toEqual(['other', -(9_999 - PEERS_NAMED_MAX)]);
  });

  it('who leaves is gone', () => {
    expect(lowestOf(new Map())).toEqual(new Map());
  });
});
