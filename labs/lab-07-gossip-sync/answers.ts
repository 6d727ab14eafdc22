/**
 * Answers: three questions about gossip that no code of yours can answer.
 *
 * `npm run lab 07 case` shows what is asked; it is drawn for you alone. Return what you found out.
 */
import { todo } from '#checkpoint';
import type { Debug, Explain, Trace } from './questions.ts';

/** 07.12 The clocks at the end of the schedule, such as `{ ann: { ann: 2, ben: 1 }, ... }`, and the order. */
export const trace: Trace = () => todo('07.12');

/** 07.13 For each of the two faults a schedule of at most five steps, such as `['write ann', 'wait 1']`. */
export const explain: Explain = (fault) => todo('07.13');

/** 07.14 The node at fault, the part of gossip, and the fault. */
export const debug: Debug = () => todo('07.14');
