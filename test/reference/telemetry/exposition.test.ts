/** What Prometheus reads, whatever has been counted. */
import { describe, expect, it } from 'vitest';
import { createBook } from '#reference/telemetry/book.ts';
import { createExposition } from '#reference/telemetry/exposition.ts';
import { otlpOf } from '#reference/telemetry/otlp.ts';
import { promtool, promtoolMissing } from '#test/support/promtool.ts';

const HOSTILE = [
  'a"b',
  'a\\b',
  'a\nb',
  '{x="y"}',
  '# TYPE x counter',
  '\u202e\u0000\u{1f426}',
  'x'.repeat(4_096),
];

const bookOf = () => {
  const book = createBook({ now: () => 0 });
  const exposition = createExposition(book, { 'service.name': 'murmuration' });
  return { book, exposition };
};

describe('the exposition', () => {
  it('has a counter at zero before anything happened', async () => {
    const text = await bookOf().exposition.render();
    expect(text).toContain('# TYPE icn_gossip_digests_sent_total counter\n');
    expect(text).toContain('\nicn_gossip_digests_sent_total 0\n');
    expect(text.endsWith('\n')).toBe(true);
  });

  it('tells hostile labels apart and lets none of them out of its quotes', async () => {
    const { book, exposition } = bookOf();
    for (const label of HOSTILE) book.count('icn_node_mishaps_total', 1, label);
    book.measure('icn_store_commit_writes', 3);
    const lines = (await exposition.render()).split('\n');
    const told = lines.filter((line) => line.startsWith('icn_node_mishaps_total'));
    expect(told).toHaveLength(HOSTILE.length);
    for (const line of told) {
      expect(line).toMatch(/^icn_node_mishaps_total\{event="(?:[^"\\\n]|\\[\\"n])*"\} 1$/);
    }
    expect(lines).toContain('icn_store_commit_writes_bucket{le="+Inf"} 1');
    expect(lines.every((line) => line.length < 400)).toBe(true);
  });

  it('answers fifty at once with one rendering', async () => {
    const { exposition } = bookOf();
    const texts = await Promise.all(Array.from({ length: 50 }, () => exposition.render()));
    expect(new Set(texts).size).toBe(1);
  });

  it.skipIf(promtoolMissing)('is what promtool check metrics takes, empty and full', async () => {
    const { book, exposition } = bookOf();
    expect(promtool(['check', 'metrics'], await exposition.render())).toEqual({
      code: 0,
      said: '',
    });
    for (const label of HOSTILE) book.count('icn_node_mishaps_total', 1, label);
    for (const seconds of [0.001, 1, 100]) {
      book.measure('icn_store_commit_duration_seconds', seconds);
    }
    book.observe('icn_gossip_entries', () => new Map([['ledger:hours', 7]]));
    book.observe('process_cpu_seconds_total', () => 1.5);
    expect(promtool(['check', 'metrics'], await exposition.render())).toEqual({
      code: 0,
      said: '',
    });
  });
});

describe('spans as OTLP', () => {
  it('have ids of their own that stay, times in nanoseconds, and say what failed', () => {
    const book = createBook({ now: () => 1_795_822_628_216.5 });
    book.span('rpc.request', { 'rpc.method': 'ledger.balance' }).end({}, 'params_invalid');
    book.span('store.commit', { writes: 6 }).end();
    const told = otlpOf(book.spans(), 'did:key:me');
    expect(otlpOf(book.spans(), 'did:key:me')).toEqual(told);
    const { resourceSpans } = told as unknown as {
      resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[];
    };
    const [first, second] = resourceSpans[0]!.scopeSpans[0]!.spans;
    expect(first).toMatchObject({
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      name: 'rpc.request',
      kind: 2,
      startTimeUnixNano: '1795822628216500000',
      attributes: [{ key: 'rpc.method', value: { stringValue: 'ledger.balance' } }],
      status: { code: 2, message: 'params_invalid' },
    });
    expect(second).toMatchObject({
      kind: 1,
      attributes: [{ key: 'writes', value: { intValue: '6' } }],
      status: {},
    });
    expect(second!['traceId']).not.toBe(first!['traceId']);
  });
});
