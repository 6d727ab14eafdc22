/**
 * What is observed of a world: every event in plain words and numbers, so that it can cross a process
 * boundary and be judged by laws that share no code with what they judge.
 */
import type { Name, Step } from './step.ts';

/** An entry by its author and number: `ann#3`; of a forked author with a letter: `ann#3b`. */
export type Entry = string;
export type Counters = { readonly [name: string]: number };

/** A message in words; what it claims is believed by nobody. */
export interface Said {
  readonly type: string;
  /** Entries inside, whole. */
  readonly entries: readonly Entry[];
  /** Entries named by id. */
  readonly ids: readonly Entry[];
  readonly clock?: Counters;
  /** Of a pull: `ann 2..4`. */
  readonly ranges?: readonly string[];
  readonly truncated?: boolean;
}

export type Fate = 'arrives' | 'is lost' | 'arrives twice' | 'comes late';

export type Event =
  | { readonly atMs: number; readonly on: 'step'; readonly step: string }
  | { readonly atMs: number; readonly on: 'write'; readonly node: string; readonly entry: Entry }
  | {
      readonly atMs: number;
      readonly on: 'store' | 'deliver' | 'forget';
      readonly node: string;
      readonly entry: Entry;
    }
  | {
      readonly atMs: number;
      readonly on: 'say';
      readonly node: string;
      readonly to: string;
      readonly said: Said;
      readonly fate: Fate;
    }
  /** What was said arrives: `of` is the place of the `say` among the events. */
  | { readonly atMs: number; readonly on: 'hear'; readonly node: string; readonly of: number }
  | { readonly atMs: number; readonly on: 'timer'; readonly node: string; readonly timer: string }
  /** A message that no frame can carry. */
  | {
      readonly atMs: number;
      readonly on: 'malformed';
      readonly node: string;
      readonly reason: string;
    }
  /** What a node says it holds, after every step, if that changed. */
  | { readonly atMs: number; readonly on: 'state'; readonly node: string; readonly state: State };

/** What a node answers when it is asked. */
export interface State {
  readonly clock: Counters;
  readonly count: number;
  readonly held: readonly Entry[];
  readonly waiting: number;
}

/** What an entry names, as the world knows it. */
export interface Written {
  readonly author: string;
  readonly sequence: number;
  readonly links: readonly Entry[];
  /** No node may hold it: forged, or not the next of its chain. */
  readonly bad: boolean;
  /** Why, as what follows its name in a sentence, if not that it is forged. */
  readonly why?: string;
}

export interface Run {
  readonly names: readonly string[];
  readonly written: { readonly [entry: Entry]: Written };
  readonly events: readonly Event[];
  /** Nobody fell silent: the run was ended in the middle. */
  readonly endless: boolean;
  readonly end: { readonly [node: string]: State };
}

/** A schedule, and the world it is played in. */
export interface Play {
  readonly names: readonly Name[];
  readonly steps: readonly Step[];
  readonly seed: string;
  readonly settings?: { readonly [name: string]: number };
  /** Pairs that have not met at the beginning; all others have. */
  readonly apart?: readonly (readonly [Name, Name])[];
}

/** The event in which was said what somebody hears. */
export const saying = (
  events: readonly Event[],
  { of }: Extract<Event, { readonly on: 'hear' }>,
): Extract<Event, { readonly on: 'say' }> => {
  const event = events[of];
  if (event?.on !== 'say') throw new Error(`event ${of} is no message`);
  return event;
};
