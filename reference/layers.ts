/** The reference's own record of layers: what a node runs on unless somebody grafts. */
import type { NodeLayers } from '#contracts/layers.ts';
import { create as content } from './content/content.ts';
import { create as discovery } from './discovery/discovery.ts';
import { create as frames } from './frames/frames.ts';
import { create as gossip } from './gossip/gossip.ts';
import { create as ledger } from './ledger/ledger.ts';
import { create as mailbox } from './mailbox/mailbox.ts';
import { create as quarantine } from './quarantine/quarantine.ts';
import { create as reconciliation } from './reconciliation/reconciliation.ts';
import { create as records } from './records/records.ts';
import { create as snapshot } from './snapshot/snapshot.ts';
import { create as swarm } from './swarm/swarm.ts';
import { create as trust } from './trust/trust.ts';

/** Every layer in its reference filling: what a node runs with unless it is given others. */
export const referenceLayers: NodeLayers = {
  content,
  frames,
  mailbox,
  trust,
  ledger,
  records,
  gossip,
  reconciliation,
  quarantine,
  snapshot,
  discovery,
  swarm,
};
