/** Signals, for commands that have nothing to end in order: what they started ends at `exit`. */

const NUMBERS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const;

/** From now on a signal ends this process, with 128 and its number; gives the way back. */
export const endOnSignals = (): (() => void) => {
  const handlers = NUMBERS.map(
    ([signal, number]) => [signal, () => process.exit(128 + number)] as const,
  );
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
};
