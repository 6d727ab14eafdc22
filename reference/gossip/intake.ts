/**
 * Intake: records come in, by whatever way, and become effects. Each claim goes through the one door
 * (`admission.ts`); what is missing is noted as wanted, what is taken is stored and delivered.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { claimedId, createAdmission, type Admission } from './admission.ts';
import type { State, Subject } from './state.ts';
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
  const { self, records, trust } = options;
  const { wants } = state;
  const admission = createAdmission(records, trust);

  /** Offers claims to the door, one by one, and notes what is missing as wanted from `source`. */
  const takeClaims = (subject: Subject, claims: readonly Json[], source: Did): Taking => {
    const effects: Effect[] = [];
    const taken: SignedRecord[] = [];
    for (const claim of claims) {
      const outcome = admission.offer(subject, claim);
      if (outcome.status === 'refused') {
        effects.push({
          effect: 'log',
          event: outcome.event,
          peer: source,
          detail: outcome.reason,
        });
        if (HOPELESS.has(outcome.event)) forgetWant(subject, claim);
      } else if (outcome.status === 'waiting') {
        for (const id of outcome.missing) {
          if (!subject.waiting.has(id)) wants.add(subject.log.topic, id, source);
        }
        for (const id of outcome.left) {
          effects.push({ effect: 'log', event: 'record_given_up', peer: source, detail: id });
        }
      } else {
        effects.push(...keep(outcome));
        taken.push(...outcome.records);
      }
    }
    if (taken.length > 0) effects.push(...quicken(subject));
    return { effects, taken };
  };

  /** A record that is genuine and may not enter: the next peer could send no better one. */
  const forgetWant = ({ waiting }: Subject, claim: Json): void => {
    const id = claimedId(claim);
    if (id !== undefined && !waiting.awaits(id)) wants.remove(id);
  };

  /** The effects of records that are in the log now. */
  const keep = ({ records, forgotten, forks }: Taken): Effect[] => {
    const effects: Effect[] = [];
    for (const record of records) {
      wants.remove(record.id);
      effects.push({ effect: 'store', record, own: record.author === self });
      effects.push({ effect: 'deliver', record });
    }
    const { topic } = records[0]!;
    for (const id of forgotten) effects.push({ effect: 'forget', id, topic });
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
  const takeOwn = (subject: Subject, record: SignedRecord): Taking => {
    const outcome = admission.admit(subject, record);
    if (outcome.status !== 'taken') {
      throw new Error(`gossip: own record ${record.id} was not taken: ${JSON.stringify(outcome)}`);
    }
    return { effects: [...keep(outcome), ...quicken(subject)], taken: [...outcome.records] };
  };

  return { takeClaims, takeOwn };
};
