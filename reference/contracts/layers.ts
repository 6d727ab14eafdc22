/**
 * The node as a record of factories, one per layer, in the order in which the course teaches them.
 * Each factory is handed what it stands on (`node.ts` shows who stands on whom); none imports another.
 * This record is the shape of a graft: replace one entry, and the node runs with that layer instead.
 */
import type { CreateContent } from './content.ts';
import type { CreateDiscovery } from './discovery.ts';
import type { CreateFrames } from './frames.ts';
import type { CreateGossip } from './gossip.ts';
import type { CreateHierarchy } from './hierarchy.ts';
import type { CreateLedger } from './ledger.ts';
import type { CreateMailbox } from './mailbox.ts';
import type { CreateQuarantine } from './quarantine.ts';
import type { CreateReconciliation } from './reconciliation.ts';
import type { CreateRecords } from './records.ts';
import type { CreateSnapshot } from './snapshot.ts';
import type { CreateSwarm } from './swarm.ts';
import type { CreateTrust } from './trust.ts';

/** Every layer of the course, in teaching order. */
export interface Layers {
  readonly content: CreateContent; // lab 01
  readonly frames: CreateFrames; // lab 02
  readonly mailbox: CreateMailbox; // lab 03
  readonly trust: CreateTrust; // lab 04
  readonly ledger: CreateLedger; // lab 05
  readonly records: CreateRecords; // lab 06
  readonly gossip: CreateGossip; // lab 07
  readonly reconciliation: CreateReconciliation; // lab 08
  readonly quarantine: CreateQuarantine; // lab 09
  readonly snapshot: CreateSnapshot; // lab 10
  readonly discovery: CreateDiscovery; // lab 11
  readonly swarm: CreateSwarm; // lab 12
  readonly hierarchy: CreateHierarchy; // lab 13
}

/** The name of a layer, as `npm run lab` and grafts use it. */
export type LayerName = keyof Layers;

/** The layers a node runs on today; the others join it as they are built. */
export type NodeLayers = Pick<
  Layers,
  | 'content'
  | 'frames'
  | 'mailbox'
  | 'trust'
  | 'ledger'
  | 'records'
  | 'gossip'
  | 'reconciliation'
  | 'quarantine'
  | 'snapshot'
  | 'discovery'
  | 'swarm'
>;
