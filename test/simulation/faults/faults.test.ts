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
  F1: {
    fault: 'a crash at any step of a save',
    file: 'test/reference/snapshot-crash.test.ts',
    title:
      'leaves the old or the new, at every step and however the disk reordered them, twice in a row',
  },
  F2: {
    fault: 'kill in an append',
    file: 'test/simulation/faults/power.test.ts',
    title: 'at every operation of its disk, of which any part survives, loses nothing it promised',
  },
  F3: {
    fault: 'full disk, I/O errors',
    file: 'test/reference/snapshot-crash.test.ts',
    title: 'with %s at any call leaves a generation, says so, and the next save is whole',
  },
  F4: {
    fault: 'bit rot in a snapshot',
    file: 'test/reference/snapshot.test.ts',
    title: 'is noticed at every byte, and at every bit of the first 4 KiB',
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
  F9: {
    fault: 'flooding by strangers',
    file: 'test/simulation/pull-flood.test.ts',
    title:
      'leaves a Partner within 10 % of its throughput alone, and takes a tenth of the bytes at most',
  },
  F10: {
    fault: 'equivocation, in every order of arrival',
    file: 'test/reference/quarantine/merge.test.ts',
    title: 'shows a fork alike whatever the order: one pair, one winner, both kept',
  },
  F11: {
    fault: 'a forged id',
    file: 'test/simulation/quarantine.test.ts',
    title: 'lies beside the true one that comes',
  },
  F12: {
    fault: 'replay',
    file: 'test/reference/gossip/search.test.ts',
    title: 'of a whole conversation, three times over, changes nothing and costs a bounded answer',
  },
  F13: {
    fault: 'nonces that collide',
    file: 'test/reference/gossip/search.test.ts',
    title: 'that one peer says twice are one digest, whatever the second says',
  },
  F14: {
    fault: 'a decompression bomb',
    file: 'test/reference/packing.test.ts',
    title: 'is refused as malformed, and the stream goes on',
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
  F18: {
    fault: 'an old snapshot, records gone',
    file: 'test/reference/gossip-persistence.test.ts',
    title:
      'crashed at every operation of the disk, with every snapshot that may be left, a node reuses no number',
  },
  F19: {
    fault: 'a pinned false positive',
    file: 'test/reference/reconciliation/search.test.ts',
    title: 'pinned to the salt of the first round arrives by the third',
  },
  F20: {
    fault: 'parents that are missing',
    file: 'test/simulation/faults/input.test.ts',
    title: 'waits whole, is asked for, and is delivered in order',
  },
  F21: {
    fault: 'quarantine spam',
    file: 'test/simulation/quarantine.test.ts',
    title: 'fill a quarter, push out no evidence, and hold up nobody',
  },
  F22: {
    fault: 'disconnect storms',
    file: 'test/simulation/storms.test.ts',
    title: 'disconnects leave no timer, no link and no peer behind',
  },
  F23: {
    fault: 'a stop in any phase',
    file: 'test/reference/supervision.test.ts',
    title: 'stopped at a random moment of any phase, everything is released in time',
  },
};

describe('the faults', () => {
  it.each(Object.entries(FAULTS))('%s has its test, which names it', (number, { file, title }) => {
    expect(existsSync(file)).toBe(true);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(title);
    expect(text).toMatch(new RegExp(`^ *(?:describe|it)\\(.*\\b${number}\\b`, 'm'));
  });

  it('from F1 to F23 are each there', () => {
    const all = Array.from({ length: 23 }, (_, index) => `F${index + 1}`);
    expect(Object.keys(FAULTS)).toEqual(all);
  });
});
