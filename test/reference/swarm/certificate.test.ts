/** Votes and certificates: what is enough, what is not, and the bytes of it. */
import { describe, expect, it } from 'vitest';
import type { QuorumCertificate } from '#contracts/swarm.ts';
import {
  certificateBytes,
  certify,
  checkCertificate,
  decodeCertificate,
  encodeCertificate,
} from '#reference/swarm/certificate.ts';
import { quorumOf } from '#reference/swarm/quorum.ts';
import { isVoteAuthentic } from '#reference/swarm/vote.ts';
import { firstState, KEYS, numbersBelow, votesFor, withBitTurned } from './support.ts';

const TEN = quorumOf(10);
const state = firstState();
const seven = votesFor(state, [9, 1, 2, 3, 4, 5, 0]);
const good = certify(state, seven);

const statusOf = (certificate: QuorumCertificate) => checkCertificate(KEYS, TEN, certificate);

describe('a quorum certificate', () => {
  it('of seven out of ten convinces whoever has their keys', () => {
    expect(good.votes.map(({ voter }) => voter)).toEqual([0, 1, 2, 3, 4, 5, 9]);
    expect(statusOf(good)).toBe('valid');
  });

  it('with one voter too few, or one twice, does not', () => {
    expect(statusOf(certify(state, seven.slice(1)))).toBe('quorum_short');
    expect(statusOf(certify(state, [...seven.slice(1), seven[1]!]))).toBe('signer_repeated');
    expect(statusOf({ state, votes: good.votes.toReversed() })).toBe('signer_repeated');
  });

  it('with a vote for another state, version or epoch does not', () => {
    const other = votesFor(firstState('another value'), [8])[0]!;
    expect(statusOf(certify(state, [...seven, other]))).toBe('vote_differs');
    for (const change of [{ epoch: 1 }, { version: 2 }]) {
      const moved = good.votes.with(0, { ...good.votes[0]!, ...change });
      expect(statusOf({ state, votes: moved })).toBe('vote_differs');
    }
  });

  it('with a signer who is no member does not', () => {
    const stranger = votesFor(state, [10]);
    expect(statusOf(certify(state, [...seven, ...stranger]))).toBe('not_a_member');
    const nobody = { ...good.votes[0]!, voter: -1 };
    expect(statusOf({ state, votes: [nobody, ...good.votes] })).toBe('not_a_member');
  });

  it("with a signature that is not the voter's or the writer's does not", () => {
    const swapped = good.votes.with(0, { ...good.votes[0]!, signature: seven[1]!.signature });
    expect(statusOf({ state, votes: swapped })).toBe('vote_invalid');
    expect(statusOf({ ...good, state: { ...state, signature: new Uint8Array(64) } })).toBe(
      'state_invalid',
    );
    expect(statusOf({ ...good, state: { ...state, writer: 1 } })).toBe('state_invalid');
  });

  it('a signature of a state is no vote for it, and the other way round', () => {
    expect(isVoteAuthentic(KEYS, { ...seven[0]!, signature: state.signature })).toBe(false);
  });

  it('takes 64 bytes a vote and a bit a member, beside 152 of the state', () => {
    for (const [members, bytes] of [
      [10, 602],
      [100, 4_453],
      [1_000, 42_965],
    ] as const) {
      expect(certificateBytes(members, quorumOf(members).votesMin)).toBe(bytes);
    }
    expect(encodeCertificate(10, good)).toHaveLength(602);
  });

  it('is the same after a journey as bytes', () => {
    for (const voters of [[], [0], [9], numbersBelow(10)]) {
      const sent = certify(state, votesFor(state, voters));
      const came = decodeCertificate(10, encodeCertificate(10, sent));
      expect(came).toEqual({ ok: true, value: normal(sent) });
    }
    expect(() => encodeCertificate(10, certify(state, votesFor(state, [10])))).toThrow(/no member/);
  });

  it('convinces nobody with any bit of its bytes turned over', () => {
    const bytes = encodeCertificate(10, good);
    for (let at = 0; at < bytes.length; at++) {
      const came = decodeCertificate(10, withBitTurned(bytes, at, at % 8));
      expect(came.ok ? statusOf(came.value) : 'malformed', `byte ${at}`).not.toBe('valid');
    }
  });

  it('has one form: cut, continued, of another electorate, or with a member too many it is none', () => {
    const bytes = encodeCertificate(10, good);
    for (const length of [0, 151, 152, 153, bytes.length - 1]) {
      expect(decodeCertificate(10, bytes.subarray(0, length)).ok).toBe(false);
    }
    expect(decodeCertificate(10, Buffer.concat([bytes, Buffer.of(0)])).ok).toBe(false);
    expect(decodeCertificate(11, bytes).ok).toBe(false);
    const eleventh = encodeCertificate(16, certify(state, votesFor(state, [12])));
    Buffer.from(eleventh.buffer, eleventh.byteOffset).writeUInt32BE(10, 148);
    expect(decodeCertificate(10, eleventh).ok).toBe(false);
  });
});

/** The reader gives plain copies of the bytes: buffers, as the writer gave them. */
const normal = ({ state: { ...fields }, votes }: QuorumCertificate): unknown => ({
  state: fields,
  votes: votes.map((vote) => ({ ...vote })),
});
