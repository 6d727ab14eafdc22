/** The gate and the witness: what of a peer's words is heard, and what is held against it. */
import { describe, expect, it } from 'vitest';
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import { GOSSIP_EVENTS } from '#contracts/effects.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { LedgerStatus } from '#contracts/ledger.ts';
import type { GossipMessage } from '#contracts/messages.ts';
import type { NodeCount } from '#contracts/node.ts';
import { BUDGETS, type Deed } from '#contracts/trust.ts';
import { createGate, SUBSCRIPTION_WORDS_MAX } from '#reference/node/peers/rates.ts';
import { createWitness } from '#reference/node/peers/witness.ts';
import { trusting } from '#test/support/attesting.ts';
import { HOURS, inventedId, nonceOf, signerOf, write } from '#test/support/village.ts';

const [ann, ben] = [signerOf('ann'), signerOf('ben')];
const nonce = nonceOf('gate');
const BURST = BUDGETS.Isolated.messagesBurstMax;

const words: { readonly [Type in GossipMessage['type']]: GossipMessage } = {
  subscribe: { type: 'subscribe', topics: [HOURS] },
  unsubscribe: { type: 'unsubscribe', topics: [HOURS] },
  'subscribe-ack': { type: 'subscribe-ack', topics: [] },
  announce: { type: 'announce', topic: HOURS, records: [], ids: [inventedId('a')] },
  request: { type: 'request', topic: HOURS, ids: [inventedId('a')] },
  response: { type: 'response', topic: HOURS, records: [], missing: [] },
  digest: { type: 'digest', topic: HOURS, clock: {}, count: 0, fingerprint: '', nonce },
  'pull-request': { type: 'pull-request', topic: HOURS, ranges: [], maxBytes: 1, nonce },
  'pull-response': {
    type: 'pull-response',
    topic: HOURS,
    records: [],
    done: true,
    truncated: false,
    nonce,
  },
};

/** A gate before an Isolated peer, and what it counts. */
const gateOf = () => {
  const { trust } = trusting();
  const counted: NodeCount[] = [];
  const clock = { now: 0 };
  const gate = createGate({
    trust,
    monotonic: () => clock.now,
    count: (event) => counted.push(event),
  });
  const heard = (peer: Did, message: GossipMessage, times: number): number =>
    Array.from({ length: times }, () => gate.hears(peer, message)).filter(Boolean).length;
  return { trust, gate, clock, counted, heard };
};

describe('the gate', () => {
  it.each(['announce', 'request', 'response', 'pull-request'] as const)(
    'hears %s at the rate of the class, all kinds out of one bucket, and counts the rest',
    (type) => {
      const { heard, counted } = gateOf();
      expect(heard(ann.did, words[type], 10)).toBe(BURST);
      expect(counted).toEqual(Array.from({ length: 10 - BURST }, () => 'rate_exceeded'));
      expect(heard(ann.did, words.announce, 10)).toBe(0);
      expect(heard(ben.did, words.announce, 10)).toBe(BURST);
    },
  );

  it.each(['digest', 'pull-response'] as const)('leaves %s to its own bound', (type) => {
    const { heard, counted } = gateOf();
    expect(heard(ann.did, words.announce, BURST + 1)).toBe(BURST);
    expect(heard(ann.did, words[type], 1_000)).toBe(1_000);
    expect(counted).toEqual(['rate_exceeded']);
  });

  it.each(['subscribe', 'unsubscribe', 'subscribe-ack'] as const)(
    'hears %s beside the class, so many in a session and then two a second',
    (type) => {
      const { gate, clock, heard } = gateOf();
      expect(heard(ann.did, words.announce, BURST)).toBe(BURST);
      expect(heard(ann.did, words[type], 1_000)).toBe(SUBSCRIPTION_WORDS_MAX);
      clock.now = 5_000;
      expect(heard(ann.did, words[type], 1_000)).toBe(10);
      gate.disconnected(ann.did);
      expect(heard(ann.did, words[type], 1)).toBe(1);
    },
  );

  it('hears nothing of a peer whose conduct is beyond bearing, until that has worn off', () => {
    const { trust, clock, heard, counted } = gateOf();
    for (let time = 0; time < 10; time++) trust.noted(0, ann.did, 'forged');
    for (const word of Object.values(words)) expect(heard(ann.did, word, 1)).toBe(0);
    expect(new Set(counted)).toEqual(new Set(['peer_ignored']));
    expect(heard(ben.did, words.announce, 1)).toBe(1);
    clock.now = 3_600_000;
    expect(heard(ann.did, words.announce, 1)).toBe(1);
  });
});

/** A witness, and the deeds it noted, by who did them. */
const witnessOf = (status: LedgerStatus = 'accepted') => {
  const deeds: [Did, Deed][] = [];
  const witness = createWitness({
    self: ann.did,
    trust: { noted: (_now, peer, deed) => void deeds.push([peer, deed]) },
    monotonic: () => 0,
    verdict: () => ({ status, reason: '' }),
  });
  return { witness, deeds };
};

describe('the witness', () => {
  it('holds against a peer what only it can have done, and nothing else that is counted', () => {
    const blamed: { readonly [Event in GossipEvent]?: Deed } = {
      record_malformed: 'malformed',
      record_topic_unknown: 'malformed',
      record_network_mismatch: 'malformed',
      record_links_malformed: 'malformed',
      record_id_mismatch: 'forged',
      record_signature_invalid: 'forged',
      response_unsolicited: 'unsolicited',
      digest_too_often: 'spammed',
      filter_refused: 'malformed',
    };
    for (const event of GOSSIP_EVENTS) {
      const { witness, deeds } = witnessOf();
      witness.counted(event, ben.did);
      expect(deeds).toEqual(blamed[event] ? [[ben.did, blamed[event]]] : []);
    }
  });

  it('holds nothing against nobody, or against this node itself: it may import any file', () => {
    const { witness, deeds } = witnessOf();
    for (const who of [undefined, ann.did]) witness.counted('record_signature_invalid', who);
    expect(deeds).toEqual([]);
  });

  it('forgives what comes too late of an answer that was given up, and no more than that', () => {
    const { witness, deeds } = witnessOf();
    witness.counted('pull_timed_out', ben.did);
    for (let frame = 0; frame < 40; frame++) witness.counted('response_unsolicited', ben.did);
    expect(deeds).toHaveLength(40 - 32);
    witness.counted('pull_timed_out', ben.did);
    witness.disconnected(ben.did);
    witness.counted('response_unsolicited', ben.did);
    expect(deeds).toHaveLength(9);
  });

  it.each<[LedgerStatus, Deed[]]>([
    ['accepted', ['served']],
    ['pending', ['served']],
    ['over_limit', ['served', 'overdrew']],
    ['unbalanced', ['served', 'overdrew']],
  ])('of an own entry that is %s', (status, expected) => {
    const record = write(ben);
    const effects: Effect[] = [
      { effect: 'store', record },
      { effect: 'deliver', record },
    ];
    const { witness, deeds } = witnessOf(status);
    witness.brought(ben.did, effects);
    expect(deeds.map(([, deed]) => deed)).toEqual(expected);
    // Whoever passes it on has done a service.
    deeds.length = 0;
    witness.brought(signerOf('cem').did, effects);
    expect(deeds.map(([, deed]) => deed)).toEqual(['served']);
  });
});
