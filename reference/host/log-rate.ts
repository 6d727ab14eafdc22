/**
 * The rate of a log: whoever can make a node say something could otherwise fill its disk by making it
 * say so again and again. Of each event so many lines are written in a while; the next line after it
 * says how many were left out, so that no count is lost.
 */

/** Lines of one event in one span of time. */
export const LINES_MAX = 100;
export const SPAN_MS = 10_000;
/** Events that are told apart; there are closed lists of them, and this is more. */
const EVENTS_MAX = 256;

interface Window {
  beganAt: number;
  lines: number;
  leftOut: number;
}

export interface LogRate {
  /** Whether a line of this event may be written; with how many were left out since the last one. */
  admit(now: number, event: string): { readonly leftOut: number } | undefined;
}

export const createLogRate = (): LogRate => {
  const windows = new Map<string, Window>();

  const windowOf = (now: number, event: string): Window => {
    const name = windows.has(event) || windows.size < EVENTS_MAX ? event : '';
    const found = windows.get(name) ?? { beganAt: now, lines: 0, leftOut: 0 };
    windows.set(name, found);
    return found;
  };

  return {
    admit(now, event) {
      const window = windowOf(now, event);
      if (now - window.beganAt >= SPAN_MS) {
        window.beganAt = now;
        window.lines = 0;
      }
      if (window.lines === LINES_MAX) {
        window.leftOut += 1;
        return undefined;
      }
      window.lines += 1;
      const { leftOut } = window;
      window.leftOut = 0;
      return { leftOut };
    },
  };
};
