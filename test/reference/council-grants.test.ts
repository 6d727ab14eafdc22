/**
 * Entries and the council's records together, as a node hears them: in any order, some twice, with a steward
 * who says two things. Every node comes to one chain, one set of verdicts and one state. Where more stewards
 * lie than a quorum allows for, nodes may know different certificates, and even then no entry has two verdicts.
 */
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { COUNCIL_TOPIC, type Decision } from '#contracts/certificates.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { create as createReference } from '#reference/ledger/ledger.ts';
import { createCouncilDesk } from '#reference/node/council/council.ts';
import { create as createSwarm } from '#reference/swarm/swarm.ts';
import { create as createPlain } from '#solutions/lab-05-mini-ledger/ledger.ts';
import { councilRecord } from '#test/support/council-records.ts';
import { everyDay } from '#test/support/depth.ts';
import { alice, build, dora, emil, genesis, movesOf, observe, type Move } from '#test/support/histories.ts'; // prettier-ignore

vi.setConfig({ testTimeout: 60_000 });

const LENGTH = 20;
const stewards = ['anna', 'ben', 'cleo', 'dan'].map((name) => `did:key:z6Mk-${name}` as Did);
const [anna, ben, cleo, dan] = stewards as [Did, Did, Did, Did];
const cooperative = { ...genesis, stewards, quorum: 3 };
const swarm = createSwarm();

type Proposal = SignedRecord<'icn/proposal/1'>;

const propose = (author: Did, after: Proposal | undefined, decision: Decision): Proposal =>
  councilRecord('icn/proposal/1', author, {
    epoch: 0,
    number: (after?.body.number ?? 0) + 1,
    certificate: after?.id ?? null,
    decision,
  });
const votes = ({ id, body }: Proposal, ...voters: readonly Did[]): readonly SignedRecord[] =>
  voters.map((voter) =>
    councilRecord('icn/vote/1', voter, { epoch: 0, number: body.number, proposal: id }),
  );
const grant = (account: Did, baseline: number): Decision => ({
  kind: 'grant',
  grants: [{ account, currency: 'hours', baseline, cap: 2 * baseline, untilSequence: 1_000 }],
});

const one = propose(anna, undefined, grant(emil, 300));
const two = propose(ben, one, grant(dora, 500));
/** What the liar would rather have. */
const rival = propose(dan, undefined, grant(emil, 9_000));
const invented = 'f'.repeat(64) as RecordId;
const byHonest = [one, two, ...votes(one, anna, ben, cleo), ...votes(two, anna, ben, cleo)];
const byLiar = [rival, ...votes(rival, dan), ...votes(one, dan), ...votes(two, dan)];

/** A history in which half of the records name something, right or wrong. */
const naming = (moves: readonly Move[], names: readonly number[]): readonly SignedRecord[] => {
  const certificates = [one.id, two.id, one.id, two.id, rival.id, invented];
  return build(
    moves.map((move, index) => {
      const choice = names[index % names.length]! % 12;
      // Emil and Dora are those who were granted something.
      const author = choice % 3 === 0 ? 3 + (choice % 2) : move.author;
      return { ...move, author, certificate: certificates[choice] };
    }),
  );
};

const hear = (items: readonly SignedRecord[], create = createReference) => {
  const ledger = create({ genesis: cooperative });
  const desk = createCouncilDesk({ self: alice, genesis: cooperative, ledger, swarm });
  for (const item of items) {
    if (item.topic === COUNCIL_TOPIC) {
      desk.heard(item);
      continue;
    }
    for (const { id } of ledger.add(item).verdicts) desk.entered(id);
  }
  return { ledger, desk };
};

const likeness = ({ ledger, desk }: ReturnType<typeof hear>, records: readonly SignedRecord[]) => ({
  ...observe(ledger, records),
  settled: records.map(({ id }) => ledger.isSettled(id)),
  chain: desk.council.certificates().map(({ proposal }) => proposal.id),
  accepted: desk.accepted.length,
  hindrance: desk.hindrance?.reason,
  evidence: desk.council.evidence().map(({ steward, number }) => `${steward} ${number}`),
});

const shuffled = (items: readonly SignedRecord[], weights: readonly number[]): SignedRecord[] =>
  items
    .map((item, index) => ({ item, weight: (weights[index % weights.length]! * 31 + index) % 97 }))
    .sort((left, right) => left.weight - right.weight)
    .map(({ item }) => item);

const small = fc.nat(1_000);
const numbers = (length: number) => fc.array(small, { minLength: 3, maxLength: length });

describe('entries and the records of the council', () => {
  test('in any order, some twice, with a steward who lies, are one state', () => {
    const seen = { settled: 0, bought: 0, vain: 0 };
    fc.assert(
      fc.property(movesOf(LENGTH), numbers(20), numbers(60), numbers(60), (moves, names, left, right) => { // prettier-ignore
        const records = naming(moves, names);
        const known = [...byHonest, ...byLiar, ...records];
        // A third certificate settles what an honest steward would name who holds all of it.
        const checkpoint = hear(known).desk.checkpoint([]);
        const three = checkpoint.ok ? propose(cleo, two, checkpoint.value) : undefined;
        const items = [...known, ...(three ? [three, ...votes(three, anna, ben, cleo)] : [])];
        const again = [...items, ...items.slice(0, 9)];
        const expected = likeness(hear(items), records);
        expect(likeness(hear(shuffled(again, left)), records)).toEqual(expected);
        expect(likeness(hear(shuffled(again, right), createPlain), records)).toEqual(expected);
        expect(expected.chain.slice(0, 2)).toEqual([one.id, two.id]);
        expect(expected.accepted).toBe(three ? 3 : 2);
        for (const record of records) {
          const status = expected.records[record.id]?.split(' ')[0];
          const { certificate } = record;
          if ([rival.id, invented].includes(certificate!)) {
            expect(['accepted', 'over_limit']).not.toContain(status);
            seen.vain += 1;
          }
          if (certificate && status === 'accepted') seen.bought += 1;
        }
        seen.settled += expected.settled.filter(Boolean).length;
      }), // prettier-ignore
      { numRuns: everyDay(20, 200) },
    );
    expect(Math.min(seen.settled, seen.bought, seen.vain)).toBeGreaterThan(0);
  });

  test('where two of four lie, two nodes may know different certificates, and no entry has two verdicts', () => {
    // Which of the two is the larger grant is what a lie would be for.
    const forBoth = [...votes(one, cleo, dan), ...votes(rival, cleo, dan)];
    const here = [one, ...votes(one, anna), ...votes(one, cleo, dan)];
    const there = [rival, ...votes(rival, ben), ...votes(rival, cleo, dan)];
    let apart = 0;
    fc.assert(
      fc.property(movesOf(LENGTH), numbers(20), numbers(60), (moves, names, weights) => {
        const records = naming(moves, names);
        const rest = shuffled([...records, ...here, ...there, ...forBoth], weights);
        const [left, right] = [hear([...here, ...rest]), hear([...there, ...rest])];
        expect(left.desk.council.broken).toEqual(right.desk.council.broken);
        expect(left.desk.isCertified(one.id)).toBe(true);
        expect(right.desk.isCertified(rival.id)).toBe(true);
        for (const { id } of records) {
          const statuses = [left, right].map(({ ledger }) => ledger.verdict(id)?.status);
          const decided = new Set(statuses.filter((status) => status !== 'pending'));
          expect(decided.size).toBeLessThanOrEqual(1);
          if (new Set(statuses).size === 2) apart += 1;
        }
      }),
      { numRuns: everyDay(15, 100) },
    );
    expect(apart).toBeGreaterThan(0);
  });
});
