/**
 * `npm run lab 07 case`: what `answers.ts` is asked, drawn for this learner. `case 07.14` shows all that
 * happened in the case, `case 07.14 ann` what has to do with one node.
 */
import { Fault } from '#contracts/faults.ts';
import type { Check, Question, TraceLine } from '../checkpoint.ts';
import { drawFor } from '../grading/target.ts';
import type { Desk } from './desk/desk.ts';
import { eventLines } from './verdict/feedback.ts';
import type { Grading } from './verdict/grader.ts';
import { hanging, nextLine } from './desk/layout.ts';
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

/** The events that name somebody. Throws Fault `usage` if there are none. */
const eventsOf = (
  { events = [] }: Question,
  who: string,
  nothing: string,
  desk: Desk,
): string[] => {
  const chosen = /^\w+$/.test(who) ? events.filter(names(who)) : [];
  if (chosen.length > 0) return [...eventLines(chosen, desk.paint), ''];
  throw new Fault('usage', events.length > 0 ? `nobody in this case is called ${who}` : nothing);
};

const asked = (question: Question, again: string, isWhole: boolean, desk: Desk): string[] => {
  const { lines, events = [] } = question;
  const asks = [...lines.flatMap((line) => hanging('     ', line)), ''];
  if (events.length === 0) return asks;
  const happened = isWhole ? eventLines(events, desk.paint) : [`     all that happened: ${again}`];
  return [...asks, ...happened, ''];
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
  const eventful = asking.filter((check) =>
    questionsOf(check, grading).some(({ events = [] }) => events.length > 0),
  );
  const only = eventful.map((check) => check.id).join(', ');
  const parts = chosen.flatMap((check) => {
    const nothing = `${check.id} has no events; only ${only} has`;
    const again = `npm run lab ${lab.number} case ${check.id}`;
    const questions = questionsOf(check, grading).flatMap((question) =>
      who === undefined
        ? asked(question, again, id !== undefined, desk)
        : eventsOf(question, who, nothing, desk),
    );
    return [...hanging(`${check.id} ${check.verb}  `, check.law), ...questions];
  });
  desk.say(
    ...parts,
    `     answer    ${grading.subject.pathOf('answers.ts')}`,
    nextLine(`npm run lab ${lab.number}`),
  );
  return 0;
};
