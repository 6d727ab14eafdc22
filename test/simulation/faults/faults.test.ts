/**
 * Every fault that the node must stand has a deterministic test, and this table says where. The numbers
 * are those of the fault list of the project's research; a row names a file and words of a title in it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Row {
  readonly fault: string;
  readonly file: string;
  readonly title: string;
}

const FAULTS: { readonly [number: string]: Row } = {
  F2: {
    fault: 'kill in an append',
    file: 'test/simulation/faults/power.test.ts',
    title: 'at every operation of its disk, of which any part survives, loses nothing it promised',
  },
  F5: {
    fault: 'partition, then heal',
    file: 'test/simulation/faults/network.test.ts',
    title: 'stops nobody from paying, and all agree within two digest rounds after it',
  },
  F6: {
    fault: 'loss, duplication, reordering, delay',
    file: 'test/simulation/faults/network.test.ts',
    title: 'of any kind leaves the same books as a clear sky',
  },
  F7: {
    fault: 'swizzle-clog, pause, slow peer',
    file: 'test/simulation/faults/network.test.ts',
    title: 'keeps nobody else waiting, fills no queue, and catches up',
  },
  F8: {
    fault: 'clock skew, jump, freeze',
    file: 'test/simulation/faults/network.test.ts',
    title: 'decides nothing: same books, same verdicts, same pace',
  },
  F15: {
    fault: 'prototype pollution',
    file: 'test/simulation/faults/input.test.ts',
    title: 'leaves the prototype of everything as it was',
  },
  F16: {
    fault: 'Unicode and numbers at their edges',
    file: 'test/simulation/faults/input.test.ts',
    title: 'never give two texts one id',
  },
  F17: {
    fault: 'huge clocks',
    file: 'test/simulation/faults/input.test.ts',
    title: 'cost twice the work for twice the authors',
  },
  F20: {
    fault: 'parents that are missing',
    file: 'test/simulation/faults/input.test.ts',
    title: 'waits whole, is asked for, and is delivered in order',
  },
};

/** Faults of layers that are tested in rooms of their own; a row moves up with the file that has its test. */
const NOT_NAMED_HERE = [
  'F1', // snapshot: crash at any operation of a save
  'F3', // snapshot: disk full, I/O errors
  'F4', // snapshot: bit rot
  'F9', // reconciliation: flooding
  'F10', // merge: equivocation in every order of arrival
  'F11', // merge: forged id
  'F12', // reconciliation: replay
  'F13', // reconciliation: nonce collision
  'F14', // reconciliation: decompression bomb
  'F18', // snapshot: clock without records
  'F19', // reconciliation: pinned false positive
  'F21', // merge: quarantine spam
  'F22', // transports: disconnect storms
  'F23', // supervision: stop in any phase
];

describe('the faults', () => {
  it.each(Object.entries(FAULTS))('%s has its test', (_, { file, title }) => {
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain(title);
  });

  it('from F1 to F23 are each named once', () => {
    const named = [...Object.keys(FAULTS), ...NOT_NAMED_HERE];
    const all = Array.from({ length: 23 }, (_, index) => `F${index + 1}`);
    expect(named.sort()).toEqual(all.sort());
  });
});
