/**
 * The supervisor: does what the state machine says, with real components, and keeps the time.
 *
 * It has no timers of its own: `after` and `now` are given, so a test drives it in virtual time. Once the
 * end is asked for there is one budget for everything. Whatever is under way may take half of what is
 * left of it and is passed over then, so that one component that hangs cannot keep another from closing: of
 * 5 s the first to hang gets 2.5, the second 1.25, and a healthy one after ten of them still has 2 ms.
 */
import type { Cancel } from '#contracts/host.ts';
import { messageOf } from '#contracts/faults.ts';
import type { Component } from './component.ts';
import { createSupervision, type SupervisionAction, type SupervisionEvent } from './supervision.ts';

/** How it ended. */
export interface Ending {
  /** Why, where nobody asked: what the component that ended it said. */
  readonly cause: Error | undefined;
  /** Components that were passed over, because they did not open or close in time. Something may be open. */
  readonly overdue: readonly string[];
}

export interface SupervisorOptions {
  /** In the order in which they open. */
  readonly components: readonly Component<unknown>[];
  readonly after: (delayMs: number, run: () => void) => Cancel;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** For everything from the wish to end to the end. */
  readonly endMsMax: number;
  /** `reason` where something failed. */
  readonly tell: (event: SupervisionEvent, reason: string | undefined) => void;
}

export interface Supervisor {
  /** Opens everything. `ended` where that came to nothing: everything is closed again then. */
  start(): Promise<'running' | 'ended'>;
  /** Closes everything, in whatever phase; resolves when that is done. Safe to call twice. */
  stop(): Promise<Ending>;
  /** Resolves once, when everything is closed, whatever ended it. */
  readonly ended: Promise<Ending>;
}

/** A start or stop under way. */
interface Operation {
  /** It is passed over if it takes longer than this from now. */
  limit(ms: number): void;
}

export const createSupervisor = (options: SupervisorOptions): Supervisor => {
  const { after, now, endMsMax, tell } = options;
  const components = new Map(options.components.map((each) => [each.name, each]));
  const supervision = createSupervision(options.components);
  const rests = new Map<string, Cancel>();
  const overdue = new Set<string>();
  /** The last words of each component that failed. */
  const errors = new Map<string, Error>();
  const leave = new AbortController();
  let underWay: Operation | undefined;
  let endAtMs: number | undefined;
  let cause: Error | undefined;

  let hasEnded: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => (hasEnded = resolve));
  let hasStarted: (how: 'running' | 'ended') => void = () => undefined;
  const started = new Promise<'running' | 'ended'>((resolve) => (hasStarted = resolve));

  /** undefined: as long as it likes; the first start may wait for a person. */
  const allowedMs = (action: 'start' | 'stop'): number | undefined => {
    if (endAtMs !== undefined) return Math.max(0, (endAtMs - now()) / 2);
    return supervision.phase === 'starting' && action === 'start' ? undefined : endMsMax / 2;
  };

  /**
   * Runs one start or stop. Exactly one of `done` and `failed` is called; a value that comes when it was
   * passed over already goes to `late`.
   */
  const operate = <Value>(
    name: string,
    action: 'start' | 'stop',
    work: Promise<Value>,
    done: (value: Value) => void,
    failed: (error: Error) => void,
    late: (value: Value) => void,
  ): void => {
    let isOpen = true;
    let cancel: Cancel | undefined;
    const settle = (then: () => void): void => {
      isOpen = false;
      cancel?.();
      underWay = undefined;
      then();
    };
    const passOver = (): void => {
      overdue.add(name);
      settle(() => failed(new Error(`${name} did not ${action} in time`)));
    };
    underWay = {
      limit(ms) {
        cancel?.();
        cancel = after(ms, passOver);
      },
    };
    const ms = allowedMs(action);
    if (ms !== undefined) underWay.limit(ms);
    work.then(
      (value) => (isOpen ? settle(() => done(value)) : late(value)),
      (error: unknown) => {
        if (isOpen)
          settle(() => failed(error instanceof Error ? error : new Error(messageOf(error))));
      },
    );
  };

  const start = (name: string): void => {
    const component = components.get(name)!;
    let isUp = false;
    let death: Error | undefined;
    const die = (reason: Error): void => {
      if (death) return;
      death = reason;
      if (isUp) bury();
    };
    const bury = (): void => {
      errors.set(name, death!);
      perform(supervision.failed(now(), name));
    };
    operate(
      name,
      'start',
      component.open(die, leave.signal),
      (value) => {
        component.take(value);
        isUp = true;
        perform(supervision.done());
        if (death) bury();
      },
      (error) => {
        errors.set(name, error);
        perform(supervision.broke(now()));
      },
      (value) => void component.discard(value).catch(() => undefined),
    );
  };

  const stop = (name: string): void => {
    const component = components.get(name)!;
    const done = (): void => perform(supervision.done());
    // What does not close cleanly is closed as far as it can be: the others still want their turn.
    operate(name, 'stop', component.close(), done, done, () => undefined);
  };

  const rest = (name: string, delayMs: number): void => {
    const cancel = after(delayMs, () => {
      rests.delete(name);
      perform(supervision.rested(name));
    });
    rests.set(name, cancel);
  };

  /** What the machine tells moves the promises and the clock of the end. */
  const hear = (event: SupervisionEvent): void => {
    switch (event.event) {
      case 'running':
        hasStarted('running');
        break;
      case 'ending':
        endAtMs = now() + endMsMax;
        cause = event.because === undefined ? undefined : errors.get(event.because);
        for (const cancel of rests.values()) cancel();
        rests.clear();
        leave.abort();
        underWay?.limit(endMsMax / 2);
        break;
      case 'ended':
        hasEnded({ cause, overdue: [...overdue] });
        hasStarted('ended');
        break;
      default:
        break;
    }
    const name = 'name' in event ? event.name : undefined;
    const failed = event.event === 'failed' || event.event === 'lost';
    tell(event, failed && name !== undefined ? errors.get(name)?.message : undefined);
  };

  const perform = (actions: readonly SupervisionAction[]): void => {
    for (const action of actions) {
      switch (action.action) {
        case 'start':
          start(action.name);
          break;
        case 'stop':
          stop(action.name);
          break;
        case 'rest':
          rest(action.name, action.delayMs);
          break;
        case 'tell': {
          const { action: _, ...event } = action;
          hear(event);
          break;
        }
      }
    }
  };

  return {
    ended,
    start() {
      // Whoever was quicker with `stop` has ended it already.
      if (supervision.phase === 'idle') perform(supervision.begin());
      return started;
    },
    stop() {
      perform(supervision.end());
      return ended;
    },
  };
};
