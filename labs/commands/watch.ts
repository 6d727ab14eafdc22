/**
 * `npm run lab 07 watch`: the verdict again at every save, until Ctrl-C.
 *
 * The system is asked to report changes of the folder. Where it cannot (no watchers left, some network
 * drives and containers), the folder is looked at a few times a second, and the screen says so.
 */
import { existsSync, readdirSync, statSync, watch as watchSystem } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Desk } from './desk/desk.ts';
import { restoreMissing } from './files.ts';
import { gradeOnce, linesOf, typesBeside } from './grade-lab.ts';
import type { Grading, OpenGrader } from './verdict/grader.ts';
import { shown } from './desk/places.ts';
import { typeLines, type TypeCheck } from './verdict/types.ts';

/** An editor saves in several steps: this long after the last one the file is whole. */
const SETTLE_MS = 15;
const POLL_MS = 250;
/** How often a watcher that reports nothing is doubted. */
const DOUBT_MS = 1_000;
const DOUBT_SETTLE_MS = 100;

/** Names, sizes and times of the TypeScript files in a folder. */
const signatureOf = (folder: string): string =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      return found ? `${name} ${found.size} ${found.mtimeMs} ${found.ino}` : name;
    })
    .join('\n');

export interface FolderWatch {
  /** How it is done, for people. */
  readonly how: () => string;
  close(): void;
}

type WatchSystem = typeof watchSystem;

/** Calls `changed` after every save in that folder. */
export const watchFolder = (
  folder: string,
  changed: () => void,
  note: (line: string) => void,
  system: WatchSystem = watchSystem,
): FolderWatch => {
  let last = signatureOf(folder);
  let why: string | undefined;
  let closed = false;
  let close = (): void => {};

  const look = (): boolean => {
    // The folder itself may be gone for a moment, as when a branch is switched.
    const now = existsSync(folder) ? signatureOf(folder) : last;
    if (now === last) return false;
    last = now;
    changed();
    return true;
  };

  const poll = (reason: string): void => {
    close();
    why = reason;
    const timer = setInterval(look, POLL_MS);
    close = () => clearInterval(timer);
    note(how());
  };

  const how = (): string =>
    why === undefined
      ? 'watching'
      : `looking every ${POLL_MS / 1_000} s, since saves are not reported here (${why})`;

  const listen = (): void => {
    let settling: NodeJS.Timeout | undefined;
    const watcher = system(folder, () => {
      clearTimeout(settling);
      settling = setTimeout(look, SETTLE_MS);
    });
    const doubt = setInterval(() => {
      if (!existsSync(folder) || signatureOf(folder) === last) return;
      // A report may be on its way. If none comes and the folder differs still, there are none.
      setTimeout(() => {
        if (!closed && why === undefined && look()) poll('one was missed');
      }, DOUBT_SETTLE_MS);
    }, DOUBT_MS);
    close = () => {
      clearTimeout(settling);
      clearInterval(doubt);
      watcher.close();
    };
    watcher.on('error', (error: NodeJS.ErrnoException) => {
      if (why === undefined) poll(error.code ?? error.message);
    });
  };

  try {
    listen();
  } catch (error) {
    poll((error as NodeJS.ErrnoException).code ?? (error as Error).message);
  }
  return {
    how,
    close() {
      closed = true;
      close();
    },
  };
};

/** Some editors remove a file and write it anew: the time in which it may be absent. */
const ABSENT_MS_MAX = 300;

const untilThere = async (folder: string, files: readonly string[]): Promise<void> => {
  for (let waitedMs = 0; waitedMs < ABSENT_MS_MAX; waitedMs += SETTLE_MS) {
    if (files.every((file) => existsSync(join(folder, file)))) return;
    await sleep(SETTLE_MS);
  }
};

/** Grades at every save. Only an error ends it, or the signal that ends the process. */
export const watch = async (
  grading: Grading & { readonly subject: { readonly folder: string } },
  desk: Desk,
  open: OpenGrader,
): Promise<never> => {
  const { lab, subject } = grading;
  const { folder } = subject;
  const grader = await open(grading);
  let wake = (): void => {};
  let saved = new Promise<void>((resolve) => (wake = resolve));
  const restored = subject.name === 'mine' ? restoreMissing(desk.places, lab) : undefined;
  const notes = restored === undefined ? [] : [restored];
  const following = watchFolder(folder, () => wake(), desk.note);
  const noting: Desk = { ...desk, note: (line) => notes.push(line) };
  let types: TypeCheck | undefined;
  try {
    for (let isFirst = true; ; isFirst = false) {
      const result = await gradeOnce(grader, grading, noting);
      if (!isFirst) desk.clear();
      desk.say(
        desk.paint.faint(`${shown(desk.places.root, folder)}: ${following.how()}; Ctrl-C ends it`),
        ...notes.splice(0),
        ...linesOf(grading, result, desk, true),
      );
      grader.prepare();
      const beside = typesBeside(grading, result);
      void beside?.problem.then((problem) => {
        if (problem) desk.say(...typeLines(problem, subject.pathOf, desk.paint));
      });
      types = beside;
      await saved;
      saved = new Promise((resolve) => (wake = resolve));
      types?.stop();
      await untilThere(folder, lab.files);
    }
  } finally {
    types?.stop();
    following.close();
    await grader.close();
  }
};
