/** A bar on the terminal, if there is one; and Ctrl-C, heard between two rounds. */
import { percent } from './chart.ts';
import type { Progress, Watching } from './play.ts';

/** Nobody wants a bar that is gone before it is seen. */
const AFTER_MS = 300;
const BAR_WIDTH_MAX = 30;
/** Below that a bar says nothing that the number beside it does not. */
const BAR_WIDTH_MIN = 8;
const COLUMNS_DEFAULT = 80;

/** The line, never as wide as the terminal: one that wraps cannot be wiped. */
export const progressLine = ({ round, of, share }: Progress, columns: number): string => {
  const last = of === undefined ? undefined : Math.max(round, of);
  const text = `round ${round}${last === undefined ? '' : ` of about ${last}`}, ${percent(share)} know`;
  const width = Math.min(BAR_WIDTH_MAX, columns - text.length - 4);
  if (width < BAR_WIDTH_MIN) return text.slice(0, Math.max(0, columns - 1));
  const done = Math.round((last === undefined ? share : round / last) * width);
  return `[${'#'.repeat(done).padEnd(width, '-')}] ${text}`;
};

/** Watches a run on standard error. To be ended. */
export const createWatching = (): Watching & { end(): void } => {
  const beganMs = performance.now();
  const terminal = process.stderr;
  let isEnding = false;
  let isDrawn = false;
  const interrupt = (): void => {
    isEnding = true;
  };
  const wipe = (): void => {
    if (isDrawn) terminal.write('\r\u001B[2K');
    isDrawn = false;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  return {
    isEnding: () => isEnding,
    progressed(progress) {
      if (!terminal.isTTY || performance.now() - beganMs < AFTER_MS) return;
      // A terminal that does not know its width says 0.
      const line = progressLine(progress, terminal.columns || COLUMNS_DEFAULT);
      terminal.write(`\r\u001B[2K${line}`);
      isDrawn = true;
    },
    end() {
      wipe();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    },
  };
};
