/** The laws of layer 2: a stream has no edges of its own, and a message has no field of its own. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME_BYTES_MAX, type FrameStatus } from '#contracts/frames.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import {
  BATCH_MAX,
  CLOCK_COMPONENTS_MAX,
  TOPICS_MAX,
  type Digest,
  type Message,
} from '#contracts/messages.ts';
import type { Outcome } from '#contracts/outcome.ts';
import { create as createContent } from '#reference/content/content.ts';
import { create } from '#reference/frames/frames.ts';

const content = createContent();
const frames = create({ content });

const alice = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did;
const bob = 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG' as Did;
const id = 'a'.repeat(64) as RecordId;
const nonce = 'AAAAAAAAAAAAAAAAAAAAAA';
const topic = 'ledger:hours';

/** One of every type. */
const samples: { readonly [Type in Message['type']]: Extract<Message, { type: Type }> } = {
  hello: { type: 'hello', did: alice, network: id, protocol: 'icn/gossip/1', nonce },
  'hello-proof': { type: 'hello-proof', nonce, signature: 'A'.repeat(86) },
  ping: { type: 'ping', nonce },
  pong: { type: 'pong', nonce },
  subscribe: { type: 'subscribe', topics: [topic, 'trust:attestations'] },
  unsubscribe: { type: 'unsubscribe', topics: [] },
  'subscribe-ack': { type: 'subscribe-ack', topics: [{ topic, status: 'not_permitted' }] },
  announce: {
    type: 'announce',
    topic,
    records: [{ any: ['claim', 1, null] }, 'h\u00e9', 7],
    ids: [id],
  },
  request: { type: 'request', topic, ids: [id, id] },
  response: { type: 'response', topic, records: [], missing: [id] },
  digest: {
    type: 'digest',
    topic,
    clock: { [alice]: 3, [bob]: 1 },
    count: 4,
    fingerprint: id,
    nonce,
  },
  'pull-request': {
    type: 'pull-request',
    topic,
    ranges: [{ author: alice, from: 1, to: 3 }],
    maxBytes: 65_536,
    nonce,
    cursor: 'next',
  },
  'pull-response': {
    type: 'pull-response',
    topic,
    records: [{}],
    done: false,
    truncated: false,
    nonce,
  },
};
const messages: readonly Message[] = Object.values(samples);

const lengthOf = (bytes: number): Uint8Array => {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, bytes);
  return prefix;
};
const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
/** A frame around any bytes or any value, its body canonical or not. */
const frameOf = (body: Uint8Array | string): Uint8Array => {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  return joined([lengthOf(bytes.length), bytes]);
};
const bodyOf = (value: unknown): string => {
  const text = content.canonicalize(value);
  if (!text.ok) throw new Error(text.reason);
  return text.value;
};
const decode = (bytes: Uint8Array): readonly Outcome<Message, FrameStatus>[] =>
  frames.decoder().push(bytes);
const statuses = (outcomes: readonly Outcome<unknown, FrameStatus>[]): string[] =>
  outcomes.map((outcome) => (outcome.ok ? 'accepted' : outcome.status));
const values = (outcomes: readonly Outcome<Message, FrameStatus>[]): unknown[] =>
  outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.status));

describe('messages', () => {
  test.each(messages.map((message) => [message.type, message] as const))(
    'a %s arrives as it was sent',
    (_type, message) => {
      expect(values(decode(frames.encode(message)))).toEqual([message]);
    },
  );

  test('a frame is a length, and canonical JSON that tells its version', () => {
    const body = `{"nonce":"${nonce}","type":"ping","version":1}`;
    expect(frames.encode(samples.ping)).toEqual(frameOf(body));
  });

  test('the version is of the frame and not of the message', () => {
    const [outcome] = decode(frames.encode(samples.pong));
    expect(outcome?.ok && Object.keys(outcome.value).toSorted()).toEqual(['nonce', 'type']);
  });

  test('what a caller cannot mean is not sent', () => {
    const absent = { ...samples['pull-request'], cursor: undefined } as never;
    expect(() => frames.encode(absent)).toThrow(/pull-request.*cursor/);
    const small = create({ content, frameBytesMax: 40 });
    expect(() => small.encode(samples.ping)).toThrow(/ping.*above the limit of 40/);
  });

  test.each(messages.map((message) => [message.type, message] as const))(
    'a %s with a field more, or one less, is malformed',
    (_type, message) => {
      const fields = Object.entries({ ...message, version: 1 });
      const more = ['extra', '__proto__', 'constructor'].map((name) =>
        bodyOf(Object.fromEntries([...fields, [name, 1]])),
      );
      const less = fields
        .filter(([name]) => name !== 'cursor')
        .map(([name]) => bodyOf(Object.fromEntries(fields.filter(([other]) => other !== name))));
      for (const body of [...more, ...less]) {
        expect([body, ...statuses(decode(frameOf(body)))]).toEqual([body, 'message_malformed']);
      }
    },
  );

  test.each(messages.map((message) => [message.type, message] as const))(
    'a %s with any field of another kind is malformed',
    (_type, message) => {
      for (const name of Object.keys(message)) {
        for (const other of [null, -1, 1.5, '', 'x'.repeat(200), {}, { length: 1 }, [[]]]) {
          if (name === 'cursor' && other === '') continue;
          if (name === 'clock' && bodyOf(other) === '{}') continue;
          if (name === 'records' && Array.isArray(other)) continue;
          const body = bodyOf({ ...message, version: 1, [name]: other });
          expect([body, ...statuses(decode(frameOf(body)))]).toEqual([body, 'message_malformed']);
        }
      }
    },
  );

  const many = <Item>(count: number, item: Item): Item[] => Array<Item>(count).fill(item);
  const components = (count: number): Digest['clock'] =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => {
        const digits = String(index).replaceAll('0', 'x').padStart(5, 'y');
        return [alice.slice(0, -5) + digits, 1];
      }),
    );
  const clockOf = (name: string, count: unknown): unknown => Object.fromEntries([[name, count]]);

  test.each<[string, Message['type'], Record<string, unknown>, string]>([
    ['as many records as a batch holds', 'announce', { records: many(BATCH_MAX, 1) }, 'accepted'],
    ['a record more', 'announce', { records: many(BATCH_MAX + 1, 1) }, 'message_malformed'],
    ['as many ids as a batch holds', 'request', { ids: many(BATCH_MAX, id) }, 'accepted'],
    ['an id more', 'request', { ids: many(BATCH_MAX + 1, id) }, 'message_malformed'],
    ['400 000 ids that are none', 'request', { ids: many(400_000, 1) }, 'message_malformed'],
    ['a missing id more', 'response', { missing: many(BATCH_MAX + 1, id) }, 'message_malformed'],
    ['all topics', 'subscribe', { topics: many(TOPICS_MAX, topic) }, 'accepted'],
    ['a topic more', 'subscribe', { topics: many(TOPICS_MAX + 1, topic) }, 'message_malformed'],
    ['an id in upper case', 'request', { ids: [id.toUpperCase()] }, 'message_malformed'],
    ['an id of 63 digits', 'request', { ids: [id.slice(1)] }, 'message_malformed'],
    ['an id with a line end', 'request', { ids: [`${id}\n`] }, 'message_malformed'],
    ['a topic without scope', 'request', { topic: 'news' }, 'accepted'],
    ['the longest scope', 'request', { topic: `a:${'B'.repeat(32)}` }, 'accepted'],
    ['a scope too long', 'request', { topic: `a:${'B'.repeat(33)}` }, 'message_malformed'],
    ['the longest topic', 'request', { topic: 'a'.repeat(64) }, 'accepted'],
    ['a topic too long', 'request', { topic: 'a'.repeat(65) }, 'message_malformed'],
    ['a topic in upper case', 'request', { topic: 'Ledger:hours' }, 'message_malformed'],
    ['a topic with two scopes', 'request', { topic: 'a:b:c' }, 'message_malformed'],
    ['a topic __proto__', 'request', { topic: '__proto__' }, 'message_malformed'],
    ['a nonce of 15 bytes', 'ping', { nonce: 'A'.repeat(20) }, 'message_malformed'],
    ['a nonce of 17 bytes', 'ping', { nonce: 'A'.repeat(23) }, 'message_malformed'],
    ['another spelling of a nonce', 'ping', { nonce: `${'A'.repeat(21)}B` }, 'message_malformed'],
    ['a nonce in base64', 'ping', { nonce: `+/${'A'.repeat(20)}` }, 'message_malformed'],
    ['a did:web', 'hello', { did: 'did:web:example.org' }, 'message_malformed'],
    ['an X25519 did:key', 'hello', { did: alice.replace('z6Mk', 'z6LS') }, 'message_malformed'],
    ['0 in base58', 'hello', { did: alice.replace('G5', 'G0') }, 'message_malformed'],
    ['a DID with a fragment', 'hello', { did: `${alice}#a` }, 'message_malformed'],
    ['another protocol', 'hello', { protocol: 'icn/gossip/2' }, 'accepted'],
    ['a count of 0 in a clock', 'digest', { clock: clockOf(alice, 0) }, 'message_malformed'],
    ['a fraction in a clock', 'digest', { clock: clockOf(alice, 1.5) }, 'message_malformed'],
    ['a text in a clock', 'digest', { clock: clockOf(alice, '1') }, 'message_malformed'],
    ['the largest count', 'digest', { clock: clockOf(alice, 2 ** 53 - 1) }, 'accepted'],
    ['a count of 1e21', 'digest', { clock: clockOf(alice, 1e21) }, 'message_malformed'],
    ['__proto__ in a clock', 'digest', { clock: clockOf('__proto__', 1) }, 'message_malformed'],
    ['toString in a clock', 'digest', { clock: clockOf('toString', 1) }, 'message_malformed'],
    ['a full clock', 'digest', { clock: components(CLOCK_COMPONENTS_MAX) }, 'accepted'],
    [
      'a fuller one',
      'digest',
      { clock: components(CLOCK_COMPONENTS_MAX + 1) },
      'message_malformed',
    ],
    ['an empty clock', 'digest', { clock: {}, count: 0 }, 'accepted'],
    ['a run of one', 'pull-request', { ranges: [{ author: bob, from: 2, to: 2 }] }, 'accepted'],
    [
      'a run from 0',
      'pull-request',
      { ranges: [{ author: bob, from: 0, to: 2 }] },
      'message_malformed',
    ],
    [
      'a run backwards',
      'pull-request',
      { ranges: [{ author: bob, from: 3, to: 2 }] },
      'message_malformed',
    ],
    ['a budget of nothing', 'pull-request', { maxBytes: 0 }, 'message_malformed'],
    ['the longest cursor', 'pull-request', { cursor: 'x'.repeat(128) }, 'accepted'],
    ['a cursor too long', 'pull-request', { cursor: 'x'.repeat(129) }, 'message_malformed'],
    [
      'a status of no list',
      'subscribe-ack',
      { topics: [{ topic, status: 'yes' }] },
      'message_malformed',
    ],
    ['a type of no list', 'ping', { type: 'gossip' }, 'message_malformed'],
    ['a type that every object has', 'ping', { type: 'toString' }, 'message_malformed'],
    ['another version', 'ping', { version: 2 }, 'version_unsupported'],
    [
      'another version of what we do not know',
      'ping',
      { version: 2, type: 'new' },
      'version_unsupported',
    ],
    ['a version in words', 'ping', { version: '1' }, 'message_malformed'],
  ])('%s in a message has its own verdict', (_name, type, change, status) => {
    const body = bodyOf({ ...samples[type], version: 1, ...change });
    expect(statuses(decode(frameOf(body)))).toEqual([status]);
  });

  test.each<[string, string | Uint8Array]>([
    ['a space', `{"nonce":"${nonce}","type":"ping", "version":1}`],
    ['keys in another order', `{"type":"ping","nonce":"${nonce}","version":1}`],
    ['a key twice', `{"nonce":"${nonce}","type":"ping","type":"ping","version":1}`],
    ['a version spelled 1.0', `{"nonce":"${nonce}","type":"ping","version":1.0}`],
    ['a byte order mark', `\ufeff{"nonce":"${nonce}","type":"ping","version":1}`],
    ['a null', 'null'],
    ['a list', '[{"type":"ping","version":1}]'],
    ['a byte that is no UTF-8', Uint8Array.of(0xff)],
    ['brackets without end', '['.repeat(100_000)],
  ])('a body with %s is no message, and the next one arrives', (_name, body) => {
    const stream = joined([frameOf(body), frames.encode(samples.pong)]);
    expect(values(decode(stream))).toEqual(['message_malformed', samples.pong]);
  });

  test('a refusal names the field, and not all of what came', () => {
    const body = bodyOf({ ...samples.digest, version: 1, count: -1, ['x'.repeat(9_000)]: 1 });
    const [outcome] = decode(frameOf(body));
    const reason = outcome?.ok === false ? outcome.reason : '';
    expect(reason).toContain('digest.count');
    expect(reason.length).toBeLessThan(300);
  });
});

describe('a stream', () => {
  /** Good and bad frames, and what a decoder must make of them. */
  const stream = joined([
    ...messages.map((message) => frames.encode(message)),
    frameOf('{"type":"ping"}'),
    frameOf('7'),
    frames.encode(samples.ping),
  ]);
  const whole = values(decode(stream));

  const pushAll = (pieces: readonly Uint8Array[]): unknown[] => {
    const decoder = frames.decoder();
    return pieces.flatMap((piece) => values(decoder.push(piece)));
  };

  test('cut in two at any byte gives the same messages', () => {
    expect(whole.slice(-3)).toEqual(['message_malformed', 'message_malformed', samples.ping]);
    const three = joined(messages.slice(0, 3).map((message) => frames.encode(message)));
    for (let at = 0; at <= three.length; at++) {
      expect(pushAll([three.subarray(0, at), three.subarray(at)])).toEqual(messages.slice(0, 3));
    }
  });

  test('in any pieces, empty ones included, gives the same messages', () => {
    const cuts = fc.array(fc.nat(stream.length), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...places, stream.length].toSorted((left, right) => left - right);
        const pieces = edges.map((edge, index) => stream.subarray(edges[index - 1] ?? 0, edge));
        expect(pushAll(pieces)).toEqual(whole);
      }),
    );
  });

  test('byte by byte gives the same messages, with never more kept than the limit and 4', () => {
    const frameBytesMax = 700;
    const decoder = create({ content, frameBytesMax }).decoder();
    const given: unknown[] = [];
    for (const byte of stream) {
      given.push(...values(decoder.push(Uint8Array.of(byte))));
      expect(decoder.pendingBytes).toBeLessThanOrEqual(frameBytesMax + 4);
    }
    expect(given).toEqual(whole);
    expect(decoder.pendingBytes).toBe(0);
    expect(decoder.end()).toEqual({ ok: true, value: undefined });
  });

  test('of the largest frame arrives in pieces of 4 KiB and in single bytes', () => {
    const empty = frames.encode({ ...samples.announce, records: [''] }).length - 4;
    const message = { ...samples.announce, records: ['x'.repeat(FRAME_BYTES_MAX - empty)] };
    const frame = frames.encode(message);
    expect(frame.length).toBe(FRAME_BYTES_MAX + 4);
    for (const pieceBytes of [4_096, 1]) {
      const decoder = frames.decoder();
      let last: unknown[] = [];
      for (let at = 0; at < frame.length; at += pieceBytes) {
        last = values(decoder.push(frame.subarray(at, at + pieceBytes)));
      }
      expect(last).toEqual([message]);
    }
  });

  test('may reuse its buffer: a decoder keeps copies', () => {
    const decoder = frames.decoder();
    const buffer = new Uint8Array(1);
    const given: unknown[] = [];
    for (const byte of frames.encode(samples.digest)) {
      buffer[0] = byte;
      given.push(...values(decoder.push(buffer)));
      buffer[0] = 0;
    }
    expect(given).toEqual([samples.digest]);
  });

  test.each([
    ['a length of 0', 0, 'frame_empty'],
    ['a length above the limit', FRAME_BYTES_MAX + 1, 'frame_too_large'],
    ['a length that is negative to those who read a sign', 0x80000000, 'frame_too_large'],
    ['the largest length', 0xffffffff, 'frame_too_large'],
  ])('ends at %s, and nothing is given or kept after it', (_name, bytes, status) => {
    const ping = frames.encode(samples.ping);
    const decoder = frames.decoder();
    expect(statuses(decoder.push(joined([ping, lengthOf(bytes), ping])))).toEqual([
      'accepted',
      status,
    ]);
    expect(decoder.push(ping)).toEqual([]);
    expect(decoder.pendingBytes).toBe(0);
  });

  test('is refused by its length alone: the body need not come', () => {
    const decoder = frames.decoder();
    const prefix = lengthOf(FRAME_BYTES_MAX + 1);
    expect(decoder.push(prefix.subarray(0, 3))).toEqual([]);
    expect(statuses(decoder.push(prefix.subarray(3)))).toEqual(['frame_too_large']);
  });

  test('with a limit of its own takes a body of that length and none longer', () => {
    const frame = frames.encode(samples.ping);
    const bodyBytes = frame.length - 4;
    const verdict = (frameBytesMax: number): string[] =>
      statuses(create({ content, frameBytesMax }).decoder().push(frame));
    expect(verdict(bodyBytes)).toEqual(['accepted']);
    expect(verdict(bodyBytes - 1)).toEqual(['frame_too_large']);
  });

  test('that ends inside a frame says so, after whatever byte', () => {
    const frame = frames.encode(samples.ping);
    for (let bytes = 0; bytes <= frame.length; bytes++) {
      const decoder = frames.decoder();
      decoder.push(frame.subarray(0, bytes));
      expect(decoder.pendingBytes).toBe(bytes % frame.length);
      const isEdge = bytes === 0 || bytes === frame.length;
      expect(statuses([decoder.end()])).toEqual([isEdge ? 'accepted' : 'frame_truncated']);
      expect(decoder.pendingBytes).toBe(0);
      expect(decoder.push(frames.encode(samples.ping))).toEqual([]);
    }
  });

  test('of any bytes raises no exception', () => {
    const hostile = fc
      .array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(...messages)), {
        maxLength: 6,
      })
      .map((parts) =>
        parts.map((part) =>
          part instanceof Uint8Array ? joined([lengthOf(part.length), part]) : frames.encode(part),
        ),
      );
    fc.assert(
      fc.property(hostile, fc.uint8Array({ maxLength: 8 }), (parts, tail) => {
        const decoder = frames.decoder();
        const outcomes = decoder.push(joined([...parts, tail]));
        expect(outcomes.length).toBeLessThanOrEqual(parts.length + 2);
        decoder.end();
      }),
    );
  });
});
