/** The mailbox: every accepted message has one ending, in order, one at a time, within its bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAILBOX_LENGTH_MAX, type MessageEnding } from '#contracts/mailbox.ts';
import { create } from '#reference/mailbox/mailbox.ts';
import { createScheduler } from '#reference/sim/scheduler.ts';

/** Promises that are ready get their turn, all of them. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a handler does with a message: ends at once or after a while, well or badly, heeding its signal or not. */
interface Work {
  readonly id: number;
  readonly delayMs: number;
  readonly fails: boolean;
  readonly heeds: boolean;
}

const rig = (lengthMax?: number, deadlineMs?: number) => {
  const clock = createScheduler(0);
  const begun: number[] = [];
  const endings: { id: number; ending: MessageEnding; error: unknown }[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const mailbox = create<Work>({
    ...(lengthMax === undefined ? {} : { lengthMax }),
    ...(deadlineMs === undefined ? {} : { deadline: { ms: deadlineMs, after: clock.after } }),
    async handle({ id, delayMs, fails, heeds }, handling) {
      begun.push(id);
      underWay += 1;
      mostUnderWay = Math.max(mostUnderWay, underWay);
      await new Promise<void>((resolve) => {
        clock.after(delayMs, resolve);
        if (heeds) handling.signal.addEventListener('abort', () => resolve());
      });
      underWay -= 1;
      if (fails) throw new Error(`planted ${id}`);
    },
    ended: ({ id }, ending, error) => endings.push({ id, ending, error }),
  });
  /** Runs virtual time to its end. */
  const settle = async (): Promise<void> => {
    do await turn();
    while (clock.step());
  };
  return { clock, mailbox, begun, endings, settle, mostUnderWay: () => mostUnderWay };
};

const work = (id: number, more: Partial<Work> = {}): Work => ({
  id,
  delayMs: 0,
  fails: false,
  heeds: false,
  ...more,
});

describe('a mailbox', () => {
  it('has room for 32 unless told, and says so when they are taken', async () => {
    const { mailbox, settle, endings } = rig();
    const statuses = Array.from({ length: 40 }, (_, id) => mailbox.post(work(id)));
    expect(statuses).toEqual([
      ...Array.from({ length: MAILBOX_LENGTH_MAX }, () => 'accepted'),
      ...Array.from({ length: 8 }, () => 'full'),
    ]);
    expect(mailbox.length).toBe(MAILBOX_LENGTH_MAX);
    await settle();
    expect(mailbox.length).toBe(0);
    expect(endings.map(({ id }) => id)).toEqual(Array.from({ length: 32 }, (_, id) => id));
    expect(mailbox.post(work(40))).toBe('accepted');
  });

  it('never runs a handler on the stack of whoever posts', async () => {
    const { mailbox, begun, settle } = rig();
    mailbox.post(work(1));
    expect(begun).toEqual([]);
    await settle();
    expect(begun).toEqual([1]);
  });

  it('a handler that throws, now or later, loses no other message', async () => {
    const failures: unknown[] = [];
    const handled: number[] = [];
    const mailbox = create<number>({
      handle(message) {
        if (message % 3 === 0) throw new Error('now');
        return message % 3 === 1 ? Promise.reject(new Error('later')) : undefined;
      },
      ended: (message, ending, error) =>
        ending === 'failed' ? failures.push((error as Error).message) : handled.push(message),
    });
    for (let id = 0; id < 6; id++) mailbox.post(id);
    await mailbox.stop();
    expect([failures, handled]).toEqual([
      ['now', 'later', 'now', 'later'],
      [2, 5],
    ]);
  });

  it('a handler may post to its own mailbox, and stop it', async () => {
    const seen: number[] = [];
    const mailbox = create<number>({
      handle(message) {
        seen.push(message);
        if (message < 3) mailbox.post(message + 1);
        else void mailbox.stop();
      },
      ended: () => undefined,
    });
    mailbox.post(0);
    await turn();
    expect([seen, mailbox.post(9)]).toEqual([[0, 1, 2, 3], 'stopped']);
  });

  it('stop handles what is queued and takes no more; abort gives it up', async () => {
    for (const way of ['stop', 'abort'] as const) {
      const { mailbox, settle, endings, begun } = rig();
      for (let id = 0; id < 3; id++) mailbox.post(work(id, { delayMs: 10 }));
      await turn();
      let isOver = false;
      void mailbox[way]().then(() => (isOver = true));
      expect(mailbox.post(work(9))).toBe('stopped');
      await turn();
      // The handler under way has not let go yet.
      expect(isOver).toBe(false);
      await settle();
      expect(isOver).toBe(true);
      const ending = way === 'stop' ? 'handled' : 'aborted';
      expect(endings.map((each) => each.ending)).toEqual([ending, ending, ending]);
      expect(begun).toEqual(way === 'stop' ? [0, 1, 2] : [0]);
      await Promise.all([mailbox.stop(), mailbox.abort()]);
    }
  });

  it('a deadline ends what waits, unbegun, and tells the handler under way', async () => {
    const { mailbox, clock, settle, endings, begun } = rig(8, 100);
    mailbox.post(work(1, { delayMs: 1_000 }));
    mailbox.post(work(2));
    await turn();
    clock.runUntil(50);
    mailbox.post(work(3));
    clock.runUntil(120);
    expect(endings.map(({ id, ending }) => [id, ending])).toEqual([
      [1, 'deadline_exceeded'],
      [2, 'deadline_exceeded'],
    ]);
    // A handler that does not listen holds its place: one at a time is never given up.
    expect([begun, mailbox.length]).toEqual([[1], 1]);
    await settle();
    expect(begun).toEqual([1]);
    expect(endings[2]).toMatchObject({ id: 3, ending: 'deadline_exceeded' });
    mailbox.post(work(4, { delayMs: 1_000, heeds: true }));
    await turn();
    clock.runUntil(clock.now() + 99);
    mailbox.post(work(6));
    await settle();
    // One that listens makes room for the next.
    expect(begun).toEqual([1, 4, 6]);
    expect(endings.slice(3).map(({ id, ending }) => [id, ending])).toEqual([
      [4, 'deadline_exceeded'],
      [6, 'handled'],
    ]);
  });

  it('leaves no timer behind', async () => {
    const { mailbox, clock } = rig(8, 100);
    for (let id = 0; id < 4; id++) mailbox.post(work(id));
    await turn();
    while (clock.pending > 4) clock.step();
    for (let count = 0; count < 4; count++) {
      clock.runUntil(clock.now());
      await turn();
    }
    expect([mailbox.length, clock.pending, clock.now()]).toEqual([0, 0, 0]);
  });

  it('whatever is posted, stopped and aborted when, each accepted message ends once', async () => {
    const step = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({ delayMs: fc.nat(80), fails: fc.boolean(), heeds: fc.boolean() }),
      },
      { weight: 8, arbitrary: fc.nat(60) },
      { weight: 1, arbitrary: fc.constantFrom('stop' as const, 'abort' as const) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
        async (steps, lengthMax, deadlineMs) => {
          const { mailbox, clock, endings, begun, settle, mostUnderWay } = rig(
            lengthMax,
            deadlineMs,
          );
          const taken: Work[] = [];
          let isStopped = false;
          for (const [id, each] of steps.entries()) {
            if (typeof each === 'number') {
              clock.runUntil(clock.now() + each);
              await turn();
            } else if (typeof each === 'string') {
              void mailbox[each]();
              isStopped = true;
            } else {
              const before = mailbox.length;
              const status = mailbox.post({ id, ...each });
              if (status === 'accepted') taken.push({ id, ...each });
              expect(status).toBe(
                isStopped ? 'stopped' : before === lengthMax ? 'full' : 'accepted',
              );
            }
            expect(mailbox.length).toBeLessThanOrEqual(lengthMax);
          }
          await settle();
          const ids = taken.map(({ id }) => id);
          expect(endings.map(({ id }) => id).sort((left, right) => left - right)).toEqual(ids);
          expect(begun).toEqual(ids.filter((id) => begun.includes(id)));
          expect(mostUnderWay()).toBeLessThanOrEqual(1);
          for (const { id, ending, error } of endings) {
            const { fails } = taken.find((each) => each.id === id)!;
            if (ending === 'handled') expect([fails, begun.includes(id)]).toEqual([false, true]);
            if (ending === 'failed') expect((error as Error).message).toBe(`planted ${id}`);
            if (ending === 'deadline_exceeded') expect(deadlineMs).toBeDefined();
          }
          const open = await Promise.race([
            mailbox.stop().then(() => 'idle'),
            turn().then(() => 'busy'),
          ]);
          expect([mailbox.length, open]).toEqual([0, 'idle']);
        },
      ),
      { numRuns: 150 },
    );
  });
});
