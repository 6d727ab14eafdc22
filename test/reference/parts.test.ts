/** Parts: whatever gossip says in one piece goes over the wire in frames that fit, whole. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import { BATCH_MAX, type TopicMessage } from '#contracts/messages.ts';
import { FRAME_BYTES_MAX } from '#contracts/frames.ts';
import { RECORD_BYTES_MAX } from '#contracts/records.ts';
import { create as createFrames } from '#reference/frames/frames.ts';
import { PART_BYTES_MAX, partsOf } from '#reference/node/peers/parts.ts';
import { HOURS, content, inventedId, nonceOf } from '#test/support/village.ts';

const frames = createFrames({ content });
const nonce = nonceOf('parts');

/** What stands for records here: their sizes matter and nothing else. Wide letters take three bytes. */
const recordsOf = (sizes: readonly number[]): Json[] =>
  sizes.map((size, number) => ({ number, text: '漢'.repeat(Math.floor(size / 3)) }));
const idsOf = (count: number): RecordId[] =>
  Array.from({ length: count }, (_, index) => inventedId(`${index}`));

const messages = fc
  .record({
    type: fc.constantFrom('announce', 'request', 'response', 'pull-response'),
    sizes: fc.oneof(
      fc.array(fc.nat(RECORD_BYTES_MAX - 64), { maxLength: 40 }),
      fc.array(fc.nat(300), { maxLength: 700, size: 'max' }),
    ),
    idCount: fc.oneof(fc.nat(3), fc.nat(1_000)),
    done: fc.boolean(),
    truncated: fc.boolean(),
  })
  .map(({ type, sizes, idCount, done, truncated }): TopicMessage => {
    const [records, ids] = [recordsOf(sizes), idsOf(idCount)];
    switch (type) {
      case 'announce':
        return { type, topic: HOURS, records, ids };
      case 'request':
        return { type, topic: HOURS, ids };
      case 'response':
        return { type, topic: HOURS, records, missing: ids };
      default:
        return { type: 'pull-response', topic: HOURS, records, done, truncated, nonce };
    }
  });

/** The lists of a message, by the name they have there. */
const listsOf = (message: TopicMessage): { readonly [name: string]: readonly Json[] } =>
  Object.fromEntries(
    ['records', 'ids', 'missing'].flatMap((name) => {
      const list = (message as unknown as { readonly [name: string]: Json })[name];
      return Array.isArray(list) ? [[name, list]] : [];
    }),
  );

/** All but the lists, and but `done`. */
const restOf = (message: TopicMessage): object => {
  const names = [...Object.keys(listsOf(message)), 'done'];
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name)));
};

describe('the parts of a message', () => {
  it('hold every record and id once and in order, each part within its bounds and a frame', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const parts = partsOf(message);
        expect(parts.length).toBeGreaterThan(0);
        for (const [name, list] of Object.entries(listsOf(message))) {
          expect(parts.flatMap((part) => listsOf(part)[name]!)).toEqual(list);
        }
        for (const part of parts) {
          expect(restOf(part)).toEqual(restOf(message));
          const lists = listsOf(part);
          for (const list of Object.values(lists)) {
            expect(list.length).toBeLessThanOrEqual(BATCH_MAX);
          }
          const bytes = (lists['records'] ?? []).map((each) =>
            Buffer.byteLength(JSON.stringify(each)),
          );
          expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(PART_BYTES_MAX);
          expect(frames.encode(part).length).toBeLessThan(FRAME_BYTES_MAX);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are no more than are needed: a message that fits is said as it is', () => {
    const fitting: TopicMessage[] = [
      { type: 'announce', topic: HOURS, records: recordsOf([300]), ids: [] },
      { type: 'announce', topic: HOURS, records: recordsOf([300]), ids: idsOf(BATCH_MAX) },
      { type: 'announce', topic: HOURS, records: [], ids: [] },
      { type: 'request', topic: HOURS, ids: idsOf(BATCH_MAX) },
      { type: 'response', topic: HOURS, records: [], missing: idsOf(1) },
    ];
    for (const message of fitting) expect(partsOf(message)).toEqual([message]);
    const many = recordsOf(Array.from({ length: 2 * BATCH_MAX }, () => 10));
    expect(partsOf({ type: 'announce', topic: HOURS, records: many, ids: [] })).toHaveLength(2);
  });

  it('of an answer to a pull end with the one that is done, if it is done at all', () => {
    const records = recordsOf(Array.from({ length: 600 }, () => 10));
    const answer = {
      type: 'pull-response',
      topic: HOURS,
      records,
      truncated: true,
      nonce,
    } as const;
    const done = (message: TopicMessage): (boolean | undefined)[] =>
      partsOf(message).map((part) => (part.type === 'pull-response' ? part.done : undefined));
    expect(done({ ...answer, done: true })).toEqual([false, false, true]);
    expect(done({ ...answer, done: false })).toEqual([false, false, false]);
    expect(done({ ...answer, records: [], done: true })).toEqual([true]);
  });

  it('of an answer to a pull say in the last one what belongs to the whole', () => {
    const records = recordsOf(Array.from({ length: 300 }, () => 10));
    const whole = { cursor: `7 ${idsOf(1)[0]!}`, skipped: idsOf(3), differing: ['a', 'b'] };
    const answer = {
      type: 'pull-response',
      topic: HOURS,
      records,
      truncated: true,
      nonce,
    } as const;
    const [first, last] = partsOf({ ...answer, ...whole, done: true });
    expect(Object.keys(first!)).not.toContain('cursor');
    expect(Object.keys(first!)).not.toContain('skipped');
    expect(last).toMatchObject({ ...whole, done: true });
  });

  it('of a response name what is missing in the first', () => {
    const records = recordsOf(Array.from({ length: 600 }, () => 10));
    const missing = idsOf(5);
    const named = partsOf({ type: 'response', topic: HOURS, records, missing }).map((part) =>
      part.type === 'response' ? part.missing : undefined,
    );
    expect(named).toEqual([missing, [], []]);
  });

  it('of a digest and of a pull are the message itself', () => {
    const author = 'did:key:z6Mk' as Did;
    const ranges = Array.from({ length: 2 * BATCH_MAX }, () => ({ author, from: 1, to: 2 }));
    const whole: TopicMessage[] = [
      { type: 'digest', topic: HOURS, clock: {}, count: 0, fingerprint: 'f'.repeat(64), nonce },
      { type: 'pull-request', topic: HOURS, ranges, maxBytes: 1, nonce },
    ];
    for (const message of whole) expect(partsOf(message)).toEqual([message]);
  });
});
