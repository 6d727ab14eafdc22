/** A learner's files: restored, reset, brought back; byte for byte, and nothing ever lost. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diff } from '#labs/commands/diff.ts';
import { reset, restoreMissing, undo } from '#labs/commands/files.ts';
import { giveUp } from '#labs/commands/hints.ts';
import { LAB, openDesk, type TestDesk } from './desk.ts';

let desk: TestDesk;
beforeEach(() => (desk = openDesk()));
afterEach(() => desk.end());

const STUB = {
  'clock.ts': '// stub clock.ts\n',
  'log.ts': '// stub log.ts\n',
  'given.ts': '// stub given.ts\n',
};
/** No file of a text editor: bytes that a change of encoding or line ends would show. */
const MINE = 'const mine = "é\u0000";\r\n\r\n';

const atticNumbers = (): string[] => readdirSync(join(desk.places.state, 'attic', LAB.name)).sort();

describe('a missing file', () => {
  it('is restored from the stub, in one line; others are left alone', () => {
    expect(restoreMissing(desk.places, LAB)).toMatch(/^mine begins with the stub: clock\.ts, /);
    expect(desk.files()).toEqual(STUB);
    desk.write('clock.ts', MINE);
    desk.remove('log.ts');
    expect(restoreMissing(desk.places, LAB)).toBe('mine had no log.ts: restored from the stub');
    expect(desk.files()).toEqual({ ...STUB, 'clock.ts': MINE });
    expect(restoreMissing(desk.places, LAB)).toBeUndefined();
  });
});

describe('reset and undo', () => {
  it('go there and back, and there again, byte for byte', () => {
    desk.write('clock.ts', MINE);
    reset(LAB, desk);
    expect(desk.said()).toMatch(
      /kept in \.state\/attic\/lab-07-gossip-sync\/1; .*\n.* lab 07 undo$/,
    );
    expect(desk.files()).toEqual(STUB);
    for (const expected of [{ ...STUB, 'clock.ts': MINE }, STUB, { ...STUB, 'clock.ts': MINE }]) {
      undo(LAB, desk);
      expect(desk.files()).toEqual(expected);
    }
    expect(atticNumbers()).toEqual(['1', '2', '3', '4']);
  });

  it('take with them what the last grading found, and bring it back', () => {
    const known = { verdicts: { '07.1': 'pass' }, points: 4, passed: true } as const;
    const seen = () => {
      const { verdicts, points, passed } = desk.state.progress(LAB.name);
      return { verdicts, points, passed };
    };
    desk.write('clock.ts', MINE);
    desk.state.update(LAB.name, known);
    reset(LAB, desk);
    expect(seen()).toEqual({ verdicts: {}, points: 0, passed: false });
    undo(LAB, desk);
    expect(seen()).toEqual(known);
    undo(LAB, desk);
    expect(seen()).toEqual({ verdicts: {}, points: 0, passed: false });
  });

  it('a second reset leaves the first to be undone', () => {
    desk.write('clock.ts', MINE);
    reset(LAB, desk);
    desk.said();
    reset(LAB, desk);
    expect(desk.said()).toContain("are the stub's already");
    undo(LAB, desk);
    expect(desk.files()['clock.ts']).toBe(MINE);
  });

  it('keeps what was written after a reset', () => {
    desk.write('clock.ts', MINE);
    reset(LAB, desk);
    desk.write('clock.ts', 'second');
    undo(LAB, desk);
    expect(desk.files()['clock.ts']).toBe(MINE);
    undo(LAB, desk);
    expect(desk.files()['clock.ts']).toBe('second');
  });

  it('never writes into a folder of the attic that is there, whatever the state says', () => {
    desk.write('clock.ts', MINE);
    reset(LAB, desk);
    desk.state.update(LAB.name, { attic: 0 });
    desk.write('clock.ts', 'second');
    reset(LAB, desk);
    const first = join(desk.places.state, 'attic', LAB.name, '1', 'clock.ts');
    expect(readFileSync(first, 'utf8')).toBe(MINE);
    expect(atticNumbers()).toEqual(['1', '2']);
  });

  it('undo without a reset is refused', () => {
    expect(() => undo(LAB, desk)).toThrow('nothing to undo in lab 07');
    expect(existsSync(join(desk.places.state, 'attic'))).toBe(false);
  });
});

describe('diff', () => {
  const subject = () => ({
    name: 'mine',
    folder: desk.places.learners(LAB),
    words: '',
    pathOf: (file: string) => file,
  });

  it('is against the stub, and after giving up against the solution', () => {
    desk.write('clock.ts', 'mine\n');
    expect(diff(LAB, subject(), desk)).toBe(0);
    const before = desk.said();
    expect(before).toContain('-// stub clock.ts\n+mine');
    expect(before).not.toContain('solution');
    giveUp(LAB, desk);
    expect(desk.said()).toContain('recorded as given up');
    diff(LAB, subject(), desk);
    expect(desk.said()).toContain('-mine\n+// solution clock.ts');
  });

  it('is against the stub again after a reset, until the next pass', () => {
    desk.write('clock.ts', 'mine\n');
    desk.state.update(LAB.name, { passed: true });
    reset(LAB, desk);
    desk.write('clock.ts', 'second\n');
    desk.said();
    diff(LAB, subject(), desk);
    expect(desk.said()).toContain('-// stub clock.ts\n+second');
    desk.state.update(LAB.name, { passed: true });
    diff(LAB, subject(), desk);
    expect(desk.said()).toContain('+// solution clock.ts');
  });

  it('says so where nothing differs', () => {
    restoreMissing(desk.places, LAB);
    diff(LAB, subject(), desk);
    expect(desk.said()).toMatch(/\nno difference\n {5}next {6}npm run lab 07$/);
  });

  it('says in one line that there is no git', () => {
    desk.write('clock.ts', 'mine\n');
    const { PATH } = process.env;
    process.env['PATH'] = '';
    try {
      expect(diff(LAB, subject(), desk)).toBe(4);
    } finally {
      process.env['PATH'] = PATH;
    }
    expect(desk.said()).toMatch(/diff needs git.*install it/);
  });
});
