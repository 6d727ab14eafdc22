/** The map and the doctor, what the kit says about defects of its own, and whose layers are whose. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '#contracts/faults.ts';
import { LABS } from '#labs/catalog.ts';
import { examine, nodeFinding } from '#labs/commands/doctor.ts';
import { otherLayers } from '#labs/commands/grade-lab.ts';
import { giveUp } from '#labs/commands/hints.ts';
import { afterPass, map, standingOf } from '#labs/commands/map.ts';
import { troubleOf } from '#labs/commands/desk/trouble.ts';
import { LAB, openDesk, type TestDesk } from './desk.ts';

let desk: TestDesk;
beforeEach(() => (desk = openDesk()));
afterEach(() => desk.end());

describe('the map', () => {
  it.each([
    [{}, 'stub'],
    [{ verdicts: { a: 'unfinished' }, points: 0 }, 'stub'],
    [{ verdicts: { a: 'fail' }, points: 0 }, 'begun'],
    [{ verdicts: { a: 'pass', b: 'unfinished' }, points: 4 }, 'begun'],
    [{ verdicts: { a: 'pass', b: 'fail' }, points: 4, gaveUp: true }, 'gave up'],
    [{ verdicts: { a: 'pass', b: 'pass' }, points: 8, gaveUp: true }, 'yours'],
    [{ verdicts: {}, points: 0, passed: true }, 'stub'],
  ] as const)('%j: %s', (progress, standing) => {
    expect(standingOf(progress)).toBe(standing);
  });

  it('shows points, and one next command: the lab, then the real node', async () => {
    await map(desk, false);
    expect(desk.said()).toMatch(
      /07 {2}Gossip sync {2}gossip {2}stub\n\n {5}next {6}npm run lab 07$/,
    );
    desk.state.update(LAB.name, { verdicts: { a: 'pass', b: 'fail' }, points: 4, pointsMax: 9 });
    await map(desk, false);
    expect(desk.said()).toContain('gossip  4 of 9 points');
    giveUp(LAB, desk);
    desk.said();
    await map(desk, false);
    expect(desk.said()).toMatch(/gossip {2}gave up\n[^]*lab 07 diff$/);
    desk.state.update(LAB.name, { verdicts: { a: 'pass', b: 'pass' } });
    await map(desk, false);
    expect(desk.said()).toMatch(/gossip {2}yours, 4 points\n[^]*lab 07 graft$/);
    desk.state.update(LAB.name, { grafted: true });
    await map(desk, false);
    expect(desk.said()).toMatch(/\n {5}done {6}every layer here is yours[^]*lab 07 diff$/);
  });

  it('leads to the real node after the first pass, and to the map once that was seen', () => {
    expect(afterPass(LAB, {})).toBe('npm run lab 07 graft');
    expect(afterPass(LAB, { grafted: true })).toBe('npm run lab');
  });

  it('does not let a lab be given up that has passed', () => {
    desk.state.update(LAB.name, { passed: true });
    giveUp(LAB, desk);
    expect(desk.said()).toContain('nothing to give up');
    expect(desk.state.progress(LAB.name).gaveUp).toBeUndefined();
  });
});

describe('the doctor', () => {
  it.each([
    ['20.18.3', false],
    ['18.20.0', false],
    ['20.19.0', true],
    ['22.0.0', true],
    ['24.1.0', true],
  ])('Node %s', (version, fine) => {
    expect(nodeFinding(version).problem === undefined).toBe(fine);
  });

  it('looks for everything in a fraction of a second, and has a fix for what is missing', async () => {
    const beganAt = performance.now();
    const findings = await examine(desk.places);
    expect(performance.now() - beganAt).toBeLessThan(1_000);
    expect(findings.map(({ name }) => name.split(' ')[0])).toEqual([
      'Node',
      'git',
      'writable',
      'QUIC',
      'multicast',
    ]);
    for (const { problem = ': ' } of findings) expect(problem).toMatch(/: /);
  });
});

describe('with mine', () => {
  it('names the layers that the reference fills, and not the one that is graded', async () => {
    const text = (await otherLayers(LABS[0]!, LABS)).join(' ');
    expect(text).toMatch(/^with mine {2}the reference fills content, .*ledger/);
    expect(text).not.toMatch(/gossip/);
  });
});

describe('trouble', () => {
  it('of the kit is one line, with the stack in a file', () => {
    const trouble = troubleOf(new Error('x is undefined\nand more'), desk.places, ['07']);
    expect(trouble).toEqual({
      out: [],
      err: [
        'a defect of the kit: x is undefined; please report .state/defect.txt',
        '     next      npm run lab',
      ],
      code: 5,
    });
    const report = readFileSync(join(desk.places.state, 'defect.txt'), 'utf8');
    expect(report).toMatch(/^npm run lab 07\nNode \d+\.\d+\.\d+\nError: x is undefined\n/);
  });

  it('of the person is one sentence, and leaves no file', () => {
    const trouble = troubleOf(new Fault('usage', 'no such thing'), desk.places, ['x', 'json']);
    const answer = { ok: false, status: 'usage', reason: 'no such thing' };
    expect(trouble).toEqual({ out: [JSON.stringify(answer)], err: [], code: 64 });
    expect(existsSync(join(desk.places.state, 'defect.txt'))).toBe(false);
  });
});
