/** The map: what this machine has, which layers are the learner's, and one next command. */
import { LABS, type Lab } from '../catalog.ts';
import type { Desk } from './desk/desk.ts';
import { examine } from './doctor.ts';
import { counted, field, hanging, nextLine } from './desk/layout.ts';
import type { Progress } from './desk/state.ts';

/** How far a lab is, by its last grading: nothing is graded here. */
export type Standing = 'yours' | 'gave up' | 'stub' | 'begun';

export const standingOf = ({ verdicts, points = 0, gaveUp = false }: Progress): Standing => {
  const found = Object.values(verdicts ?? {});
  if (found.length > 0 && found.every((verdict) => verdict === 'pass')) return 'yours';
  if (gaveUp) return 'gave up';
  const untouched = found.every((verdict) => verdict === 'unfinished' || verdict === 'pass');
  return points === 0 && untouched ? 'stub' : 'begun';
};

const describe = (progress: Progress): string => {
  const standing = standingOf(progress);
  const { points = 0, pointsMax = 0 } = progress;
  if (standing === 'yours') return `${standing}, ${counted(points, 'point')}`;
  return standing === 'begun' ? `${points} of ${pointsMax} points` : standing;
};

/** Every lab passed, and ran in the real node: what is left is up to the learner. */
const isDone = (progressOf: (lab: Lab) => Progress): boolean =>
  LABS.every((lab) => standingOf(progressOf(lab)) === 'yours' && progressOf(lab).grafted === true);

const DONE =
  "every layer here is yours, and ran in the real node. To go on: the questions at the end of the chapter, and the solution's reading beside yours";

/** After a pass: the layer in the real node, once; then the map. */
export const afterPass = (lab: Lab, { grafted = false }: Progress): string =>
  grafted ? 'npm run lab' : `npm run lab ${lab.number} graft`;

const nextOf = (progressOf: (lab: Lab) => Progress): string => {
  const open = LABS.find((lab) => !['yours', 'gave up'].includes(standingOf(progressOf(lab))));
  if (open) return `npm run lab ${open.number}`;
  const isFresh = (lab: Lab): boolean =>
    standingOf(progressOf(lab)) === 'yours' && progressOf(lab).grafted !== true;
  const fresh = LABS.find(isFresh);
  if (fresh) return `npm run lab ${fresh.number} graft`;
  // Whoever gave up may look, and still try.
  const givenUp = LABS.find((lab) => standingOf(progressOf(lab)) === 'gave up');
  return givenUp ? `npm run lab ${givenUp.number} diff` : `npm run lab ${LABS.at(-1)!.number} diff`;
};

/** Prints doctor, map and next command; as JSON if asked. */
export const map = async ({ places, state, say, paint }: Desk, json: boolean): Promise<number> => {
  const findings = await examine(places);
  const { labs } = state.read();
  const progressOf = (lab: Lab): Progress => labs[lab.name] ?? {};
  const next = nextOf(progressOf);
  if (json) {
    const rows = LABS.map((lab) => {
      const { points = 0, pointsMax } = progressOf(lab);
      const standing = standingOf(progressOf(lab));
      return { lab: lab.name, layer: lab.layer, standing, points, pointsMax };
    });
    say(JSON.stringify({ ok: true, doctor: findings, labs: rows, next }));
    return 0;
  }
  const fine = findings.filter(({ problem }) => problem === undefined);
  say(
    paint.strong('doctor'),
    ...hanging('     here      ', fine.map(({ name }) => name).join(', ')),
  );
  for (const { name, problem } of findings) {
    if (problem === undefined) continue;
    const lead = `     missing   ${name}: `;
    say(...hanging(lead, problem).map((line) => paint.open(line)));
  }
  say('', paint.strong('map'));
  const titles = Math.max(...LABS.map(({ title }) => title.length));
  const layers = Math.max(...LABS.map(({ layer }) => layer.length));
  for (const lab of LABS) {
    const standing = describe(progressOf(lab));
    const row = `     ${lab.number}  ${lab.title.padEnd(titles)}  ${lab.layer.padEnd(layers)}  `;
    const isYours = standingOf(progressOf(lab)) === 'yours';
    say(row + (isYours ? paint.good(standing) : standing));
  }
  say('', ...(isDone(progressOf) ? field('done', DONE) : []), nextLine(next));
  return 0;
};
