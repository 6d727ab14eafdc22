/** 07.4: what is held of a topic, and the one door by which entries come in. */
import { check, type Check, type Finding, type Place, type TraceLine } from '#checkpoint';
import type { RecordId } from '#contracts/identifiers.ts';
import type { CreateTopicLog } from '#contracts/knowledge.ts';
import type { SignedRecord } from '#contracts/records.ts';
import type { Random } from '#reference/sim/random.ts';
import { TOPIC, nameOf, write } from '#labs/world/entries.ts';
import { clockText, listText } from '#labs/world/words.ts';

const AUTHORS = ['ann', 'ben', 'cleo'] as const;
type Author = (typeof AUTHORS)[number];

/** An entry as a plan: links are places in the list of plans. */
interface Plan {
  readonly label: string;
  readonly author: Author;
  readonly sequence: number;
  readonly previous: number | null;
  readonly parents: readonly number[];
}

/** Entries, each naming earlier ones alone, and the order in which they are offered, some twice. */
interface History {
  readonly plans: readonly Plan[];
  readonly offers: readonly number[];
}

interface Answer {
  readonly missing: readonly string[];
  readonly added: unknown;
  readonly clock: { readonly [author: string]: number };
  readonly count: unknown;
  readonly held: readonly string[];
}

const at = (symbol: string): Place => ({ file: 'log.ts', symbol });

/** The next entry of an author, or now and then one that does not fit its chain. */
const drawPlan = (random: Random, plans: readonly Plan[]): Plan => {
  const author = random.pick(AUTHORS);
  const own = plans.flatMap((plan, index) =>
    plan.author === author && plan.label.startsWith(author) ? [index] : [],
  );
  const others = plans.flatMap((plan, index) => (plan.author === author ? [] : [index]));
  const previous = own.at(-1) ?? null;
  const sequence = own.length + 1;
  const parents = others.length > 0 && random.next() < 0.6 ? [random.pick(others)] : [];
  const fit: Plan = { label: `${author}#${sequence}`, author, sequence, previous, parents };
  if (random.next() > 0.25) return fit;
  const wrong = random.pick(['number', 'previous', 'parent'] as const);
  const name = `wrong ${author}#${sequence}`;
  if (wrong === 'previous' && others.length > 0) {
    return {
      ...fit,
      label: `${name} (follows another author)`,
      previous: random.pick(others),
      parents: [],
    };
  }
  if (wrong === 'parent' && own.length > 0) {
    return {
      ...fit,
      label: `${name} (with its own author as a parent)`,
      parents: [random.pick(own)],
    };
  }
  const skipped = sequence + 1;
  return { ...fit, label: `wrong ${author}#${skipped} (skips a number)`, sequence: skipped };
};

const drawHistory = (random: Random, length: number): History => {
  const plans: Plan[] = [];
  while (plans.length < length) {
    const plan = drawPlan(random, plans);
    if (!plans.some(({ label }) => label === plan.label)) plans.push(plan);
    else break;
  }
  const places = plans.map((_, index) => index);
  const again = places.filter(() => random.next() < 0.2);
  return { plans, offers: [...random.shuffle([...places, ...again]), ...places] };
};

const inOrder = (labels: readonly Plan[]): History => ({
  plans: labels,
  offers: labels.map((_, index) => index),
});

const ANN: readonly Plan[] = [1, 2, 3].map((sequence) => ({
  label: `ann#${sequence}`,
  author: 'ann',
  sequence,
  previous: sequence === 1 ? null : sequence - 2,
  parents: [],
}));

const linksOf = ({ previous, parents }: Plan): readonly number[] =>
  previous === null ? parents : [previous, ...parents];

const fits = (plans: readonly Plan[], { author, sequence, previous, parents }: Plan): boolean => {
  const before = previous === null ? undefined : plans[previous]!;
  if (before && before.author !== author) return false;
  if (parents.some((index) => plans[index]!.author === author)) return false;
  return sequence === (before?.sequence ?? 0) + 1;
};

/** What should be held after one more offer. */
const heldAfter = (
  plans: readonly Plan[],
  held: ReadonlySet<number>,
  index: number,
): ReadonlySet<number> => {
  const plan = plans[index]!;
  const enters = linksOf(plan).every((link) => held.has(link)) && fits(plans, plan);
  return enters ? new Set([...held, index]) : held;
};

const clockOf = (plans: readonly Plan[], held: ReadonlySet<number>) => {
  const clock: { [author: string]: number } = {};
  for (const index of held) {
    const { author, sequence } = plans[index]!;
    clock[author] = Math.max(sequence, clock[author] ?? 0);
  }
  return clock;
};

type Found = Omit<Finding, 'input' | 'trace'>;

const judgeOffer = (
  { plans }: History,
  index: number,
  held: ReadonlySet<number>,
  after: ReadonlySet<number>,
  answer: Answer,
): Found | undefined => {
  const plan = plans[index]!;
  const labels = (indexes: Iterable<number>): string[] =>
    [...indexes].map((each) => plans[each]!.label).sort();
  const links = linksOf(plan);
  const lacks = labels(new Set(links.filter((link) => !held.has(link))));
  if ([...answer.missing].sort().join() !== lacks.join()) {
    const twice = new Set(answer.missing).size < answer.missing.length;
    return {
      diagnosis: twice ? 'missing-twice' : 'missing-is-wrong',
      headline: twice
        ? `The log names what ${plan.label} lacks more than once`
        : `The log does not say what ${plan.label} lacks`,
      saw: `missing: ${listText(answer.missing)}`,
      expected: listText(lacks),
      because: 'what an entry names and the log does not hold is asked for, each once',
      place: at('missing'),
    };
  }
  const enters = after.has(index) && !held.has(index);
  if (answer.added !== enters) {
    const why = held.has(index)
      ? 'it is held already'
      : lacks.length > 0
        ? `it rests on ${listText(lacks)}, which is not here`
        : 'it is the next of its chain, and nothing it names is missing';
    const unfit = !enters && !held.has(index) && lacks.length === 0;
    return {
      diagnosis: enters
        ? 'refuses-the-next'
        : unfit
          ? 'takes-what-does-not-follow'
          : held.has(index)
            ? 'takes-twice'
            : 'takes-over-a-hole',
      headline: enters ? `The log refused ${plan.label}` : `The log took ${plan.label}`,
      saw: `add gives ${JSON.stringify(answer.added) ?? 'undefined'}`,
      expected: String(enters),
      because: unfit
        ? 'a chain is numbered 1, 2, 3 by one author, each naming the one before; parents are by others'
        : why,
      place: at('add'),
    };
  }
  const clock = clockOf(plans, after);
  if (clockText(answer.clock) !== clockText(clock)) {
    const over = Object.entries(answer.clock).some(([name, number]) => number > (clock[name] ?? 0));
    return {
      diagnosis: over ? 'clock-over-a-hole' : 'clock-behind',
      headline: over
        ? `After ${plan.label} the clock claims more than is held`
        : `After ${plan.label} the clock says less than is held`,
      saw: clockText(answer.clock),
      expected: clockText(clock),
      because: 'a counter of 5 says that 1 to 5 are all held, and no more than that',
      place: at('clock'),
    };
  }
  if (answer.count === after.size && answer.held.join() === labels(after).join()) return undefined;
  return {
    diagnosis: 'held-is-wrong',
    headline: `After ${plan.label} the log holds something else than it took`,
    saw: `${JSON.stringify(answer.count)} held: ${listText(answer.held)}`,
    expected: `${after.size}: ${listText(labels(after))}`,
    because: 'has and count answer for what add has taken',
    place: at('has'),
  };
};

const judge = (history: History, answers: readonly Answer[]): Finding | undefined => {
  const { plans, offers } = history;
  const trace: TraceLine[] = [];
  let held: ReadonlySet<number> = new Set();
  for (const [place, index] of offers.entries()) {
    const after = heldAfter(plans, held, index);
    const answer = answers[place]!;
    const found = judgeOffer(history, index, held, after, answer);
    const plan = plans[index]!;
    const named = linksOf(plan);
    const names =
      named.length > 0 ? `, which names ${listText(named.map((each) => plans[each]!.label))}` : '';
    trace.push({
      text: `offered ${plan.label}${names}: ${answer.added === true ? 'taken' : 'not taken'}, clock ${clockText(answer.clock)}`,
      ...(found && { bad: true }),
    });
    held = after;
    if (found) {
      const input = `offered in this order: ${listText(offers.map((each) => plans[each]!.label))}`;
      return { ...found, input, trace: trace.slice(-8) };
    }
  }
  return undefined;
};

const withRecords = (plans: readonly Plan[]): SignedRecord[] => {
  const records: SignedRecord[] = [];
  for (const { author, sequence, previous, parents, label } of plans) {
    records.push(
      write(author, {
        sequence,
        previous: previous === null ? null : records[previous]!.id,
        parents: parents.map((index) => records[index]!.id),
        memo: label,
      }),
    );
  }
  return records;
};

export const logChecks: readonly Check[] = [
  check({
    id: '07.4',
    verb: 'implement',
    law: 'An entry is held when all it names is; a hole does not advance the clock',
    points: 7,
    place: at('add'),
    hints: [
      'The log is the list of what is held. An entry comes in by one door, and the door asks two questions: is something missing, and does it follow?',
      'missing: of what linksOf names, whatever is not held. add: refuse if held already, if something is missing, or if the number does not follow previous. Parents are by others.',
      'If chains have no holes, the clock needs no bookkeeping: for every author it is the largest number held, and a maximum over all records is enough.',
    ],
    inputs: ({ random }) => [
      inOrder(ANN),
      { plans: ANN, offers: [1, 0, 1] },
      { plans: ANN, offers: [0, 2, 1, 2] },
      { plans: ANN, offers: [0, 0] },
      ...Array.from({ length: 16 }, () => drawHistory(random, 3 + random.integer(8))),
    ],
    observe(parts, { plans, offers }: History): Answer[] {
      const { create } = parts['log'] as { create: CreateTopicLog };
      const log = create(TOPIC);
      const records = withRecords(plans);
      const labelOf = (id: RecordId): string => {
        const index = records.findIndex((record) => record.id === id);
        return plans[index]?.label ?? 'something else';
      };
      return offers.map((index) => {
        const record = records[index]!;
        const missing = log.missing(record).map(labelOf);
        const added: unknown = log.add(record) ?? null;
        const clock = Object.fromEntries([...log.clock()].map(([did, n]) => [nameOf(did), n]));
        const held = records.filter(({ id }) => log.has(id)).map(({ id }) => labelOf(id));
        return { missing, added, clock, count: log.count, held: held.sort() };
      });
    },
    judge,
    smaller: (history) =>
      history.offers.map((_, place) => ({
        ...history,
        offers: history.offers.filter((__, each) => each !== place),
      })),
    proves: (tried) => `${tried} histories of 3 authors, offered in any order, some entries wrong`,
  }),
];
