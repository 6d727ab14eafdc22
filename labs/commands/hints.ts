/** The ladder of three hints, a rung at a time, and what is left when there are no more. */
import { Fault } from '#contracts/faults.ts';
import type { Check } from '../checkpoint.ts';
import type { Lab } from '../catalog.ts';
import type { Desk } from './desk/desk.ts';
import { field, hanging, nextLine } from './desk/layout.ts';
import { firstOpen } from './verdict/feedback.ts';
import { shown } from './desk/places.ts';
import type { Progress } from './desk/state.ts';

/** The first check that did not pass in the last grading; without a grading the first of all. */
const openCheck = (checks: readonly Check[], { verdicts }: Progress): Check | undefined => {
  if (verdicts === undefined) return checks[0];
  const graded = checks.map((check) => ({
    check,
    verdict: verdicts[check.id] ?? ('unfinished' as const),
  }));
  return firstOpen(graded)?.check;
};

const named = (checks: readonly Check[], id: string): Check => {
  const check = checks.find((check) => check.id === id);
  if (check) return check;
  const known = checks.map(({ id }) => id).join(', ');
  throw new Fault('usage', `there is no check ${id}; there is ${known}`);
};

/** Shows the next hint for that check, or for the first that does not pass. */
export const hint = async (lab: Lab, wanted: string | undefined, desk: Desk): Promise<number> => {
  const { places, state, say, paint } = desk;
  const { checks } = await lab.checkpoint();
  const progress = state.progress(lab.name);
  const check = wanted === undefined ? openCheck(checks, progress) : named(checks, wanted);
  const again = `npm run lab ${lab.number}`;
  if (!check) {
    say(
      `every check of lab ${lab.number} passed when it was last graded: there is nothing to hint at`,
    );
    say(nextLine('npm run lab'));
    return 0;
  }
  const { id, law, hints, place } = check;
  const shownBefore = Math.min(progress.hints?.[id] ?? 0, hints.length);
  const rung = Math.min(shownBefore + 1, hints.length);
  state.update(lab.name, { hints: { ...progress.hints, [id]: rung } });
  say(paint.strong(hanging(`${id}  `, law).join('\n')));
  // After the last one all are shown again: a person who asks once more has lost one of them.
  const first = shownBefore === hints.length ? 1 : rung;
  for (let number = first; number <= rung; number += 1) {
    say(...field(`hint ${number}/3`, hints[number - 1]!));
  }
  say(
    `     ${'where'.padEnd(10)}${shown(places.root, places.learners(lab))}/${place.file}  ${place.symbol}`,
  );
  if (rung < hints.length) {
    say(nextLine(again));
    return 0;
  }
  say(
    ...field(
      'left',
      `that was the last hint. Read ${lab.chapter} once more, ask somebody, or give up: that is recorded, and opens the solution`,
    ),
    nextLine(`${again} give-up`),
  );
  return 0;
};

/** Opens the solution for `diff`; recorded. */
export const giveUp = (lab: Lab, { state, say }: Desk): number => {
  const { passed = false } = state.progress(lab.name);
  if (passed) {
    say(`lab ${lab.number} has passed: there is nothing to give up, and the solution is open`);
  } else {
    state.update(lab.name, { gaveUp: true });
    say(
      `lab ${lab.number} is recorded as given up: diff shows the solution now`,
      'a pass still counts: the map then says that this layer is yours',
    );
  }
  say(nextLine(`npm run lab ${lab.number} diff`));
  return 0;
};
