/**
 * Supervision as a state machine: what to start, stop or wait for next. It opens nothing itself and has no
 * clock: what was done, what died and what time it is come in, and what to do next goes out.
 *
 * One thing is done at a time. Up in the order of the list, down in reverse; a component that dies is taken
 * down with those that need it, rests, and comes up again, a bounded number of times in a while. What then?
 * It says so itself: the node goes on without it, or ends.
 */
import assert from 'node:assert/strict';

/** How often and how fast a component that died may come back. */
export interface RestartPolicy {
  /** Rest before the first restart; doubles with each death that is remembered. */
  readonly restMsMin: number;
  readonly restMsMax: number;
  /** Deaths that are forgiven within the window; one more is the end of trying. */
  readonly restartsMax: number;
  /** A death is remembered for so long. */
  readonly windowMs: number;
}

/** What a component says about itself. */
export interface Declaration {
  readonly name: string;
  /** Components earlier in the list without which it cannot be up. */
  readonly needs: readonly string[];
  /** undefined: it is not tried again. */
  readonly restart: RestartPolicy | undefined;
  /** When it is not tried any more. */
  readonly whenLost: 'end' | 'go_on';
}

/** What whoever watches may be told. */
export type SupervisionEvent =
  | { readonly event: 'up' | 'down' | 'failed' | 'lost'; readonly name: string }
  | { readonly event: 'resting'; readonly name: string; readonly delayMs: number }
  /** Everything that can be up is. Once. */
  | { readonly event: 'running' }
  /** Everything goes down, because somebody asked or because of this component. Once. */
  | { readonly event: 'ending'; readonly because: string | undefined }
  /** Everything is down. Once, and nothing after it. */
  | { readonly event: 'ended' };

export type SupervisionAction =
  /** Answer with `done` or `broke`. */
  | { readonly action: 'start' | 'stop'; readonly name: string }
  /** Call `rested` after a while. */
  | { readonly action: 'rest'; readonly name: string; readonly delayMs: number }
  | ({ readonly action: 'tell' } & SupervisionEvent);

type Actions = readonly SupervisionAction[];

export interface Supervision {
  begin(): Actions;
  /** The start or stop under way is done. */
  done(): Actions;
  /** The start under way failed, and left nothing open. */
  broke(nowMs: number): Actions;
  /** A component that was up has died; it is to be stopped all the same, for what it holds. */
  failed(nowMs: number, name: string): Actions;
  rested(name: string): Actions;
  /** Takes everything down. Safe to call twice, and at any moment. */
  end(): Actions;
  readonly phase: Phase;
}

/** `starting`: for the first time. */
export type Phase = 'idle' | 'starting' | 'running' | 'ending' | 'ended';

/** `failed`: dead, and still to be stopped. */
type State = 'down' | 'starting' | 'up' | 'failed' | 'stopping' | 'resting' | 'lost';

interface Component extends Declaration {
  state: State;
  /** What it is once it is stopped. */
  next: 'down' | 'resting' | 'lost';
  /** Times of the deaths that are remembered. */
  deaths: readonly number[];
}

const check = (declarations: readonly Declaration[]): void => {
  const earlier = new Map<string, Declaration>();
  for (const declaration of declarations) {
    const { name, needs, whenLost } = declaration;
    assert(!earlier.has(name), `two components are called ${name}`);
    for (const need of needs) {
      const needed = earlier.get(need);
      assert(needed, `${name} needs ${need}, which does not come before it`);
      assert(
        whenLost === 'go_on' || needed.whenLost === 'end',
        `${name} cannot be missed, and needs ${need}, which can`,
      );
    }
    earlier.set(name, declaration);
  }
};

const restMsOf = ({ restMsMin, restMsMax }: RestartPolicy, deaths: number): number =>
  Math.min(restMsMax, restMsMin * 2 ** (deaths - 1));

/** In the order of the list they come up. */
export const createSupervision = (declarations: readonly Declaration[]): Supervision => {
  check(declarations);
  // By name, not spread: a real component has more than its declaration.
  const components = declarations.map(({ name, needs, restart, whenLost }): Component => ({
    name,
    needs,
    restart,
    whenLost,
    state: 'down',
    next: 'down',
    deaths: [],
  }));
  const byName = new Map(components.map((each) => [each.name, each]));
  const find = (name: string): Component => {
    const found = byName.get(name);
    assert(found, `no component is called ${name}`);
    return found;
  };
  /** Up, and standing on nothing that fell. */
  const stands = (name: string): boolean => {
    const { state, needs } = find(name);
    return state === 'up' && needs.every(stands);
  };
  const needsHold = ({ needs }: Component): boolean => needs.every(stands);
  let phase: Phase = 'idle';

  /** The one thing to do next, if there is one. */
  const step = (): SupervisionAction[] => {
    if (phase === 'idle' || phase === 'ended') return [];
    if (components.some(({ state }) => state === 'starting' || state === 'stopping')) return [];
    const falling = components.findLast(
      (each) =>
        each.state === 'failed' ||
        (each.state === 'up' && (phase === 'ending' || !needsHold(each))),
    );
    if (falling) {
      falling.state = 'stopping';
      return [{ action: 'stop', name: falling.name }];
    }
    if (phase === 'ending') {
      phase = 'ended';
      return [{ action: 'tell', event: 'ended' }];
    }
    const rising = components.find((each) => each.state === 'down' && needsHold(each));
    if (rising) {
      rising.state = 'starting';
      return [{ action: 'start', name: rising.name }];
    }
    if (phase === 'running') return [];
    phase = 'running';
    return [{ action: 'tell', event: 'running' }];
  };

  const endBecause = (because: string | undefined): SupervisionAction[] => {
    if (phase === 'ending' || phase === 'ended') return [];
    phase = 'ending';
    return [{ action: 'tell', event: 'ending', because }];
  };

  /** A death: whether it is tried again, and what becomes of the node if not. */
  const die = (component: Component, nowMs: number): SupervisionAction[] => {
    const { name, restart, whenLost } = component;
    // It was to go down anyway, or was told to give up.
    if (phase === 'ending') return [];
    const told: SupervisionAction[] = [{ action: 'tell', event: 'failed', name }];
    if (restart) {
      const remembered = component.deaths.filter((at) => nowMs - at < restart.windowMs);
      component.deaths = [...remembered, nowMs];
      if (component.deaths.length <= restart.restartsMax) {
        component.next = 'resting';
        return told;
      }
    }
    component.next = 'lost';
    told.push({ action: 'tell', event: 'lost', name });
    return whenLost === 'end' ? [...told, ...endBecause(name)] : told;
  };

  /** It is down: for now, for a rest, or for good. */
  const settle = (component: Component): SupervisionAction[] => {
    const { name, restart, next, deaths } = component;
    component.state = phase === 'ending' ? 'down' : next;
    component.next = 'down';
    if (component.state !== 'resting' || !restart) return [];
    const delayMs = restMsOf(restart, deaths.length);
    return [
      { action: 'tell', event: 'resting', name, delayMs },
      { action: 'rest', name, delayMs },
    ];
  };

  return {
    get phase() {
      return phase;
    },
    begin() {
      assert(phase === 'idle', 'a supervision begins once');
      phase = 'starting';
      return step();
    },
    done() {
      const component = components.find(
        ({ state }) => state === 'starting' || state === 'stopping',
      );
      assert(component, 'nothing is under way');
      const { name } = component;
      if (component.state === 'starting') {
        component.state = 'up';
        return [{ action: 'tell', event: 'up', name }, ...step()];
      }
      const settled = settle(component);
      return [{ action: 'tell', event: 'down', name }, ...settled, ...step()];
    },
    broke(nowMs) {
      const component = components.find(({ state }) => state === 'starting');
      assert(component, 'nothing is being started');
      const { name } = component;
      // The first time somebody watches, and a start that failed is likely to fail again.
      const told: SupervisionAction[] =
        phase === 'starting'
          ? [{ action: 'tell', event: 'failed', name }, ...endBecause(name)]
          : die(component, nowMs);
      const settled = settle(component);
      return [...told, ...settled, ...step()];
    },
    failed(nowMs, name) {
      const component = find(name);
      if (component.state !== 'up') return [];
      component.state = 'failed';
      const told = die(component, nowMs);
      return [...told, ...step()];
    },
    rested(name) {
      const component = find(name);
      if (component.state !== 'resting') return [];
      component.state = 'down';
      return step();
    },
    end() {
      if (phase === 'idle') {
        phase = 'ended';
        return [
          { action: 'tell', event: 'ending', because: undefined },
          { action: 'tell', event: 'ended' },
        ];
      }
      const told = endBecause(undefined);
      return [...told, ...step()];
    },
  };
};
