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
  /** What must be reported, one of these: which one shows first is chance. `stalled`: they never agree. */
  readonly laws: readonly (Violation['law'] | 'stalled')[];
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

/** A store that says it is done before it has begun. It shows what it was given, until it forgets. */
const hasty = (store: DurableStore): DurableStore => {
  const given = new Map<string, string | undefined>();
  return {
    get: (key) => (given.has(key) ? given.get(key) : store.get(key)),
    load: (prefix) => store.load(prefix),
    close: () => store.close(),
    commit(writes, done) {
      for (const { key, value } of writes) given.set(key, value);
      store.commit(writes, () => {});
      done();
    },
  };
};

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
    laws: ['conserved'],
    summary: 'one node shows a cent too much',
    on: 1,
    nemeses: [],
    plant: counting(mint),
  },
  floats: {
    laws: ['conserved'],
    summary: 'one node adds hours up in floating point',
    on: 1,
    nemeses: [],
    plant: counting(floats),
  },
  hoard: {
    laws: ['kept'],
    summary: 'one node keeps what it writes to itself',
    on: 1,
    nemeses: [],
    plant: gossiping(hoard),
  },
  disorder: {
    laws: ['causal'],
    summary: 'one node delivers a batch in another order',
    on: 1,
    nemeses: ['loss', 'alone'],
    plant: gossiping(disorder),
  },
  chatter: {
    laws: ['quiet'],
    summary: 'two nodes pass on what they have heard before',
    on: 2,
    nemeses: [],
    plant: gossiping(chatter),
  },
  'clock-dedupe': {
    laws: ['stalled'],
    summary: 'one node takes for known what a digest claimed',
    on: 1,
    nemeses: ['loss'],
    plant: gossiping(clockDedupe),
  },
  holes: {
    laws: ['stalled'],
    summary: 'one node counts over a hole',
    on: 1,
    nemeses: ['loss'],
    plant: gossiping(holes),
  },
  'forged-id': {
    laws: ['agreed', 'single'],
    summary: 'one node believes the id that a record gives itself',
    on: 1,
    nemeses: ['forge', 'loss', 'delay'],
    plant: opening('id_mismatch'),
  },
  unsigned: {
    laws: ['genuine', 'single'],
    summary: 'one node takes records that their authors did not sign',
    on: 1,
    nemeses: ['forge'],
    plant: opening('signature_invalid'),
  },
  'first-come': {
    laws: ['agreed', 'alike'],
    summary: 'one node lets the child of a fork count that came first',
    on: 1,
    nemeses: ['equivocate'],
    plant: counting(firstCome),
  },
  stale: {
    laws: ['alike'],
    summary: 'one node refuses entries that are older than its newest',
    on: 1,
    nemeses: ['alone'],
    plant: counting(stale),
  },
  'send-before-commit': {
    laws: ['single', 'kept'],
    summary: 'one node says what is not safe yet, and forgets it in a crash',
    on: 1,
    nemeses: ['crash'],
    plantHost: (host) => onHost(host, { store: hasty(host.store) }),
  },
  'wall-timers': {
    laws: ['stalled'],
    summary: 'one node measures intervals by its wall clock',
    on: 1,
    nemeses: ['jump', 'loss'],
    plantHost: (host) => onHost(host, { monotonic: host.now }),
  },
};
