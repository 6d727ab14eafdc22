/**
 * The ladder of acceptance, rung by rung, as stories: who lies, how, and what the correct agents end up
 * believing. Rungs 0 to 2 fall; from rung 3 on it is a matter of price.
 */
import { describe, expect, it } from 'vitest';
import { checkCertificate } from '#reference/swarm/certificate.ts';
import { checkEvidence } from '#reference/swarm/evidence.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { adversaryOf, run, shares, told } from './runs.ts';
import { KEYS, numbersBelow } from './support.ts';

const SEEDS = numbersBelow(5);
const inHonestTimes = (rule: Parameters<typeof run>[0]['rule']) =>
  SEEDS.map((seed) => run({ agents: 10, rule, seed }));

describe('rung 0: the highest version whose hash is right', () => {
  it('in honest times everybody soon has the state', () => {
    for (const played of inHonestTimes('highest-version')) expect(played.isLive).toBe(true);
  });

  it('a value that is not what the hash says is taken by nobody', () => {
    for (const seed of SEEDS) {
      const setting = { agents: 10, rule: 'highest-version', lie: 'bad-hash', liars: 1 } as const;
      expect(run({ ...setting, seed }).isLive).toBe(true);
    }
  });

  it('one liar of ten invents the highest number there is, and all nine believe it', () => {
    for (const seed of SEEDS) {
      const setting = { agents: 10, rule: 'highest-version', lie: 'forge', liars: 1 } as const;
      const played = run({ ...setting, seed });
      expect(shares(played), told(played)).toEqual([9]);
      expect(played.isLive).toBe(false);
    }
  });

  it('so does one of a hundred: it takes no longer than the truth would', () => {
    const truth = run({ agents: 100, rule: 'highest-version' });
    const lie = run({ agents: 100, rule: 'highest-version', lie: 'forge', liars: 1 });
    expect(truth.isLive).toBe(true);
    expect(shares(lie), told(lie)).toEqual([99]);
    expect(Math.abs(lie.rounds.length - truth.rounds.length)).toBeLessThanOrEqual(2);
  });
});

describe("rung 1: and the writer's signature, one above, linked", () => {
  it('the forger of rung 0 is believed by nobody, and all have the state', () => {
    for (const seed of SEEDS) {
      const setting = { agents: 10, rule: 'signed-writer', lie: 'forge', liars: 3 } as const;
      const played = run({ ...setting, seed });
      expect(played.isLive, told(played)).toBe(true);
      expect(shares(played)).toEqual([7]);
    }
  });

  it('a writer signs twice, and long after all agreed on the first, all are rewritten to the second', () => {
    const setting = { agents: 100, rule: 'signed-writer', lie: 'equivocate', liars: 1 } as const;
    const played = run({ ...setting, adversary: { lateRound: 30 } });
    const before = played.rounds[28]!.convergence.holders;
    expect([...before.values()], told(played)).toEqual([99]);
    expect(shares(played)).toEqual([99]);
    expect([...played.accepted.keys()]).not.toEqual([...before.keys()]);
    expect(played.evidence.map(({ by }) => by)).toEqual([0]);
  });
});

describe('rung 2: and a quorum of holders of that version', () => {
  it('never begins: nobody can be the first to see enough holders', () => {
    for (const played of inHonestTimes('version-votes')) {
      expect(played.rounds).toHaveLength(60);
      expect(shares(played), told(played)).toEqual([1]); // The writer itself.
    }
  });

  it('begins where enough hold it already, and then mixes: votes for one state count for the other', () => {
    for (const seed of SEEDS) {
      // Four of seven hold the first state; the three liars claim to hold the second.
      const setting = { agents: 10, rule: 'version-votes', lie: 'equivocate', liars: 3 } as const;
      const { liars } = adversaryOf(10, 'equivocate', 3, seed);
      const correct = numbersBelow(10).filter((agent) => !liars.includes(agent));
      const holders = correct.slice(0, 4);
      const played = run({ ...setting, seed, holders, adversary: { shownFirst: [] } });
      expect(shares(played), told(played)).toEqual([4, 3]);
    }
  });
});

describe('rung 3: a quorum of votes for that very id, each from its voter', () => {
  it('three silent of ten stop nobody, and three forgers convince nobody', () => {
    for (const seed of SEEDS) {
      for (const lie of ['silent', 'forge'] as const) {
        const played = run({ agents: 10, rule: 'direct-votes', lie, liars: 3, seed });
        expect(played.isLive, told(played)).toBe(true);
      }
    }
  });

  it('costs the rounds of a coupon collector: with 33 silent of 100 all must meet all the others', () => {
    const setting = { agents: 100, lie: 'silent', liars: 33, roundsMax: 300 } as const;
    const direct = run({ ...setting, rule: 'direct-votes' });
    const relayed = run({ ...setting, rule: 'relayed-votes' });
    expect(direct.isLive && relayed.isLive).toBe(true);
    // Measured over many seeds: 79 and 7.
    expect(direct.rounds.length, told(direct)).toBeGreaterThan(40);
    expect(direct.rounds.length, told(direct)).toBeLessThan(160);
    expect(relayed.rounds.length, told(relayed)).toBeLessThan(11);
  });
});

describe('rung 4: signed votes, from whomever', () => {
  it('leaves everybody with a proof for those who were not there', () => {
    const { certificate } = run({ agents: 10, rule: 'relayed-votes', lie: 'silent', liars: 3 });
    expect(checkCertificate(KEYS, quorumOf(10), certificate!)).toBe('valid');
  });

  it('a writer that signs twice before five and four leaves them undecided: safe, and stuck', () => {
    for (const seed of SEEDS) {
      const played = run({ agents: 10, rule: 'relayed-votes', lie: 'equivocate', liars: 1, seed });
      expect(shares(played), told(played)).toEqual([]);
      expect(played.isSafe).toBe(true);
    }
  });

  it('whoever signed twice is convicted by its own signatures, before anybody', () => {
    const { evidence } = run({ agents: 10, rule: 'relayed-votes', lie: 'equivocate', liars: 3 });
    expect(evidence.map(({ by }) => by)).toEqual(adversaryOf(10, 'equivocate', 3, 1).liars);
    for (const each of evidence) expect(checkEvidence(KEYS, each)).toBe('proven');
  });

  it('at one liar too many, before any but two halves, the split does not come off', () => {
    const { liars } = adversaryOf(10, 'equivocate', 4, 1);
    const correct = numbersBelow(10).filter((agent) => !liars.includes(agent));
    for (const size of [0, 1, 5, 6]) {
      const adversary = { shownFirst: correct.slice(0, size) };
      const setting = { agents: 10, rule: 'relayed-votes', lie: 'equivocate', liars: 4 } as const;
      expect(run({ ...setting, adversary }).isSafe, `${size} of 6`).toBe(true);
    }
  });
});

describe('rung 5: a committee votes, everybody carries', () => {
  const committee = numbersBelow(10).map((member) => 3 + 17 * member);
  const setting = { agents: 200, rule: 'committee', committee, fanOut: 3 } as const;

  it('ten of two hundred decide for all, with three of the ten silent', () => {
    const adversary = { lie: 'silent', liars: committee.slice(0, 3) } as const;
    const played = run({ ...setting, lie: 'silent', adversary });
    expect(played.isLive, told(played)).toBe(true);
    expect(played.certificate!.votes.map(({ voter }) => voter)).toEqual(committee.slice(3));
    expect(checkCertificate(KEYS, { members: 200, votesMin: 7 }, played.certificate!)).toBe(
      'valid',
    );
  });

  it('a third of the others may be silent besides: they have no vote', () => {
    const outside = numbersBelow(200).filter((agent) => agent > 0 && !committee.includes(agent));
    const adversary = { liars: outside.slice(0, 66) };
    expect(run({ ...setting, lie: 'silent', adversary }).isLive).toBe(true);
  });

  it('four of the ten are too many, though they are two in a hundred of the swarm', () => {
    const played = run({ ...setting, lie: 'silent', adversary: { liars: committee.slice(0, 4) } });
    expect(shares(played), told(played)).toEqual([]);
  });
});
