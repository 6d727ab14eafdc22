/**
 * `npm run lab 07 case`: what `answers.ts` is asked, drawn for this learner. `case 07.14` shows all that
 * happened in the case, `case 07.14 ann` what has to do with one node.
 */
import { Fault } from '#contracts/faults.ts';
import type { Check, Question, TraceLine } from '../checkpoint.ts';
import { drawFor } from '../grading/target.ts';
import type { Desk } from './desk.ts';
import { eventLines } from './feedback.ts';
import type { Grading } from './grader.ts';
import { hanging, nextLine } from './layout.ts';
import type { Request } from './request.ts';

/** The questions of a check; none for one that looks at code. */
const questionsOf = (check: Check, grading: Grading): readonly Question[] =>
  check.question
    ? check.inputs(drawFor(check, grading)).map((input) => check.question!(input))
    : [];

/** Whether an event names somebody. */
const names =
  (who: string) =>
  ({ text }: TraceLine): boolean =>
    new RegExp(`\\b${who}\\b(?!#)`).test(text.replaceAll(/\{[^}]*\}/g, ''));

const eventsOf = (events: readonly TraceLine[], who: string | undefined, { paint }: Desk) => {
  const chosen = who === undefined ? events : events.filter(names(who));
  if (who !== undefined && (!/^\w+$/.test(who) || chosen.length === 0)) {
    throw new Fault('usage', `nobody in this case is called ${who}`);
  }
  return eventLines(chosen, paint);
};

/** Prints what is asked; the exit code. Throws Fault `usage` for a check that asks nothing. */
export const showCase = async (
  grading: Grading,
  { check: id, who }: Request,
  desk: Desk,
): Promise<number> => {
  const { lab } = grading;
  const { checks } = await lab.checkpoint();
  const asking = checks.filter((check) => check.question);
  const chosen = asking.filter((check) => id === undefined || check.id === id);
  if (chosen.length === 0) {
    const known = asking.map((check) => check.id).join(', ');
    throw new Fault(
      'usage',
      `${id ?? 'this lab'} asks nothing by hand; these do: ${known || 'none'}`,
    );
  }
  for (const check of chosen) {
    desk.say(...hanging(`${check.id} ${check.verb}  `, check.law));
    for (const { lines, events = [] } of questionsOf(check, grading)) {
      if (who === undefined) desk.say(...lines.flatMap((line) => hanging('     ', line)), '');
      if (id !== undefined && events.length > 0) desk.say(...eventsOf(events, who, desk), '');
      else if (events.length > 0) {
        desk.say(`     all that happened: npm run lab ${lab.number} case ${check.id}`, '');
      }
    }
  }
  desk.say(
    `     answer    ${grading.subject.pathOf('answers.ts')}`,
    nextLine(`npm run lab ${lab.number}`),
  );
  return 0;
};
