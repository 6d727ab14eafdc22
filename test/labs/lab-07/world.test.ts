/** The world of lab 07: it repeats itself, does what its steps say, and its settings are the real node's. */
import { describe, expect, it } from 'vitest';
import { readSettings } from '#reference/config.ts';
import { create } from '#reference/gossip/gossip.ts';
import { drawSteps, healed, smallerSchedules } from '#labs/world/draw.ts';
import type { Event } from '#labs/world/run.ts';
import { NAMES, readStep, type Step } from '#labs/world/step.ts';
import { SETTINGS, play } from '#labs/world/world.ts';
import { createRandom } from '#reference/sim/random.ts';

const TWO = ['ann', 'ben'] as const;
const THREE = ['ann', 'ben', 'cleo'] as const;
const run = (names: readonly (typeof NAMES)[number][], steps: readonly Step[], seed = 'seed') =>
  play({ names, steps, seed }, () => create);

const said = (events: readonly Event[], type: string) =>
  events.flatMap((event) => (event.on === 'say' && event.said.type === type ? [event] : []));

describe('a world', () => {
  it('has the settings of the real node', () => {
    expect(SETTINGS).toEqual(readSettings().gossip);
  });

  it('plays a schedule twice alike, and another seed otherwise', () => {
    const random = createRandom('twice');
    const steps = drawSteps(random, THREE, ['write', 'lose', 'late', 'cut', 'mend', 'wait'], 30);
    const again = [...steps, ...healed(THREE), 'wait 120'] as const;
    expect(run(THREE, again)).toEqual(run(THREE, again));
    expect(run(THREE, again, 'other').events).not.toEqual(run(THREE, again).events);
  });

  it('loses, doubles and delays the next message, and that one alone', () => {
    const { events, end } = run(TWO, [
      'lose ann ben',
      'write ann',
      'twice ann ben',
      'write ann',
      'late ann ben',
      'write ann',
      'wait 1',
    ]);
    expect(said(events, 'announce').map(({ fate }) => fate)).toEqual([
      'is lost',
      'arrives twice',
      'comes late',
    ]);
    expect(end['ben']).toMatchObject({ clock: { ann: 3 }, waiting: 0 });
  });

  it('mends what was cut, and forgets what was still to be lost', () => {
    const { events } = run(TWO, [
      'cut ann ben',
      'write ann',
      'lose ann ben',
      'mend ann ben',
      'write ann',
    ]);
    expect(said(events, 'announce').map(({ fate }) => fate)).toEqual(['is lost', 'arrives']);
  });

  it('tells both when a link ends and when they meet', () => {
    const { events, end } = run(TWO, ['part ann ben', 'write ann', 'meet ann ben']);
    const meeting = events.findIndex(
      (event) => event.on === 'step' && event.step === 'meet ann ben',
    );
    expect(said(events.slice(meeting), 'digest').map(({ node }) => node)).toContain('ann');
    expect(end['ben']?.held).toEqual(['ann#1']);
  });

  it('lets timers run in the order of their times', () => {
    const times = run(THREE, ['write ann', 'wait 300']).events.map(({ atMs }) => atMs);
    expect(times.toSorted((left, right) => left - right)).toEqual(times);
  });
});

describe('a step', () => {
  it.each(['write ann', 'cut ann ben', 'wait 30', 'wait 0.5'])('%s is one', (text) => {
    expect(readStep(text, NAMES)).toBeDefined();
  });

  it.each([
    '',
    'write',
    'write eve',
    'write ann ben',
    'cut ann',
    'cut ann ann',
    'cut ann ben cleo',
    'wait',
    'wait -1',
    'wait 4000',
    'wait 1e3',
    'wait ann',
    '__proto__ ann ben',
    7,
    null,
    ['write', 'ann'],
  ])('%j is none', (text) => {
    expect(readStep(text, NAMES)).toBeUndefined();
  });
});

describe('smaller schedules', () => {
  it('have fewer steps, keep the order, and end with all but one', () => {
    const steps = drawSteps(createRandom('smaller'), THREE, ['write'], 9);
    const smaller = smallerSchedules({ names: THREE, steps, ending: [], seed: 's' });
    expect(smaller.every((each) => each.steps.length < steps.length)).toBe(true);
    expect(smaller.slice(-9).map((each) => each.steps.length)).toEqual(Array(9).fill(8));
    expect(smaller[0]?.steps).toEqual(steps.slice(5));
  });
});
