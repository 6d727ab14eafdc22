/**
 * Intake: records come in, by whatever way, and become effects. Each claim goes through the one door
 * (`admission.ts`); what is missing is noted as wanted, what is taken is stored and delivered.
 */
import type { Effect, GossipEvent } from '#contracts/effects.ts';
import type { GossipOptions } from '#contracts/gossip.ts';
import type { Did, Json, RecordId } from '#contracts/identifiers.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { claimedId, createAdmission, type Admission } from './admission.ts';
import type { State } from './state.ts';
import type { Voice } from './voice.ts';

/** Refusals that no other copy of the record would escape. */
const HOPELESS: ReadonlySet<GossipEvent> = new Set([
  'record_not_permitted',
  'record_links_malformed',
  'record_surplus_child',
  'record_behind',
]);

type Taken = Extract<Admission, { readonly status: 'taken' }>;

/** What some claims led to. */
export interface Taking {
  readonly effects: Effect[];
  readonly taken: SignedRecord[];
}

export const createIntake = (options: GossipOptions, state: State, { quicken }: Voice) => {
  const { self, topic, records, trust, isNamed = () => false, isCertified = () => true } = options;
  const { waiting, wants, window } = state;
  const admission = createAdmission(records, trust, { ...state, isNamed, isCertified });

  /** Offers claims to the door, one by one, and notes what is missing as wanted from `source`. */
  const takeClaims = (claims: readonly Json[], source: Did): Taking => {
    const taking: Taking = { effects: [], taken: [] };
    for (const claim of claims) {
      const outcome = admission.offer(claim);
      follow(outcome, source, taking, claim);
      if (outcome.status === 'refused' && HOPELESS.has(outcome.event)) forgetWant(claim);
    }
    return finish(taking);
  };

  /** Links that are missing no longer, though nobody brought them. */
  const takeFreed = (ids: readonly RecordId[]): Taking => {
    const taking: Taking = { effects: [], taken: [] };
    for (const outcome of ids.flatMap((id) => admission.free(id))) follow(outcome, self, taking);
    return finish(taking);
  };

  /** Adds what follows from one admission. */
  const follow = (
    outcome: Admission,
    source: Did,
    { effects, taken }: Taking,
    claim?: Json,
  ): void => {
    const about = { peer: source, ...(claim !== undefined && { claim }) };
    if (outcome.status === 'refused') {
      const { event, reason } = outcome;
      effects.push({ effect: 'log', event, detail: reason, ...about });
    } else if (outcome.status === 'waiting') {
      // It is here: to go on asking would end in giving up what waits for it.
      const id = claim === undefined ? undefined : claimedId(claim);
      if (id !== undefined) wants.remove(id);
      for (const id of outcome.missing) {
        if (!waiting.has(id)) wants.add(id, source);
      }
      effects.push({ effect: 'log', event: 'ancestors_missing', detail: topic, ...about });
      for (const id of outcome.left) {
        effects.push({ effect: 'log', event: 'record_given_up', peer: source, detail: id });
      }
    } else {
      effects.push(...keep(outcome, source));
      taken.push(...outcome.records);
    }
  };

  /** What was taken may push others out, and is a reason to speak sooner. */
  const finish = (taking: Taking): Taking => {
    if (taking.taken.length > 0) taking.effects.push(...trim(), ...quicken());
    return taking;
  };

  /** What has to leave a topic that forgets. */
  const trim = (): Effect[] =>
    (window?.trim() ?? []).map((id): Effect => ({ effect: 'forget', id }));

  /** A record that is genuine and may not enter: the next peer could send no better one. */
  const forgetWant = (claim: Json): void => {
    const id = claimedId(claim);
    if (id !== undefined && !waiting.awaits(id)) wants.remove(id);
  };

  /** The effects of records that are in the log now. */
  const keep = ({ records, forgotten, forks }: Taken, source: Did): Effect[] => {
    const effects: Effect[] = [];
    for (const record of records) {
      wants.remove(record.id);
      effects.push({ effect: 'store', record }, { effect: 'deliver', record, peer: source });
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
    return finish({ effects: keep(outcome, record.author), taken: [...outcome.records] });
  };

  return { takeClaims, takeFreed, takeOwn, trim };
};
