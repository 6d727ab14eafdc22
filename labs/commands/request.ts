/** What `npm run lab ...` was told, in words: the lab, what to do with it, and how. */
import { Fault } from '#contracts/faults.ts';
import { nearest, readWords, type Spoken, type Vocabulary } from '#reference/commands/words.ts';
import { LABS, findLab, type Lab } from '../catalog.ts';

/** Every word of the command. */
export const vocabulary: Vocabulary = {
  watch: { summary: 'grades again at every save' },
  hint: { summary: 'the next hint of three; `hint 07.4` for a check of your choice' },
  case: {
    summary: 'what answers.ts is asked; `case 07.14 ann`: all that happened there, of one node',
  },
  diff: { summary: 'your files against the stub; after a pass or give-up against the solution' },
  reset: { summary: 'your files go to the attic, the stub comes back' },
  undo: { summary: 'takes back the last reset, or the last undo' },
  'give-up': { summary: 'opens the solution for diff; the map remembers' },
  debug: { summary: 'under the inspector, without time limits' },
  versus: { summary: 'your layer and the reference in lockstep, to the first difference' },
  graft: { summary: 'the real node with your layer in it, among reference nodes' },
  replay: { value: 'TOKEN', summary: 'the failing run again, step by step' },
  of: { value: 'PATH', summary: 'grades that folder instead, or `solution`, or `reference`' },
  with: { value: 'mine', summary: 'your other layers in place, where there are any' },
  seed: {
    value: 'TEXT',
    summary: 'other schedules than your own; the questions of answers.ts stay',
  },
  json: { summary: 'the result as JSON' },
  help: { summary: 'these lines' },
};

/** What there is to do; `grade` and `map` are what is done when no other is named. */
export type Action =
  | 'map'
  | 'grade'
  | 'watch'
  | 'hint'
  | 'case'
  | 'diff'
  | 'reset'
  | 'undo'
  | 'give-up'
  | 'debug'
  | 'versus'
  | 'graft'
  | 'replay'
  | 'help';

/** The words that go with each action. */
const GO_WITH: { readonly [Name in Action]: readonly string[] } = {
  map: ['json'],
  grade: ['of', 'with', 'seed', 'json'],
  watch: ['of', 'with', 'seed'],
  hint: [],
  case: [],
  diff: ['of'],
  reset: [],
  undo: [],
  'give-up': [],
  debug: ['of', 'with', 'seed', 'json'],
  versus: ['of', 'seed'],
  graft: ['of'],
  replay: ['of', 'json'],
  help: [],
};

const ACTIONS = Object.keys(vocabulary).filter((word): word is Action =>
  Object.hasOwn(GO_WITH, word),
);

export interface Request {
  readonly action: Action;
  readonly lab: Lab | undefined;
  /** The check that a hint or a case is wanted of. */
  readonly check: string | undefined;
  /** The node whose events are wanted. */
  readonly who: string | undefined;
  readonly of: string | undefined;
  readonly seed: string | undefined;
  readonly token: string | undefined;
  readonly json: boolean;
  readonly withMine: boolean;
  /** What follows `graft`, which reads its own words. */
  readonly words: readonly string[];
}

const usage = (message: string): Fault => new Fault('usage', message);

const labNamed = (name: string): Lab => {
  const lab = findLab(name);
  if (lab) return lab;
  const meant = nearest(name, [...Object.keys(vocabulary), ...LABS.map((lab) => lab.name)]);
  const known = LABS.map((lab) => `${lab.number} (${lab.name})`).join(', ');
  throw usage(
    meant !== undefined && !/^\d+$/.test(name)
      ? `"${name}" means nothing here; did you mean "${meant}"?`
      : `there is no lab "${name}" in this kit yet; there is ${known}`,
  );
};

/** `graft` passes on what follows it, but for `of PATH`. */
const splitGraft = (typed: readonly string[]): readonly [readonly string[], readonly string[]] => {
  const at = typed.indexOf('graft');
  if (at === -1) return [typed, []];
  const rest = typed.slice(at + 1);
  const ofAt = rest.indexOf('of');
  const of = ofAt === -1 ? [] : rest.splice(ofAt, 2);
  return [[...typed.slice(0, at + 1), ...of], rest];
};

const actionOf = ({ values, rest }: Spoken): Action => {
  const said = ACTIONS.filter((word) => values.has(word));
  if (said.includes('help')) return 'help';
  if (said.length > 1) throw usage(`"${said[0]}" and "${said[1]}" are two commands: say one`);
  return said[0] ?? (rest.length === 0 ? 'map' : 'grade');
};

const CHECK = /^\d\d\.\d+$/;

/** Reads what was typed after `npm run lab`. Throws Fault `usage`. */
export const readRequest = (typed: readonly string[]): Request => {
  const [own, words] = splitGraft(typed);
  const restMax = own.includes('case') ? 3 : own.includes('hint') ? 2 : 1;
  const spoken = readWords(own, vocabulary, restMax);
  const { values, rest } = spoken;
  const action = actionOf(spoken);
  const takesCheck = action === 'hint' || action === 'case';
  const check = takesCheck ? rest.find((word) => CHECK.test(word)) : undefined;
  const names = rest.filter((word) => word !== check);
  const who = action === 'case' && check !== undefined ? names.splice(1, 1)[0] : undefined;
  if (names.length > 1) throw usage(`"${names[1]}" is no check: they look like 07.4`);
  const name = names[0] ?? check?.slice(0, 2);
  const lab = name === undefined ? undefined : labNamed(name);
  if (check !== undefined && lab && !check.startsWith(`${lab.number}.`)) {
    throw usage(`check ${check} is none of lab ${lab.number}`);
  }
  const unfit = [...values.keys()].find(
    (word) => word !== action && !GO_WITH[action].includes(word),
  );
  if (unfit !== undefined && action !== 'help') {
    if (action === 'map') throw usage(`"${unfit}" wants a lab: say ${LABS[0]!.number} ${unfit}`);
    throw usage(`"${unfit}" does not go with "${action}"`);
  }
  if (lab === undefined && !['map', 'replay', 'help'].includes(action)) {
    throw usage(`"${action}" wants a lab: say ${LABS[0]!.number} ${action}`);
  }
  const mine = values.get('with');
  if (mine !== undefined && mine !== 'mine') throw usage(`with: expected mine, got ${mine}`);
  return {
    action,
    lab,
    check,
    who,
    of: values.get('of'),
    seed: values.get('seed'),
    token: values.get('replay'),
    json: values.has('json'),
    withMine: mine !== undefined,
    words,
  };
};
