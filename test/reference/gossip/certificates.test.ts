/** Records that name a certificate: they wait for it within the bounds that there are, and enter when it comes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { createRandom } from '#reference/sim/random.ts';
import { everyDay } from '#test/support/depth.ts';
import { announce, facing, mallory, quinn, trudy, villageOf } from '#test/support/facing.ts';
import {
  asJson,
  chain,
  createVillage,
  idOf,
  inventedId,
  orderOf,
  saidOf,
  siblings,
  signerOf,
  write,
  type Member,
} from '#test/support/village.ts';

const certificate = inventedId('certificate');

describe('a record that names a certificate', () => {
  it('waits, is asked of nobody, and enters with what rests on it when the certificate comes', () => {
    const village = villageOf('ann ben cem');
    const [ann, ben, cem] = village.members as [Member, Member, Member];
    const first = write(mallory, { certificate });
    const second = write(trudy, { seeing: [first] });
    ann.hears(ben.did, announce(second, first));
    expect(ann.gossip.waiting()).toEqual({ records: 2, missing: [] });
    expect([ann.delivered, ann.gossip.knowledge.count]).toEqual([[], 0]);
    village.advance(300_000);
    expect(ann.gossip.waiting().records).toBe(2);
    const asked = saidOf(village, 'request').flatMap(({ ids }) => ids);
    expect(asked).not.toContain(certificate);
    ann.certify(certificate);
    expect(ann.delivered).toEqual([first.id, second.id]);
    expect(ann.gossip.waiting()).toEqual({ records: 0, missing: [] });
    // The others are told of it then, not before; they wait for the same.
    village.advance(60_000);
    expect([ben.gossip.waiting().records, orderOf(cem)]).toEqual([2, []]);
    for (const member of [ben, cem]) member.certify(certificate);
    village.advance(60_000);
    for (const member of [ben, cem]) expect(orderOf(member)).toEqual(orderOf(ann));
  });

  it('enters at once where the certificate is known, and a repetition is a duplicate before and after', () => {
    const { ann } = facing();
    const record = write(mallory, { certificate });
    for (let time = 0; time < 2; time++) ann.hears(mallory.did, announce(record));
    ann.certify(certificate);
    ann.hears(mallory.did, announce(record, write(trudy, { certificate })));
    expect(ann.delivered).toHaveLength(2);
    expect(ann.logged.get('record_duplicate')).toBe(2);
  });

  it('fills a corner and not the room where the certificate is invented', () => {
    const { village, ann } = facing({ waitingMax: 64 });
    const honest = [quinn, trudy].map((author) => write(author, { certificate }));
    ann.hears(mallory.did, announce(...honest));
    for (let index = 0; index < 400; index++) {
      const invented = write(mallory, { certificate: inventedId(`${index}`), memo: `${index}` });
      ann.hears(mallory.did, announce(invented));
    }
    expect(ann.gossip.waiting().records).toBe(64 / 4 + 2);
    village.advance(600_000);
    ann.certify(certificate);
    expect([...orderOf(ann)].sort()).toEqual(honest.map(idOf).sort());
  });

  it('is not freed by a record that has the id it names', () => {
    const { ann } = facing();
    const [held, next] = chain(mallory, 2) as [SignedRecord, SignedRecord];
    const wrong = write(trudy, { certificate: held.id });
    const asked = write(quinn, { seeing: [held] });
    ann.hears(mallory.did, announce(wrong));
    expect(ann.gossip.waiting()).toEqual({ records: 1, missing: [] });
    ann.hears(mallory.did, announce(asked));
    expect(ann.gossip.waiting()).toEqual({ records: 2, missing: [held.id] });
    ann.hears(mallory.did, announce(held, next));
    expect(ann.gossip.waiting()).toEqual({ records: 1, missing: [] });
    expect(new Set(orderOf(ann))).toEqual(new Set([held, asked, next].map(idOf)));
  });

  it('keeps no surplus child of a fork while it waits, and brings it along when it enters', () => {
    const village = villageOf('ann ben');
    const [ann, ben] = village.members as [Member, Member];
    const children = siblings(mallory, 3);
    const builder = write(trudy, { seeing: [children[2]!], certificate });
    const all = [builder, ...children];
    ben.certify(certificate);
    ben.carry(ben.gossip.import(0, all.map(asJson)));
    ann.hears(ben.did, announce(...all));
    village.advance(60_000);
    expect(orderOf(ann)).toEqual(children.slice(0, 2).map(idOf));
    expect(orderOf(ben)).toHaveLength(4);
    ann.certify(certificate);
    village.advance(60_000);
    expect(orderOf(ann)).toEqual(orderOf(ben));
  });

  it('is refused from a store that has not the certificate', () => {
    const { ann } = facing();
    const record = write(mallory, { certificate });
    expect(() => ann.gossip.restore(record)).toThrow(/not certified/);
    ann.certify(certificate);
    ann.gossip.restore(record);
    expect(ann.gossip.knowledge.count).toBe(1);
  });
});

it('in any order of records and certificates all members hold the same in the end, and no invented one', () => {
  const certificates = ['one', 'two', 'three'].map(inventedId);
  const moves = fc.array(
    fc.record({
      author: fc.nat(4),
      after: fc.option(fc.nat(9), { freq: 4 }),
      sees: fc.array(fc.nat(9), { maxLength: 3 }),
      names: fc.nat(9),
    }),
    { minLength: 6, maxLength: 14 },
  );
  const authors = [mallory, trudy, quinn, signerOf('honest'), signerOf('fifth')];
  let vain = 0;
  let entered = 0;
  fc.assert(
    fc.property(moves, fc.nat(1_000), (history, seed) => {
      const written: SignedRecord[] = [];
      for (const [index, { author: who, after, sees, names }] of history.entries()) {
        const author = authors[who]!;
        const own = written.filter((record) => record.author === author.did);
        const others = written.filter((record) => record.author !== author.did);
        // Mallory forks; of the ids that are named, one in five never becomes a certificate.
        const previous = who > 0 || after === null ? own.at(-1) : own[after % (own.length + 1)];
        const seen = sees.flatMap((place) => others[place % Math.max(1, others.length)] ?? []);
        const named = names < 4 ? (certificates[names] ?? inventedId('never')) : undefined;
        written.push(write(author, { after: previous, seeing: [...new Set(seen)], memo: `${index}`, certificate: named })); // prettier-ignore
      }
      const random = createRandom(`${seed}`);
      const village = createVillage({ names: ['ann', 'ben', 'cem'], seed: `${seed}` });
      type Step = (member: Member) => void;
      for (const member of village.members) {
        const takes = written.map(
          (record): Step =>
            (each) =>
              each.carry(each.gossip.import(village.now(), [asJson(record)])),
        );
        const certifies = certificates.map(
          (id): Step =>
            (each) =>
              each.certify(id),
        );
        const early = random.shuffle([...takes, ...certifies.slice(0, 2)]);
        for (const step of early) if (random.next() < 0.7) step(member);
      }
      village.connectAll();
      village.advance(60_000);
      for (const member of village.members) {
        for (const id of random.shuffle(certificates)) member.certify(id);
        for (const record of random.shuffle(written)) {
          member.carry(member.gossip.import(village.now(), [asJson(record)]));
        }
      }
      village.advance(600_000);
      const [first, ...others] = village.members as [Member, ...Member[]];
      for (const other of others) expect(orderOf(other)).toEqual(orderOf(first));
      // What never becomes certified is held by nobody, nor is what rests on it.
      const never = new Set<RecordId>(written.filter((record) => record.certificate === inventedId('never')).map(idOf)); // prettier-ignore
      for (const { id, previous, parents } of written) {
        if ([previous, ...parents].some((link) => never.has(link as RecordId))) never.add(id);
      }
      const held = new Set(orderOf(first));
      for (const id of never) expect(held.has(id)).toBe(false);
      vain += never.size;
      entered += written.filter(({ id, certificate }) => certificate && held.has(id)).length;
    }),
    { numRuns: everyDay(12, 100) },
  );
  expect(Math.min(vain, entered)).toBeGreaterThan(0);
});
