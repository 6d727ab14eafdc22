/** What every command is given: where things are, what is remembered, and a way to say something. */
import type { Paint } from './layout.ts';
import type { Places } from './places.ts';
import type { StateFile } from './state.ts';

export interface Desk {
  readonly places: Places;
  readonly state: StateFile;
  readonly paint: Paint;
  /** Lines for whoever asked; standard output. */
  say(...lines: readonly string[]): void;
  /** What is worth knowing beside the answer; standard error where the answer is JSON. */
  note(line: string): void;
  /** Empties the screen, where there is one. */
  clear(): void;
}
