/**
 * The council: what a chain of certificates is, and what no order of arrival and no liar within the bound
 * can make of it.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Council, type Decision, type Office } from '#contracts/certificates.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { RecordBodies, RecordKind, SignedRecord } from '#contracts/records.ts';
import { create } from '#reference/council/council.ts';
import { create as createSwarm } from '#reference/swarm/swarm.ts';
import { councilRecord } from '#test/support/council-records.ts';

const stewards = ['anna', 'ben', 'cleo', 'dan'].map((name) => `did:key:z6Mk-${name}` as Did);
const [anna, ben, cleo, dan] = stewards as [Did, Did, Did, Did];
const stranger = 'did:key:z6Mk-stranger' as Did;
const votesMin = (members: number) => createSwarm().quorum(members).votesMin;
const first: Office = { epoch: 0, stewards, quorum: 3 };

const councilOf = (records: readonly SignedRecord[], office = first): Council => {
  const council = create({ first: office, votesMin });
  for (const record of records) council.add(record);
  return council;
};

let serial = 0;
const record = <Kind extends RecordKind>(kind: Kind, author: Did, body: RecordBodies[Kind]) =>
  councilRecord(kind, author, body, serial++);

type Proposal = SignedRecord<'icn/proposal/1'>;
const lease = { account: stranger, currency: 'hours', baseline: 1, cap: 1, untilSequence: 9 };
const grant = { kind: 'grant', grants: [lease] } as Decision;

const propose = (author: Did, after: Proposal | undefined, decision = grant, epoch = 0): Proposal =>
  record('icn/proposal/1', author, {
    epoch,
    number: (after?.body.number ?? 0) + 1,
    certificate: after?.id ?? null,
    decision,
  });

const votes = (proposal: Proposal, ...voters: readonly Did[]) =>
  voters.map((voter) => {
    const { epoch, number } = proposal.body;
    return record('icn/vote/1', voter, { epoch, number, proposal: proposal.id });
  });

const chainOf = (council: Council) => council.certificates().map(({ proposal }) => proposal.id);

describe('a chain of certificates', () => {
  const one = propose(anna, undefined);
  const two = propose(ben, one);

  test('takes a quorum of different stewards', () => {
    const [byAnna, byBen, byCleo] = votes(one, anna, ben, cleo);
    expect(chainOf(councilOf([one, byAnna!, byBen!, ...votes(one, anna, stranger)]))).toEqual([]);
    const council = councilOf([one, byAnna!, byBen!, byCleo!]);
    expect(chainOf(council)).toEqual([one.id]);
    expect(council.next).toEqual({ number: 2, certificate: one.id });
    expect(council.proposal(one.id)).toMatchObject({
      state: 'certified',
      voters: [anna, ben, cleo],
    });
  });

  test('counts no vote for another number, and no proposal of a stranger', () => {
    const wrong = { ...votes(one, cleo)[0]!, body: { epoch: 0, number: 2, proposal: one.id } };
    expect(chainOf(councilOf([one, ...votes(one, anna, ben), wrong]))).toEqual([]);
    const strange = propose(stranger, undefined);
    expect(chainOf(councilOf([strange, ...votes(strange, anna, ben, cleo)]))).toEqual([]);
  });

  test('never has two proposals of one number while at most one of four lies', () => {
    const other = propose(dan, undefined);
    fc.assert(
      fc.property(fc.subarray([anna, ben, cleo]), fc.boolean(), (forOne, backwards) => {
        const forOther = [anna, ben, cleo].filter((did) => !forOne.includes(did));
        const said = [one, other, ...votes(one, dan, ...forOne), ...votes(other, dan, ...forOther)];
        const council = councilOf(backwards ? said.toReversed() : said);
        expect(chainOf(council).length).toBeLessThanOrEqual(1);
        expect(council.broken).toBeUndefined();
        expect(council.evidence()).toMatchObject([{ steward: dan, epoch: 0, number: 1 }]);
      }),
    );
  });

  test('is the same whatever the order of arrival; what was certified stays', () => {
    const rival = propose(dan, undefined);
    const change: Decision = { kind: 'stewards', stewards: [anna, ben], quorum: 2 };
    const three = propose(cleo, two, change);
    const four = propose(anna, three, grant, 1);
    const all = [
      one,
      rival,
      two,
      three,
      four,
      ...votes(one, anna, ben, cleo),
      ...votes(rival, dan),
      ...votes(two, dan, ben, cleo),
      ...votes(three, anna, ben, cleo, dan),
      ...votes(four, anna, ben),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (order) => {
        const council = create({ first, votesMin });
        let before: readonly RecordId[] = [];
        for (const each of order) {
          council.add(each);
          expect(chainOf(council).slice(0, before.length)).toEqual(before);
          before = chainOf(council);
        }
        expect(before).toEqual([one.id, two.id, three.id, four.id]);
        expect(council.office).toEqual({ epoch: 1, stewards: [anna, ben], quorum: 2 });
        expect(council.proposal(rival.id)?.state).toBe('passed_over');
        expect(council.isSteward(dan)).toBe(true);
      }),
    );
  });

  test('stops, and says so, when more lie than a quorum allows for', () => {
    const rival = propose(dan, undefined);
    const honest = [one, ...votes(one, anna, ben, cleo)];
    const council = councilOf([...honest, rival, ...votes(rival, dan, ben, cleo)]);
    expect(chainOf(council)).toEqual([one.id]);
    expect(council.broken).toEqual({ number: 1, proposals: [one.id, rival.id].sort() });
    for (const each of [two, ...votes(two, anna, ben, cleo, dan)]) council.add(each);
    expect(chainOf(council)).toEqual([one.id]);
    expect(council.evidence().map(({ steward }) => steward)).toEqual([ben, cleo]);
  });

  test('refuses a quorum that two proposals could both have', () => {
    const office = { ...first, quorum: 2 };
    const council = councilOf([one, ...votes(one, anna, ben, cleo)], office);
    expect(chainOf(council)).toEqual([]);
    expect(council.obstacle).toBe(
      'a quorum of 2 of 4 stewards is not safe: two certificates could have one number. It takes 3',
    );
    expect(councilOf([], { epoch: 0, stewards: [], quorum: 1 }).obstacle).toMatch(/no stewards/);
    const unsafe = propose(ben, one, { kind: 'stewards', stewards: [anna, ben, cleo], quorum: 1 });
    const said = [one, ...votes(one, anna, ben, cleo), unsafe, ...votes(unsafe, ...stewards)];
    expect(chainOf(councilOf(said))).toEqual([one.id]);
  });

  test('a proposal without a second one is no evidence, nor is a vote that is said twice', () => {
    const council = councilOf([one, ...votes(one, anna), ...votes(one, anna)]);
    expect(council.evidence()).toEqual([]);
    expect(council.add(propose(anna, undefined))).toBe('equivocation');
    expect(council.evidence()).toHaveLength(1);
  });
});
