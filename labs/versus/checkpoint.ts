/** The learner's side, in the shape that the grading process runs: plays bouts, and says what was seen. */
import { check, type Checkpoint } from '#checkpoint';
import { gossipOf } from '../lab-07-gossip-sync/checks/gossip.ts';
import type { Bout } from './schedules.ts';
import { look, type Sight } from './sight.ts';

export interface Asked extends Bout {
  readonly withEvents?: boolean;
}

/** Judges nothing: what was seen is compared with what is seen of the reference. */
export const side = check({
  id: 'versus',
  verb: 'implement',
  law: 'Yours and the reference show the same wherever the contract leaves no freedom',
  points: 0,
  place: { file: 'gossip.ts', symbol: 'create' },
  hints: ['', '', ''],
  inputs: () => [],
  observe: (parts, asked: Asked): Sight => look(asked, gossipOf(parts), asked.withEvents),
  judge: () => undefined,
  proves: () => '',
});

export const checkpoint: Checkpoint = { checks: [side], notCovered: '' };
