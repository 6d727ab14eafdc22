/** Packing: long frames travel deflated, and what inflates is bounded. */
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FRAME_BYTES_MAX } from '#contracts/frames.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import type { Message } from '#contracts/messages.ts';
import { readSettings } from '#reference/config.ts';
import { create as createFrames } from '#reference/frames/frames.ts';
import { RATIO_MAX } from '#reference/frames/packing.ts';
import { referenceLayers } from '#reference/layers.ts';
import { fill } from '#reference/reconciliation/filter.ts';
import { createCluster, TOPIC } from '#reference/sim/cluster.ts';
import { saltOf } from '#test/support/holdings.ts';
import {
  HOURS,
  asJson,
  chain,
  content,
  inventedId,
  nonceOf,
  signerOf,
} from '#test/support/village.ts';

const frames = createFrames({ content });
const pack = frames.pack!;
const nonce = nonceOf('packing');
const answer = (count: number): Message => ({
  type: 'pull-response',
  topic: HOURS,
  records: chain(signerOf('ann'), count).map(asJson),
  done: true,
  truncated: false,
  nonce,
});

/** A frame around any bytes. */
const framed = (body: Uint8Array): Uint8Array => {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length);
  frame.set(body, 4);
  return frame;
};
const packedOf = (text: Uint8Array, level = 9): Uint8Array =>
  framed(Buffer.concat([Buffer.from([1]), deflateRawSync(text, { level })]));

describe('a packed frame', () => {
  it('is less than half as long and says the same, however it is cut', () => {
    const message = answer(100);
    const whole = frames.encode(message);
    const packed = pack(whole);
    expect(packed.length).toBeLessThan(0.5 * whole.length);
    for (const pieceBytes of [1, 1_000, packed.length]) {
      const decoder = frames.decoder();
      const outcomes = [];
      for (let at = 0; at < packed.length; at += pieceBytes) {
        outcomes.push(...decoder.push(packed.subarray(at, at + pieceBytes)));
      }
      expect(outcomes).toEqual([{ ok: true, value: message }]);
    }
  });

  it('of a filter has its bytes again, without the text around them', () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => inventedId(`${index}`));
    const filter = fill(ids, saltOf('packing'));
    const bounds = { ranges: [], maxBytes: 1_000, nonce };
    const whole = frames.encode({ type: 'pull-request', topic: HOURS, filter, ...bounds });
    expect(pack(whole).length).toBeLessThan(0.8 * whole.length);
  });

  it('is the frame itself where that is short or would not shrink', () => {
    const short = frames.encode(answer(1));
    expect(pack(short)).toBe(short);
    const zeros = framed(Buffer.alloc(500_000));
    expect(pack(zeros)).toBe(zeros);
  });

  it('is made once for all peers', () => {
    const whole = frames.encode(answer(20));
    expect(pack(whole)).toBe(pack(whole));
  });
});

/** Text that shrinks as records do: the ratio would not refuse it. */
const digits = (count: number): string =>
  Array.from({ length: count }, (_, index) => (index * index) % 65_537).join(' ');

/** Deflated blocks may follow each other: 64 times 16 MiB. */
const gigabyte = (): Uint8Array[] => {
  const finishFlush = constants.Z_FULL_FLUSH;
  const block = deflateRawSync(Buffer.alloc(1 << 24), { level: 9, finishFlush });
  return Array.from({ length: 64 }, () => block);
};

describe('a hostile packed frame (F14)', () => {
  const good = new TextEncoder().encode('{}');
  const hostile: { readonly [what: string]: () => Uint8Array } = {
    'of a gigabyte of zeros': () => framed(Buffer.concat([Buffer.from([1]), ...gigabyte()])),
    'of one byte more than a body may have': () =>
      packedOf(Buffer.alloc(FRAME_BYTES_MAX + 1, digits(40_000))),
    'that grows beyond the ratio': () => packedOf(Buffer.alloc(3 * RATIO_MAX * 100)),
    'that is no deflate': () => framed(Buffer.from([1, 255, 255, 255, 255])),
    'that ends in the middle': () => packedOf(frames.encode(answer(3)).subarray(4)).subarray(0, -9),
    'of nothing': () => framed(Buffer.from([1])),
    'of what is no message': () => packedOf(good),
    'that is packed twice': () =>
      packedOf(Buffer.concat([Buffer.from([1]), deflateRawSync(good)]), 0),
  };
  for (const [what, make] of Object.entries(hostile)) {
    it(`${what} is refused as malformed, and the stream goes on`, () => {
      const decoder = frames.decoder();
      let frame = make();
      // Whatever was cut off, its length is true.
      frame = framed(frame.subarray(4, Math.min(frame.length, FRAME_BYTES_MAX)));
      const before = process.memoryUsage();
      const [outcome] = decoder.push(frame);
      const after = process.memoryUsage();
      expect(outcome).toMatchObject({ ok: false, status: 'message_malformed' });
      const grown = after.rss - before.rss;
      expect(grown).toBeLessThan(8 * 1_048_576);
      expect(decoder.push(frames.encode(answer(1)))).toMatchObject([{ ok: true }]);
    }, 60_000);
  }
});

describe('a packed body', () => {
  it('as long as any may be is read, and one byte longer is not, whatever its ratio', () => {
    const reasonOf = (bytes: number): string => {
      const [outcome] = frames.decoder().push(packedOf(Buffer.alloc(bytes, digits(40_000))));
      return outcome?.ok === false ? outcome.reason : '';
    };
    // Read, and then found to be no JSON.
    expect(reasonOf(FRAME_BYTES_MAX)).toContain('json_malformed');
    expect(reasonOf(FRAME_BYTES_MAX + 1)).toContain(`expected at most ${FRAME_BYTES_MAX} bytes`);
  });
});

describe('two nodes', () => {
  /** Frames that the first node packed for the second, which has or has not told it that it inflates. */
  const packedFor = async (inflates: boolean): Promise<number> => {
    let packed = 0;
    const layersOf = (index: number): NodeLayers => ({
      ...referenceLayers,
      frames(options) {
        const { encode, decoder } = referenceLayers.frames(options);
        if (index === 1) return { encode, decoder, ...(inflates && { pack }) };
        return {
          encode,
          decoder,
          pack(frame) {
            const wire = pack(frame);
            if (wire !== frame) packed += 1;
            return wire;
          },
        };
      },
    });
    const cluster = createCluster({
      seed: 'packing',
      nodes: 2,
      settings: readSettings(),
      layersOf,
    });
    await cluster.start(0);
    for (let entry = 0; entry < 20; entry++) cluster.pay(0, 1, 1n);
    cluster.runFor(1_000);
    await cluster.start(1);
    cluster.runFor(20_000);
    expect(cluster.places[1]!.node!.knowledge(TOPIC).count).toBe(20);
    return packed;
  };

  it('pack what is long for whoever inflates, and nothing for anybody else', async () => {
    expect(await packedFor(true)).toBeGreaterThan(0);
    expect(await packedFor(false)).toBe(0);
  });
});
