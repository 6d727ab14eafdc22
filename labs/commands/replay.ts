/** `npm run lab replay TOKEN`: a failing input once more, every event of it. */
import { exitCodeOf, type Replay } from '../grading/result.ts';
import type { Desk } from './desk/desk.ts';
import {
  eventLines,
  findingLines,
  inputLines,
  paintVerdict,
  whereText,
  WORDS,
} from './verdict/feedback.ts';
import { field, hanging, nextLine, type Paint } from './desk/layout.ts';

export interface ReplayContext {
  readonly pathOf: (file: string) => string;
  readonly next: string;
  readonly paint: Paint;
}

/** Whether what failed then holds now. */
export const holds = ({ verdict }: Replay): boolean => verdict === 'pass';

/** A replay in lines: the law, the events in order, what was seen and why it is wrong. */
export const replayLines = (replay: Replay, { pathOf, next, paint }: ReplayContext): string[] => {
  const { check, law, verdict, sameCode, finding, reason, input, where, events, printed } = replay;
  const lead = `${check} ${WORDS[verdict]}  `;
  const dye = (text: string) => paintVerdict(verdict, text, paint);
  return [
    ...hanging(lead, finding?.headline ?? law).map((line, index) =>
      index === 0 ? dye(lead) + line.slice(lead.length) : line,
    ),
    ...(sameCode
      ? []
      : hanging(
          '     ',
          'this is not the code that failed: the same input has met other code, so the events may differ',
        ).map((line) => paint.open(line))),
    ...eventLines(events, paint),
    ...(finding ? findingLines(finding, Number.POSITIVE_INFINITY) : []),
    ...(input === undefined ? [] : inputLines(input)),
    ...(reason === undefined ? [] : field('reason', reason)),
    ...(where ? [`     where     ${whereText(where, pathOf)}`] : []),
    ...(printed === undefined ? [] : field('printed', printed.trimEnd())),
    nextLine(next),
  ];
};

/** Prints it; the exit code is that of its verdict. */
export const printReplay = (
  replay: Replay,
  context: ReplayContext,
  { say }: Desk,
  json: boolean,
): number => {
  if (json) say(JSON.stringify(replay, undefined, 2));
  else say(...replayLines(replay, context));
  return exitCodeOf({ checks: [replay] });
};
