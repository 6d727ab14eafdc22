/** The graph of trust: what members say of each other, and the score that follows. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrustEdge } from '#contracts/genesis.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { STATEMENTS_PER_AUTHOR_MAX, STRANGERS_MAX, type TrustClass } from '#contracts/trust.ts';
import {
  attestation,
  didOf,
  edge,
  ME,
  START_MS,
  trusting,
  type Word,
} from '#test/support/attesting.ts';

const [ANN, BEN, CEM, DIA] = ['ann', 'ben', 'cem', 'dia'].map(didOf) as [Did, Did, Did, Did];
const PEOPLE = [ME, ANN, BEN, CEM, DIA];

/** The rule of the protocol, as plainly as it can be written, over a set of records. */
const plainScore = (
  edges: readonly TrustEdge[],
  records: readonly SignedRecord<'icn/trust/1'>[],
  peer: Did,
  now: number,
): number => {
  const last = (author: Did, subject: Did): number => {
    if (author === subject) return 0;
    const [word] = records
      .filter((each) => each.author === author && each.body.subject === subject)
      .sort((a, b) => b.sequence - a.sequence || (a.id < b.id ? -1 : 1));
    if (word) return now < word.body.expiresAt ? word.body.score : 0;
    const founding = edges.filter(({ from, to }) => from === author && to === subject);
    return Math.max(0, ...founding.map(({ score }) => score));
  };
  const others = PEOPLE.filter((each) => each !== ME);
  const vouched = others.map((each) => last(ME, each) * last(each, peer));
  return Math.max(last(ME, peer), Math.min(0.39, Math.max(...vouched)));
};

const person = fc.constantFrom(...PEOPLE);
const share = fc.constantFrom(0, 0.05, 0.1, 0.3, 0.4, 0.6, 0.65, 0.9, 1);
const word: fc.Arbitrary<Word> = fc.record({
  author: person,
  subject: person,
  score: share,
  sequence: fc.integer({ min: 1, max: 6 }),
  expiresAt: fc.constantFrom(START_MS + 10, START_MS + 20, START_MS + 30, Number.MAX_SAFE_INTEGER),
  branch: fc.constantFrom('a', 'b'),
});
const words = fc.array(word, { maxLength: 30 });
const founding = fc.array(fc.record({ from: person, to: person, score: share }), { maxLength: 8 });

describe('a score', () => {
  it('is what the plain rule says, whenever it is asked, while records come in and time goes on', () => {
    fc.assert(
      fc.property(founding, words, fc.infiniteStream(fc.nat(4)), (edges, said, steps) => {
        const { trust, clock } = trusting(edges);
        const records = said.map(attestation);
        for (const [index, record] of records.entries()) {
          trust.attested(record);
          clock.now += steps.next().value ?? 0;
          for (const peer of PEOPLE.slice(1)) {
            const plain = plainScore(edges, records.slice(0, index + 1), peer, clock.now);
            expect(trust.score(peer)).toBe(plain);
          }
        }
      }),
    );
  });

  it('is the same in whatever order the records come, forked authors and all', () => {
    fc.assert(
      fc.property(
        founding,
        words.chain((said) =>
          fc.tuple(fc.constant(said), fc.shuffledSubarray(said, { minLength: said.length })),
        ),
        (edges, [said, shuffled]) => {
          const scores = [said, shuffled].map((order) => {
            const { trust } = trusting(edges);
            for (const each of order) trust.attested(attestation(each));
            return PEOPLE.map((peer) => trust.score(peer));
          });
          expect(scores[1]).toEqual(scores[0]);
        },
      ),
    );
  });

  it('never falls because one more person vouches', () => {
    fc.assert(
      fc.property(founding, words, word, (edges, said, more) => {
        const isNew =
          !edges.some(({ from, to }) => from === more.author && to === more.subject) &&
          !said.some(({ author, subject }) => author === more.author && subject === more.subject);
        fc.pre(isNew);
        const { trust } = trusting(edges);
        for (const each of said) trust.attested(attestation(each));
        const before = PEOPLE.map((peer) => trust.score(peer));
        trust.attested(attestation(more));
        PEOPLE.forEach((peer, index) => {
          expect(trust.score(peer)).toBeGreaterThanOrEqual(before[index]!);
        });
      }),
    );
  });

  it('never comes above Known by what others say alone', () => {
    fc.assert(
      fc.property(founding, words, (edges, said) => {
        const { trust } = trusting(edges.filter(({ to }) => to !== DIA));
        for (const each of said) {
          if (each.author !== ME || each.subject !== DIA) trust.attested(attestation(each));
        }
        expect(trust.score(DIA)).toBeLessThanOrEqual(0.39);
        expect(['Isolated', 'Known']).toContain(trust.classOf(DIA));
      }),
    );
  });

  it.each<[number, TrustClass]>([
    [0, 'Isolated'],
    [0.0999, 'Isolated'],
    [0.1, 'Known'],
    [0.3999, 'Known'],
    [0.4, 'Partner'],
    [0.6999, 'Partner'],
    [0.7, 'Federated'],
    [1, 'Federated'],
  ])('of %s makes a peer %s', (score, name) => {
    expect(trusting([edge(ME, ANN, score)]).trust.classOf(ANN)).toBe(name);
  });

  it('goes over one voucher and not over two', () => {
    const { trust } = trusting([edge(ME, ANN, 1), edge(ANN, BEN, 0.3), edge(BEN, CEM, 1)]);
    expect([ANN, BEN, CEM].map(trust.score)).toEqual([1, 0.3, 0]);
  });
});

describe('an attestation', () => {
  it('says nothing after it has expired, and what was said before does not come back', () => {
    const { trust, clock } = trusting([edge(ME, ANN, 0.9)]);
    const expiresAt = START_MS + 1_000;
    trust.attested(attestation({ author: ME, subject: ANN, score: 0.5, expiresAt }));
    expect(trust.score(ANN)).toBe(0.5);
    clock.now = expiresAt - 1;
    expect(trust.score(ANN)).toBe(0.5);
    clock.now = expiresAt;
    expect(trust.score(ANN)).toBe(0);
    // The wall clock may be set back; then it has not expired yet.
    clock.now = START_MS;
    expect(trust.score(ANN)).toBe(0.5);
  });

  it('takes trust back that the genesis gave', () => {
    const { trust } = trusting([edge(ME, ANN, 0.9), edge(ANN, BEN, 0.9)]);
    expect([ANN, BEN].map(trust.score)).toEqual([0.9, 0.39]);
    trust.attested(attestation({ author: ME, subject: ANN, score: 0 }));
    expect([ANN, BEN].map(trust.score)).toEqual([0, 0]);
  });

  it('about its own author, of another kind, or superseded changes nothing and is named', () => {
    const { trust } = trusting([edge(ME, ANN, 0.05)]);
    const praise = attestation({ author: ANN, subject: ANN, score: 1 });
    expect(trust.attested(praise)).toBe('about_itself');
    const other = { ...praise, kind: 'icn/note/1', body: { text: '' } } as unknown as SignedRecord;
    expect(trust.attested(other)).toBe('not_an_attestation');
    const second = { author: ME, subject: ANN, score: 0.2, sequence: 2 };
    expect(trust.attested(attestation(second))).toBe('noted');
    expect(trust.attested(attestation(second))).toBe('superseded');
    expect(trust.attested(attestation({ ...second, score: 1, sequence: 1 }))).toBe('superseded');
    expect(trust.score(ANN)).toBe(0.2);
  });

  it('explains a score: who says what, the best first, and nothing that has expired', () => {
    const { trust, clock } = trusting([
      edge(ME, ANN, 0.5),
      edge(ME, BEN, 0.9),
      edge(ANN, CEM, 0.8),
      edge(DIA, CEM, 1),
    ]);
    const expiresAt = START_MS + 1_000;
    trust.attested(attestation({ author: BEN, subject: CEM, score: 0.6, expiresAt }));
    const product = 0.9 * 0.6;
    expect(trust.grounds(CEM)).toEqual({
      direct: undefined,
      vouchers: [
        { author: BEN, score: 0.6, expiresAt, product },
        { author: ANN, score: 0.8, expiresAt: undefined, product: 0.4 },
      ],
    });
    expect(trust.trusted()).toEqual([BEN, ANN, CEM]);
    clock.now = expiresAt;
    expect(trust.grounds(CEM).vouchers.map(({ author }) => author)).toEqual([ANN]);
    expect(trust.grounds(BEN).direct).toEqual({ author: ME, score: 0.9, expiresAt: undefined });
  });
});

describe('a crowd', () => {
  it('of ten thousand that praise each other comes to nothing, whoever is on its side', () => {
    const { trust } = trusting([edge(ME, ANN, 0.5), edge(ANN, BEN, 0.2)]);
    const crowd = Array.from({ length: 10_000 }, (_, index) => didOf(`sybil${index}`));
    crowd.forEach((author, index) => {
      const next = crowd[(index + 1) % crowd.length]!;
      for (const subject of [next, CEM]) {
        trust.attested(attestation({ author, subject, score: 1, sequence: 1 + index }));
      }
    });
    expect([CEM, ...crowd].map(trust.score).every((score) => score === 0)).toBe(true);
    // One who is vouched for a little and vouches for all of them makes each worth a little less.
    trust.attested(attestation({ author: ME, subject: DIA, score: 0.2 }));
    for (const [index, subject] of crowd.slice(0, 2_000).entries()) {
      trust.attested(attestation({ author: DIA, subject, score: 1, sequence: index + 1 }));
    }
    expect(Math.max(...[CEM, ...crowd].map(trust.score))).toBe(0.2);
    expect(trust.score(BEN)).toBe(0.1);
  });

  it('of strangers pushes out strangers alone: those we trust keep what they said', () => {
    const { trust } = trusting([edge(ME, ANN, 0.6)]);
    trust.attested(attestation({ author: ANN, subject: BEN, score: 0.5 }));
    trust.attested(attestation({ author: DIA, subject: CEM, score: 1 }));
    for (let index = 0; index < STRANGERS_MAX; index++) {
      const author = didOf(`sybil${index}`);
      trust.attested(attestation({ author, subject: author === DIA ? CEM : DIA, score: 1 }));
    }
    expect(trust.score(BEN)).toBe(0.3);
    // Dia was the stranger who came first: her word is gone, and counts for nothing when we come to trust her.
    trust.attested(attestation({ author: ME, subject: DIA, score: 1 }));
    expect(trust.score(CEM)).toBe(0);
    trust.attested(attestation({ author: DIA, subject: CEM, score: 1 }));
    expect(trust.score(CEM)).toBe(0.39);
  });

  it('of statements by one author keeps the newest, in whatever order they come', () => {
    const count = STATEMENTS_PER_AUTHOR_MAX + 100;
    const all = Array.from({ length: count }, (_, index) =>
      attestation({ author: ME, subject: didOf(`p${index}`), score: 0.5, sequence: index + 1 }),
    );
    const middle = [...all.slice(600), ...all.slice(0, 600)];
    const orders = [all, all.toReversed(), middle];
    for (const order of orders) {
      const { trust } = trusting([edge(ME, ANN, 0.9)]);
      const statuses = order.map((record) => trust.attested(record));
      const kept = all.map(({ body }) => trust.score(body.subject) > 0);
      expect(kept.filter(Boolean)).toHaveLength(STATEMENTS_PER_AUTHOR_MAX);
      expect(kept.slice(0, 100).some(Boolean)).toBe(false);
      // What the genesis says is beside them.
      expect(trust.score(ANN)).toBe(0.9);
      expect(statuses.includes('crowded_out')).toBe(order === orders[1]);
    }
  });
});
