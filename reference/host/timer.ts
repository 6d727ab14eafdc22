/** The system's timer, in the shape in which cores and components are given one. It keeps the process alive. */
import type { Cancel } from '#contracts/host.ts';

export const after = (delayMs: number, run: () => void): Cancel => {
  const handle = setTimeout(run, delayMs);
  return () => clearTimeout(handle);
};
