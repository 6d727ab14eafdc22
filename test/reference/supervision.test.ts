/**
 * Supervision in virtual time: components that take a while, fail, die and hang as a seed says, and laws
 * that hold whatever they do.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScheduler } from '#reference/sim/scheduler.ts';
import { createComponent, type Component } from '#reference/supervision/component.ts';
import {
  createSupervision,
  type RestartPolicy,
  type SupervisionEvent,
} from '#reference/supervision/supervision.ts';
import { createSupervisor, type Ending } from '#reference/supervision/supervisor.ts';

const END_MS_MAX = 5_000;
const RESTARTS: RestartPolicy = {
  restMsMin: 100,
  restMsMax: 1_000,
  restartsMax: 4,
  windowMs: 60_000,
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a component does; a delay of Infinity never comes to an end. */
interface Manner {
  readonly openMs: number;
  readonly closeMs: number;
  /** Which of its openings fail, counted from 0. */
  readonly failsAt: readonly number[];
  /** How long after each opening it dies. */
  readonly diesAfterMs: readonly number[];
  readonly closeFails: boolean;
  readonly optional: boolean;
  readonly heeds: boolean;
}

const healthy: Manner = {
  openMs: 10,
  closeMs: 10,
  failsAt: [],
  diesAfterMs: [],
  closeFails: false,
  optional: false,
  heeds: true,
};

const rig = (
  manners: readonly Partial<Manner>[],
  needsOf?: (index: number) => readonly number[],
) => {
  const clock = createScheduler(0);
  const events: { at: number; event: SupervisionEvent; reason: string | undefined }[] = [];
  /** What happened to the components themselves. */
  const trace: string[] = [];
  const open = new Map<string, number>();
  const faults: string[] = [];

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (ms < Infinity) clock.after(ms, resolve);
    });
  const components: Component<unknown>[] = [];
  for (const [index, given] of manners.entries()) {
    const manner = { ...healthy, ...given };
    const name = `c${index}`;
    const needs = (needsOf?.(index) ?? (index === 0 ? [] : [index - 1])).map(
      (each) => components[each]!,
    );
    let openings = 0;
    const component = createComponent<{ readonly opening: number }>({
      name,
      needs,
      ...(manner.optional && { restart: RESTARTS, whenLost: 'go_on' }),
      async open(died, signal) {
        const opening = openings++;
        for (const need of needs) {
          if (need.current === undefined) faults.push(`${name} opened without ${need.name}`);
        }
        trace.push(`open ${name}`);
        const given = new Promise((resolve) => {
          if (manner.heeds) signal.addEventListener('abort', resolve);
        });
        await Promise.race([wait(manner.openMs), given]);
        if (signal.aborted && manner.heeds) throw new Error(`${name} gave up`);
        if (manner.failsAt.includes(opening)) throw new Error(`${name} does not open`);
        open.set(name, (open.get(name) ?? 0) + 1);
        const diesAfterMs = manner.diesAfterMs[opening];
        if (diesAfterMs !== undefined) {
          clock.after(diesAfterMs, () => {
            died(new Error(`${name} died`));
            died(new Error(`${name} died twice`));
          });
        }
        return { opening };
      },
      async close() {
        for (const other of components) {
          if (other.needs.includes(name) && other.current !== undefined) {
            faults.push(`${name} closed under ${other.name}`);
          }
        }
        trace.push(`close ${name}`);
        await wait(manner.closeMs);
        open.set(name, open.get(name)! - 1);
        if (manner.closeFails) throw new Error(`${name} does not close`);
      },
    });
    components.push(component);
  }
  const supervisor = createSupervisor({
    components,
    after: clock.after,
    now: clock.now,
    endMsMax: END_MS_MAX,
    tell: (event, reason) => events.push({ at: clock.now(), event, reason }),
  });
  const runUntil = async (timeMs: number): Promise<void> => {
    await turn();
    // One thing at a time, with a turn for promises in between.
    for (let at = clock.now(); at < timeMs; at = Math.min(timeMs, at + 1)) {
      clock.runUntil(Math.min(timeMs, at + 1));
      await Promise.resolve();
    }
    await turn();
  };
  const stillOpen = (): readonly string[] =>
    [...open].filter(([, count]) => count !== 0).map(([name]) => name);
  return { clock, components, supervisor, events, trace, faults, runUntil, stillOpen };
};

const named = (events: readonly { readonly event: SupervisionEvent }[]): string[] =>
  events.map(({ event }) => ('name' in event ? `${event.event} ${event.name}` : event.event));

describe('supervision', () => {
  it('opens in order, closes in reverse, and says so', async () => {
    const { supervisor, events, trace, runUntil, stillOpen } = rig([{}, {}, {}]);
    const started = supervisor.start();
    await runUntil(100);
    expect(await started).toBe('running');
    const ending = supervisor.stop();
    await runUntil(200);
    expect(await ending).toEqual({ cause: undefined, overdue: [] });
    expect(trace).toEqual(['open c0', 'open c1', 'open c2', 'close c2', 'close c1', 'close c0']);
    const said = [
      'up c0',
      'up c1',
      'up c2',
      'running',
      'ending',
      'down c2',
      'down c1',
      'down c0',
      'ended',
    ];
    expect(named(events)).toEqual(said);
    expect(stillOpen()).toEqual([]);
  });

  it.each([0, 1, 2])(
    'a first start that fails at step %i closes what was open before it',
    async (bad) => {
      const manners = [0, 1, 2].map((index) => ({
        optional: index === 2,
        failsAt: index === bad ? [0] : [],
      }));
      const { supervisor, runUntil, trace, stillOpen } = rig(manners);
      const started = supervisor.start();
      await runUntil(200);
      expect(await started).toBe('ended');
      const { cause, overdue } = await supervisor.ended;
      expect([cause?.message, overdue]).toEqual([`c${bad} does not open`, []]);
      const opened = [0, 1, 2].slice(0, bad);
      expect(trace.filter((each) => each.startsWith('close'))).toEqual(
        opened.toReversed().map((index) => `close c${index}`),
      );
      expect(stillOpen()).toEqual([]);
    },
  );

  it('what dies and can be missed rests longer each time, and is given up at the ceiling', async () => {
    const { supervisor, events, runUntil, trace } = rig([
      {},
      { optional: true, diesAfterMs: Array.from({ length: 9 }, () => 50) },
    ]);
    void supervisor.start();
    await runUntil(20_000);
    const rests = events.flatMap(({ event }) => (event.event === 'resting' ? [event.delayMs] : []));
    expect(rests).toEqual([100, 200, 400, 800]);
    expect(trace.filter((each) => each === 'open c1')).toHaveLength(1 + RESTARTS.restartsMax);
    expect(named(events).at(-1)).toBe('down c1');
    expect(events.find(({ event }) => event.event === 'lost')).toMatchObject({ reason: 'c1 died' });
    // The node goes on without it.
    expect(trace.filter((each) => each.endsWith('c0'))).toEqual(['open c0']);
    const ending = supervisor.stop();
    await runUntil(20_100);
    expect(await ending).toEqual({ cause: undefined, overdue: [] });
  });

  it('a death is forgiven after a while', async () => {
    const { supervisor, events, runUntil } = rig([
      { optional: true, diesAfterMs: Array.from({ length: 12 }, () => 20_000) },
    ]);
    void supervisor.start();
    await runUntil(200_000);
    const names = named(events);
    expect(names.filter((name) => name === 'failed c0').length).toBeGreaterThan(8);
    expect(names).not.toContain('lost c0');
    void supervisor.stop();
    await runUntil(201_000);
    expect(await supervisor.ended).toEqual({ cause: undefined, overdue: [] });
  });

  it('what cannot be missed ends everything at once, with its last words', async () => {
    const { supervisor, runUntil, trace, stillOpen } = rig([{ diesAfterMs: [500] }, {}, {}]);
    void supervisor.start();
    await runUntil(1_000);
    const { cause, overdue } = await supervisor.ended;
    expect([cause?.message, overdue, stillOpen()]).toEqual(['c0 died', [], []]);
    expect(trace.slice(-3)).toEqual(['close c2', 'close c1', 'close c0']);
  });

  it('a restart takes along those that need it, and nobody else', async () => {
    // c1 needs c0 and is needed by c2; c3 needs c0 alone.
    const needs = [[], [0], [1], [0]];
    const { supervisor, trace, runUntil, faults } = rig(
      [{}, { optional: true, diesAfterMs: [500] }, { optional: true }, { optional: true }],
      (index) => needs[index]!,
    );
    void supervisor.start();
    await runUntil(2_000);
    expect(trace).toEqual([
      'open c0',
      'open c1',
      'open c2',
      'open c3',
      'close c2',
      'close c1',
      'open c1',
      'open c2',
    ]);
    expect(faults).toEqual([]);
    void supervisor.stop();
    await runUntil(3_000);
  });

  it('components that hang cost the end its budget and keep no other from closing', async () => {
    const { supervisor, trace, runUntil, clock, stillOpen } = rig([
      {},
      { closeMs: Infinity },
      {},
      { closeMs: Infinity },
      { openMs: Infinity, heeds: false },
    ]);
    const started = supervisor.start();
    await runUntil(1_000);
    let endedAt = Infinity;
    void supervisor.stop().then(() => (endedAt = clock.now()));
    await runUntil(7_000);
    expect(await started).toBe('ended');
    expect((await supervisor.ended).overdue).toEqual(['c4', 'c3', 'c1']);
    expect(endedAt - 1_000).toBeLessThanOrEqual(END_MS_MAX);
    expect(trace.slice(-4)).toEqual(['close c3', 'close c2', 'close c1', 'close c0']);
    expect(stillOpen()).toEqual(['c1', 'c3']);
  });

  it('what opens after it was passed over is closed all the same', async () => {
    const { supervisor, runUntil, trace, stillOpen } = rig([{}, { openMs: 4_000, heeds: false }]);
    void supervisor.start();
    await runUntil(100);
    void supervisor.stop();
    await runUntil(10_000);
    expect((await supervisor.ended).overdue).toEqual(['c1']);
    expect(trace).toEqual(['open c0', 'open c1', 'close c0', 'close c1']);
    expect(stillOpen()).toEqual([]);
  });

  it('a list that cannot work is refused before anything opens', () => {
    const declared = (
      name: string,
      needs: readonly string[],
      whenLost: 'end' | 'go_on' = 'end',
    ) => ({
      name,
      needs,
      restart: undefined,
      whenLost,
    });
    expect(() => createSupervision([declared('a', []), declared('a', [])])).toThrow(
      'two components',
    );
    expect(() => createSupervision([declared('a', ['b']), declared('b', [])])).toThrow('before it');
    expect(() => createSupervision([declared('a', ['a'])])).toThrow('before it');
    expect(() => createSupervision([declared('a', [], 'go_on'), declared('b', ['a'])])).toThrow(
      'cannot be missed',
    );
  });

  /**
   * The laws, whatever components do and whenever the end is asked for: nothing opens without what it needs
   * or closes under what needs it, the end comes within its budget, and everything that opened and does not
   * hang is closed.
   */
  it('F23: stopped at a random moment of any phase, everything is released in time', async () => {
    const often = (ms: number, never: number) =>
      fc.oneof(
        { weight: 12, arbitrary: fc.nat(ms) },
        { weight: never, arbitrary: fc.constant(Infinity) },
      );
    const manner = fc.record({
      openMs: often(300, 1),
      closeMs: often(300, 1),
      failsAt: fc.uniqueArray(fc.nat(6), { maxLength: 2 }),
      diesAfterMs: fc.array(fc.nat(2_000), { maxLength: 7 }),
      closeFails: fc.boolean(),
      heeds: fc.boolean(),
    });
    const phases = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(manner, { minLength: 1, maxLength: 6 }),
        fc.nat(6),
        fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
        fc.nat(6_000),
        async (manners, firstOptional, links, stopAtMs) => {
          const all = manners.map((each, index) => ({ ...each, optional: index >= firstOptional }));
          // Each needs some of those before it; what cannot be missed only what cannot either.
          const needsOf = (index: number): number[] =>
            Array.from({ length: index }, (_, other) => other).filter(
              (other) =>
                ((links[index]! >> other) & 1) === 1 &&
                (all[index]!.optional || !all[other]!.optional),
            );
          const { supervisor, components, faults, runUntil, stillOpen, clock, events } = rig(
            all,
            needsOf,
          );
          const started = supervisor.start();
          await runUntil(stopAtMs);
          const last = events.findLast(({ event }) =>
            ['running', 'ending', 'ended'].includes(event.event),
          );
          const phase = last?.event.event ?? 'starting';
          phases.set(phase, (phases.get(phase) ?? 0) + 1);
          const from = events.find(({ event }) => event.event === 'ending')?.at ?? clock.now();
          let ending: Ending | undefined;
          void supervisor.stop().then((each) => (ending = each));
          await runUntil(clock.now() + END_MS_MAX + 10);
          const endedAt = events.find(({ event }) => event.event === 'ended')!.at;
          // A turn of the real event loop is a millisecond here.
          expect(endedAt - from).toBeLessThanOrEqual(END_MS_MAX + 10);
          await started;
          await runUntil(clock.now() + 1_000);
          expect(
            faults.filter((fault) => !ending!.overdue.some((each) => fault.includes(each))),
          ).toEqual([]);
          expect(stillOpen().filter((name) => !ending!.overdue.includes(name))).toEqual([]);
          expect(named(events).at(-1)).toBe('ended');
          expect(components.every(({ current }) => current === undefined)).toBe(true);
        },
      ),
      { numRuns: 120 },
    );
    expect(
      Math.min(...['starting', 'running', 'ended'].map((phase) => phases.get(phase) ?? 0)),
    ).toBeGreaterThan(3);
  });
});
