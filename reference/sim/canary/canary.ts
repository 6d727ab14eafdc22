/**
 * Canaries: planted faults that the checkers must catch, so that their silence means something.
 *
 * Each is a mistake that somebody could make, in one layer or in what lies below, on the first node or
 * nodes. A run with a canary in it succeeds exactly if the named law is reported broken. Some need a
 * nemesis to come out: a fork that nobody signs tells nothing of who wins it.
 */
import type { DurableStore, Host } from '#contracts/host.ts';
import type { NodeLayers } from '#contracts/layers.ts';
import { accepted } from '#contracts/outcome.ts';
import type { CreateRecords, RecordStatus, SignedRecord } from '#contracts/records.ts';
import type { Violation } from '../checkers.ts';
import { chatter, clockDedupe, disorder, hoard, holes } from './gossip.ts';
import { firstCome, floats, mint, stale } from './ledger.ts';

export interface Canary {
  /** What must be reported; `stalled`: that they never agree. */
  readonly law: Violation['law'] | 'stalled';
  readonly summary: string;
  /** So many nodes carry it, the first ones. */
  readonly on: number;
  /** Without these it may not come out. */
  readonly nemeses: readonly string[];
  readonly plant?: (layers: NodeLayers) => NodeLayers;
  readonly plantHost?: (host: Host) => Host;
}

/** Records that take for one what is none for this reason. */
const lenient =
  (forgiven: RecordStatus): ((create: CreateRecords) => CreateRecords) =>
  (create) =>
  (options) => {
    const records = create(options);
    return {
      ...records,
      open(value) {
        const opened = records.open(value);
        if (opened.ok || opened.status !== forgiven) return opened;
        return accepted(value as unknown as SignedRecord);
      },
    };
  };

/** A store that says it is done before it has begun. */
const hasty = (store: DurableStore): DurableStore => ({
  get: (key) => store.get(key),
  load: (prefix) => store.load(prefix),
  close: () => store.close(),
  commit(writes, done) {
    store.commit(writes, () => {});
    done();
  },
});

const onHost = (host: Host, changes: Partial<Host>): Host =>
  Object.assign(Object.create(host) as Host, changes);

type Plant = (layers: NodeLayers) => NodeLayers;

const gossiping =
  (mutant: (create: NodeLayers['gossip']) => NodeLayers['gossip']): Plant =>
  (layers) => ({ ...layers, gossip: mutant(layers.gossip) });

const counting =
  (mutant: (create: NodeLayers['ledger']) => NodeLayers['ledger']): Plant =>
  (layers) => ({ ...layers, ledger: mutant(layers.ledger) });

const opening =
  (status: RecordStatus): Plant =>
  (layers) => ({ ...layers, records: lenient(status)(layers.records) });

export const canaries: { readonly [name: string]: Canary } = {
  mint: {
    law: 'conserved',
    summary: 'one node shows a cent too much',
    on: 1,
    nemeses: [],
    plant: counting(mint),
  },
  floats: {
    law: 'conserved',
    summary: 'one node adds hours up in floating point',
    on: 1,
    nemeses: [],
    plant: counting(floats),
  },
  hoard: {
    law: 'kept',
    summary: 'one node keeps what it writes to itself',
    on: 1,
    nemeses: [],
    plant: gossiping(hoard),
  },
  disorder: {
    law: 'causal',
    summary: 'one node delivers a batch in another order',
    on: 1,
    nemeses: ['loss', 'alone'],
    plant: gossiping(disorder),
  },
  chatter: {
    law: 'quiet',
    summary: 'two nodes pass on what they have heard before',
    on: 2,
    nemeses: [],
    plant: gossiping(chatter),
  },
  'clock-dedupe': {
    law: 'stalled',
    summary: 'one node takes for known what a digest claimed',
    on: 1,
    nemeses: ['loss'],
    plant: gossiping(clockDedupe),
  },
  holes: {
    law: 'stalled',
    summary: 'one node counts over a hole',
    on: 1,
    nemeses: ['loss'],
    plant: gossiping(holes),
  },
  'forged-id': {
    law: 'genuine',
    summary: 'one node believes the id that a record gives itself',
    on: 1,
    nemeses: ['forge'],
    plant: opening('id_mismatch'),
  },
  unsigned: {
    law: 'genuine',
    summary: 'one node takes records that their authors did not sign',
    on: 1,
    nemeses: ['forge'],
    plant: opening('signature_invalid'),
  },
  'first-come': {
    law: 'agreed',
    summary: 'one node lets the child of a fork count that came first',
    on: 1,
    nemeses: ['equivocate'],
    plant: counting(firstCome),
  },
  stale: {
    law: 'alike',
    summary: 'one node refuses entries that are older than its newest',
    on: 1,
    nemeses: ['alone'],
    plant: counting(stale),
  },
  'send-before-commit': {
    law: 'single',
    summary: 'one node says what is not safe yet, and forgets it in a crash',
    on: 1,
    nemeses: ['crash'],
    plantHost: (host) => onHost(host, { store: hasty(host.store) }),
  },
  'wall-timers': {
    law: 'stalled',
    summary: 'one node measures intervals by its wall clock',
    on: 1,
    nemeses: ['jump', 'loss'],
    plantHost: (host) => onHost(host, { monotonic: host.now }),
  },
};
