/** A folder that is watched: by the system's reports, and by looking where there are none. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync, type watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFolder, type FolderWatch } from '#labs/commands/watch.ts';
import { until } from '#test/support/command.ts';

let folder: string;
let watched: FolderWatch | undefined;
let changes: number;
let notes: string[];
const save = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const open = (system?: unknown): void => {
  const changed = (): void => void (changes += 1);
  const note = (line: string): void => void notes.push(line);
  watched = watchFolder(folder, changed, note, ...(system ? [system as typeof watch] : []));
};
const changed = (): Promise<true> => until('a change', () => changes > 0 || undefined, 5_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'murmuration-watch-'));
  changes = 0;
  notes = [];
  save('clock.ts', 'one');
});
afterEach(() => {
  watched?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a watched folder', () => {
  it('tells of a save, and of one by renaming, as editors do', async () => {
    open();
    expect(watched!.how()).toBe('watching');
    save('clock.ts', 'two');
    await changed();
    changes = 0;
    save('clock.ts~', 'three');
    renameSync(join(folder, 'clock.ts~'), join(folder, 'clock.ts'));
    await changed();
    expect(notes).toEqual([]);
  });

  it('tells of several steps of one save once', async () => {
    open();
    for (let step = 0; step < 5; step += 1) save('clock.ts', 'x'.repeat(step));
    await changed();
    expect(changes).toBe(1);
  });

  it('is looked at where the system refuses, and says so', async () => {
    open(() => {
      throw Object.assign(new Error('no watchers left'), { code: 'ENOSPC' });
    });
    expect(notes).toEqual([expect.stringMatching(/looking every 0\.25 s.*ENOSPC/)]);
    save('clock.ts', 'two');
    await changed();
  });

  it('is looked at once the watcher fails', async () => {
    const watcher = Object.assign(new EventEmitter(), { close: () => {} });
    open(() => watcher);
    watcher.emit('error', Object.assign(new Error('gone'), { code: 'EPERM' }));
    expect(watched!.how()).toContain('EPERM');
    save('clock.ts', 'two');
    await changed();
  });

  it('is looked at once a save went unreported', async () => {
    open(() => Object.assign(new EventEmitter(), { close: () => {} }));
    save('clock.ts', 'two');
    await changed();
    await until('the note', () => notes[0], 1_000);
    expect(watched!.how()).toContain('one was missed');
  });
});
