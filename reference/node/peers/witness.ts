/**
 * Witness: turns what is counted of a peer, and what it brought, into deeds that trust remembers.
 *
 * Only what the peer did itself is a deed. Whether an author may publish is this node's own opinion, a
 * topic may be unknown here alone, a copy or a waiting record is nobody's fault: of these nothing is
 * held against whoever sent them. Of an entry that the ledger refuses, only if its author brought it.
 */
import type { Effect } from '#contracts/effects.ts';
import type { Host } from '#contracts/host.ts';
import type { Did, RecordId } from '#contracts/identifiers.ts';
import type { Verdict } from '#contracts/ledger.ts';
import type { NodeCount } from '#contracts/node.ts';
import type { Deed, TrustLayer } from '#contracts/trust.ts';

/** What is held against whoever it was counted of; everything else is not. */
const DEEDS: { readonly [Event in NodeCount]?: Deed } = {
  record_malformed: 'malformed',
  record_network_mismatch: 'malformed',
  record_topic_unknown: 'malformed',
  record_links_malformed: 'malformed',
  record_id_mismatch: 'forged',
  record_signature_invalid: 'forged',
  response_unsolicited: 'unsolicited',
  digest_too_often: 'spammed',
  filter_refused: 'malformed',
};

/** Frames of an answer that came too late and are forgiven, for each pull that was given up. */
const LATE_FRAMES_MAX = 32;

export interface WitnessOptions {
  readonly self: Did;
  readonly trust: Pick<TrustLayer, 'noted'>;
  readonly monotonic: Host['monotonic'];
  /** Of the ledger, for an entry that was delivered. */
  readonly verdict: (id: RecordId) => Verdict | undefined;
}

export interface Witness {
  /** Something was counted, of a peer or not. */
  counted(event: NodeCount, peer: unknown): void;
  /** A message of a peer led to these effects, and they are performed. */
  brought(peer: Did, effects: readonly Effect[]): void;
  disconnected(peer: Did): void;
}

export const createWitness = ({ self, trust, monotonic, verdict }: WitnessOptions): Witness => {
  /** Late frames that each peer is still forgiven. */
  const late = new Map<Did, number>();

  const note = (peer: Did, deed: Deed): void => trust.noted(monotonic(), peer, deed);

  const isForgiven = (peer: Did): boolean => {
    const left = late.get(peer) ?? 0;
    if (left > 1) late.set(peer, left - 1);
    else late.delete(peer);
    return left > 0;
  };

  const isRefused = (id: RecordId): boolean => {
    const status = verdict(id)?.status;
    return status !== undefined && status !== 'accepted' && status !== 'pending';
  };

  return {
    counted(event, who) {
      // Records from a file come from ourselves.
      if (typeof who !== 'string' || who === self) return;
      const peer = who as Did;
      if (event === 'pull_timed_out') late.set(peer, LATE_FRAMES_MAX);
      const deed = DEEDS[event];
      if (deed === undefined || (deed === 'unsolicited' && isForgiven(peer))) return;
      note(peer, deed);
    },
    brought(peer, effects) {
      for (const effect of effects) {
        if (effect.effect === 'store') note(peer, 'served');
        if (effect.effect !== 'deliver' || effect.record.author !== peer) continue;
        if (isRefused(effect.record.id)) note(peer, 'overdrew');
      }
    },
    disconnected: (peer) => void late.delete(peer),
  };
};
