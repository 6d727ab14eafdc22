/**
 * The steps of a schedule: what happens in a world, one line each. A schedule is data, so that it can be
 * drawn from a seed, shrunk, printed, and written by hand in `answers.ts`.
 *
 *   write ann       ann signs her next entry
 *   cut ann ben     from now on everything between the two is lost; nobody tells them
 *   mend ann ben    the cut ends, and what was still to be lost or late is not; nobody tells them either
 *   part ann ben    the link ends, and both notice
 *   meet ann ben    a link, and each hears that the other wants to hear of the topic
 *   lose ann ben    the next message from ann to ben is lost
 *   twice ann ben   the next message from ann to ben arrives twice
 *   late ann ben    the next message from ann to ben arrives half a second late
 *   wait 30         so many seconds pass
 *
 * After every step the messages that are under way arrive, in the order in which they were sent.
 */
export const NAMES = ['ann', 'ben', 'cleo', 'dora'] as const;
export type Name = (typeof NAMES)[number];

/** What a step does to the way between two nodes. */
const BETWEEN = ['cut', 'mend', 'part', 'meet', 'lose', 'twice', 'late'] as const;
type Between = (typeof BETWEEN)[number];

export type Step = `write ${Name}` | `${Between} ${Name} ${Name}` | `wait ${number}`;

/** The longest that a schedule may wait at one time: an hour. */
const WAIT_SECONDS_MAX = 3_600;

/** A step in parts; undefined for what is no step among these nodes. */
export type ReadStep =
  | { readonly verb: 'write'; readonly who: Name }
  | { readonly verb: Between; readonly left: Name; readonly right: Name }
  | { readonly verb: 'wait'; readonly seconds: number };

export const readStep = (text: unknown, names: readonly Name[]): ReadStep | undefined => {
  if (typeof text !== 'string') return undefined;
  const [verb, first = '', second, ...more] = text.split(' ');
  const isName = (word: string | undefined): word is Name => names.includes(word as Name);
  if (more.length > 0) return undefined;
  if (verb === 'write') {
    return isName(first) && second === undefined ? { verb, who: first } : undefined;
  }
  if (verb === 'wait') {
    const seconds = /^\d{1,4}(\.\d)?$/.test(first) ? Number(first) : Infinity;
    const fits = seconds <= WAIT_SECONDS_MAX && second === undefined;
    return fits ? { verb, seconds } : undefined;
  }
  const between = BETWEEN.find((each) => each === verb);
  const apart = between && isName(first) && isName(second) && first !== second;
  return apart ? { verb: between, left: first, right: second } : undefined;
};
