/**
 * Intake: records come in, by whatever way, and become effects. Each claim goes through the one door
 * (`admission.ts`); what is missing is noted as wanted, what is taken is stored and delivered.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { claimedId, createAdmission, type Admission } from './admission.ts';
import type { State } from './state.ts';
import type { Voice } from './voice.ts';

/** Refusals that no other copy of the record would escape. */
const HOPELESS: ReadonlySet<GossipEvent> = new Set([
  'record_not_permitted',
  'record_links_malformed',
  'record_surplus_child',
]);

type Taken = Extract<Admission, { readonly status: 'taken' }>;

/** What some claims led to. */
export interface Taking {
  readonly effects: Effect[];
  readonly taken: SignedRecord[];
}

export const createIntake = (options: GossipOptions, state: State, { quicken }: Voice) => {
  const { topic, records, trust } = options;
  const { waiting, wants } = state;
  const admission = createAdmission(records, trust, state);

  /** Offers claims to the door, one by one, and notes what is missing as wanted from `source`. */
  const takeClaims = (claims: readonly Json[], source: Did): Taking => {
    const effects: Effect[] = [];
    const taken: SignedRecord[] = [];
    for (const claim of claims) {
      const outcome = admission.offer(claim);
      if (outcome.status === 'refused') {
        const { event, reason } = outcome;
        effects.push({ effect: 'log', event, peer: source, detail: reason });
        if (HOPELESS.has(event)) forgetWant(claim);
      } else if (outcome.status === 'waiting') {
        for (const id of outcome.missing) {
          if (!waiting.has(id)) wants.add(id, source);
        }
        for (const id of outcome.left) {
          effects.push({ effect: 'log', event: 'record_given_up', peer: source, detail: id });
        }
      } else {
        effects.push(...keep(outcome));
        taken.push(...outcome.records);
      }
    }
    if (taken.length > 0) effects.push(...quicken());
    return { effects, taken };
  };

  /** A record that is genuine and may not enter: the next peer could send no better one. */
  const forgetWant = (claim: Json): void => {
    const id = claimedId(claim);
    if (id !== undefined && !waiting.awaits(id)) wants.remove(id);
  };

  /** The effects of records that are in the log now. */
  const keep = ({ records, forgotten, forks }: Taken): Effect[] => {
    const effects: Effect[] = [];
    for (const record of records) {
      wants.remove(record.id);
      effects.push({ effect: 'store', record }, { effect: 'deliver', record });
    }
    for (const id of forgotten) effects.push({ effect: 'forget', id });
    for (const { author, previous } of forks) {
      effects.push({
        effect: 'log',
        event: 'fork_detected',
        detail: `${author} signed two records after ${previous ?? 'the start'} in ${topic}`,
      });
    }
    return effects;
  };

  /** Takes a record of our own. It names what we hold, so nothing can be missing. */
  const takeOwn = (record: SignedRecord): Taking => {
    const outcome = admission.admit(record);
    if (outcome.status !== 'taken') {
      throw new Error(`gossip: own record ${record.id} was not taken: ${JSON.stringify(outcome)}`);
    }
    return { effects: [...keep(outcome), ...quicken()], taken: [...outcome.records] };
  };

  return { takeClaims, takeOwn };
};
