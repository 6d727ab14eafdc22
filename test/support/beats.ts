/**
 * Time that this process had: beats of a timer, counted. A machine that keeps it waiting counts fewer, so
 * what must come in time is not called late for a reason that is not its own. For what waits, not for
 * what computes: a loop that holds the thread counts as nothing.
 */
const BEAT_MS = 10;

/** Begins to count; the first look ends it, and gives milliseconds. */
export const countBeats = (): (() => number) => {
  let beats = 0;
  const timer = setInterval(() => (beats += 1), BEAT_MS).unref();
  return () => {
    clearInterval(timer);
    return beats * BEAT_MS;
  };
};
