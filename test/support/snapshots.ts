/** What tests of snapshots share: states to save, and whose they are. */
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { CoordinationState, Snapshot } from '#contracts/snapshot.ts';
import { create as createContent } from '#reference/content/content.ts';
import { encodeDid } from '#reference/records/did.ts';
import { create as createSnapshot } from '#reference/snapshot/snapshot.ts';

export const content = createContent();
export const snapshot: Snapshot = createSnapshot({ content });

/** A DID that nobody has the key of. */
export const didOf = (number: number): Did => encodeDid(new Uint8Array(32).fill(number));

export const OWNER = didOf(1);
const PEER = didOf(2);

/** A state with something of everything in it; `generation` tells one from another. */
export const stateOf = (generation: number, owner: Did = OWNER): CoordinationState => ({
  owner,
  topics: [
    { topic: 'garden:plans', access: { access: 'Public' }, scope: 'network' },
    {
      topic: 'house:keys',
      access: { access: 'Private', allowed: [owner, PEER].toSorted() },
      scope: 'local',
      retention: { recordsMax: 100, ageMsMax: 86_400_000 },
    },
    {
      topic: 'tools:loans',
      access: { access: 'TrustGated', minTrust: 'Partner' },
      scope: 'network',
      retention: { recordsMax: 10_000, ageMsMax: 2_592_000_000 },
    },
  ],
  subscriptions: { 'garden:plans': [owner, PEER].toSorted(), 'house:keys': [owner] },
  clocks: { 'garden:plans': { [owner]: generation }, 'tools:loans': { [PEER]: 7 } },
  ownTips: {
    'garden:plans': {
      sequence: generation,
      id: 'ab'.repeat(32) as RecordId,
      timestamp: 1_767_225_600_000,
    },
  },
});

/** Which generation a state is. */
export const generationOf = (state: CoordinationState): number =>
  state.ownTips['garden:plans']?.sequence ?? 0;
