/**
 * The publisher: a record is signed once the own chain is known, and acknowledged once it is durable.
 */
import type { RecordId, Topic } from '#contracts/identifiers.ts';
import { accepted, type Outcome } from '#contracts/outcome.ts';
import type { Authored } from './author.ts';
import type { OwnChain } from './own-chain.ts';
import type { Performer } from '../durable/performer.ts';

/** Resolves when the record is durable; rejects with a Fault where that cannot be promised any more. */
export type Publish = <Status extends string>(
  topic: Topic,
  sign: () => Outcome<Authored, Status>,
) => Promise<Outcome<RecordId, Status>>;

export const createPublisher =
  (ownChain: OwnChain, perform: Performer['perform']): Publish =>
  (topic, sign) =>
    new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          const outcome = sign();
          if (!outcome.ok) return resolve(outcome);
          const { record, effects } = outcome.value;
          perform(topic, effects, () => resolve(accepted(record.id)), reject);
        } catch (error) {
          // It may run on a timer, where nobody would hear of it.
          reject(error);
        }
      };
      ownChain.whenKnown(topic, run, reject);
    });
