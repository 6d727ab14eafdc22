/** F15, F16, F17 and F20: keys that mean something, letters that look alike, clocks without end, effects before causes. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Did } from '#contracts/identifiers.ts';
import type { Knowledge } from '#contracts/knowledge.ts';
import { CLOCK_COMPONENTS_MAX } from '#contracts/messages.ts';
import { referenceLayers } from '#reference/layers.ts';
import { create as createTopicLog } from '#reference/gossip/topic-log.ts';
import { compare, merge } from '#reference/gossip/vector-clock.ts';
import { createRandom } from '#reference/sim/random.ts';
import { wordsToRun } from '#start/built.mjs';
import { announce, mallory, requestsTo, villageOf } from '#test/support/facing.ts';
import { hostileReadings } from '#test/support/hostile-readings.ts';
import { asJson, chain, content, HOURS, idOf, type Member } from '#test/support/village.ts';

describe('F15: keys that mean something to JavaScript', () => {
  const CLEAN = { held: 0, polluted: false, appeared: [] };

  it('wherever they stand, leaves the prototype of everything as it was', () => {
    const readings = hostileReadings();
    expect(readings).toMatchObject(CLEAN);
    expect(readings.refused).toBeGreaterThan(150);
    expect(readings.read).toBeGreaterThan(readings.refused);
  });

  it('does the same where touching __proto__ by name is an error', async () => {
    // A whole cluster does so in test/long.
    const words = ['--disable-proto=throw', ...(await wordsToRun('test/support/hostile-child.ts'))];
    const said = execFileSync(process.execPath, words, { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual(hostileReadings());
  });
});

describe('F16: letters that look alike and numbers that mean the same', () => {
  const TWINS: readonly (readonly [left: string, right: string])[] = [
    ['é', 'e\u0301'], // NFC, NFD
    ['Å', '\u212b'], // the letter, the unit
    ['ﬁ', 'fi'],
    ['А', 'A'], // Cyrillic, Latin
    ['a', 'a\u200b'],
    ['ß', 'ss'],
    ['1', '１'],
    ['\u202eabc', 'abc'],
  ];

  it('never give two texts one id, as a value or as a key', () => {
    for (const [left, right] of TWINS) {
      const ids = [
        content.id({ memo: left }),
        content.id({ memo: right }),
        content.id({ [left]: 1 }),
        content.id({ [right]: 1 }),
      ].map((id) => (id.ok ? id.value : id.status));
      expect(new Set(ids).size).toBe(4);
    }
  });

  it('give one value one text: every other spelling of it is refused on the wire', () => {
    const spellings = ['[10]', '[1e1]', '[10.0]', '[1.0e+1]', '[100e-1]', '[ 10]'];
    const read = spellings.map((text) => content.parse(Buffer.from(text)));
    expect(new Set(read.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
    const canonical = spellings.map((text) => content.parseCanonical(Buffer.from(text)).ok);
    expect(canonical).toEqual([true, false, false, false, false, false]);
  });
});

describe('F17: clocks of many authors', () => {
  const didOf = (index: number): Did => `did:key:${index}` as Did;

  /** A map that counts how often it is asked or walked. */
  const counting = (size: number, value: (index: number) => number) => {
    let operations = 0;
    class Counted extends Map<Did, number> {
      override get(key: Did): number | undefined {
        operations += 1;
        return super.get(key);
      }
      override *[Symbol.iterator](): MapIterator<[Did, number]> {
        for (const entry of super.entries()) {
          operations += 1;
          yield entry;
        }
      }
    }
    const map = new Counted();
    for (let index = 0; index < size; index++) map.set(didOf(index), value(index));
    return { map, operations: () => operations };
  };

  const workOf: { readonly [what: string]: (size: number) => number } = {
    compare(size) {
      const left = counting(size, (index) => index);
      const right = counting(size, (index) => index + 1);
      expect(compare(left.map, right.map)).toBe('before');
      return left.operations() + right.operations();
    },
    merge(size) {
      const left = counting(size, (index) => index + 1);
      const right = counting(size, (index) => size - index);
      expect(merge(left.map, right.map).size).toBe(size);
      return left.operations() + right.operations();
    },
    'ask after a digest': (size) => {
      const clock = counting(size, () => 1);
      const log = createTopicLog(HOURS);
      const knowledge: Knowledge = { ...log, topic: HOURS, count: 0, clock: () => clock.map };
      const digest = {
        topic: HOURS,
        clock: Object.fromEntries(Array.from({ length: size }, (_, index) => [didOf(index), 9])),
        count: size,
        fingerprint: 'f'.repeat(64),
      };
      const reconciliation = referenceLayers.reconciliation({ content });
      expect(reconciliation.compare(knowledge, digest).behind).toBe(true);
      expect(reconciliation.request(knowledge, digest).ranges.length).toBeGreaterThan(0);
      return clock.operations();
    },
  };

  it.each(Object.keys(workOf))('cost twice the work for twice the authors: %s', (what) => {
    const [small, large] = [workOf[what]!(500), workOf[what]!(1_000)];
    expect(small).toBeGreaterThanOrEqual(500);
    expect(large / small).toBeLessThanOrEqual(2.5);
  });

  it('are refused beyond so many components, before anything is asked of them', () => {
    const frames = referenceLayers.frames({ content });
    const { did } = mallory;
    // Names that differ in one letter: no key, and nobody may look.
    const clockOf = (size: number) =>
      Object.fromEntries(
        Array.from({ length: size }, (_, index) => [
          `${did.slice(0, -6)}${String(index).padStart(6, '1')}`,
          1,
        ]),
      );
    const message = {
      clock: clockOf(CLOCK_COMPONENTS_MAX + 1),
      count: 1,
      fingerprint: 'f'.repeat(64),
      nonce: Buffer.alloc(16).toString('base64url'),
      topic: HOURS,
      type: 'digest',
      version: 1,
    };
    const text = content.canonicalize(message);
    const body = Buffer.from(text.ok ? text.value : '');
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.byteLength);
    const [outcome] = frames.decoder().push(Buffer.concat([head, body]));
    expect(outcome).toMatchObject({ ok: false, status: 'message_malformed' });
    expect(JSON.stringify(outcome)).toContain(String(CLOCK_COMPONENTS_MAX));
  });
});

describe('F20: a chain of fifty whose end comes first', () => {
  const records = chain(mallory, 50);
  const orders = {
    reversed: records.toReversed(),
    shuffled: createRandom('fifty').shuffle(records),
  };

  it.each(Object.entries(orders))(
    '(%s) waits whole, is asked for, and is delivered in order',
    (_, order) => {
      const village = villageOf('ann ben');
      const [ann, ben] = village.members as [Member, Member];
      // Ben has nothing: what is missing must come as it comes.
      const last = order.at(-1)!;
      const root = records[0]!;
      for (const record of order) {
        if (record !== last && record !== root) ann.hears(ben.did, announce(record));
      }
      const { waiting } = ann.gossip;
      expect(waiting().records).toBe(order.length - (last === root ? 1 : 2));
      expect(ann.delivered).toEqual([]);
      expect(requestsTo(village, ben.did).flatMap(({ ids }) => ids)).toContain(root.id);
      ann.hears(ben.did, announce(last));
      ann.hears(ben.did, announce(root));
      expect(ann.delivered).toEqual(records.map(idOf));
      expect(waiting()).toEqual({ records: 0, missing: [] });
      expect(ann.gossip.knowledge.clock()).toEqual(new Map([[mallory.did, 50]]));
      expect(ann.gossip.knowledge.count).toBe(50);
      expect(asJson(root)['sequence']).toBe(1);
    },
  );
});
