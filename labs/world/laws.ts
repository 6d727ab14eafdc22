/**
 * The laws of gossip, held against what was observed of a world. They know nothing of how gossip is
 * written: entries, who stored and delivered them when, what was said, and what nodes answer when asked.
 *
 * The first violation in the order of events is reported, because everything after it may follow from
 * it; what never happens is looked for at the end.
 */
import type { Finding } from '#checkpoint';
import { whyMissing, whyRestless } from './absence.ts';
import { gossipAt } from './diagnosis.ts';
import { judgeEvent, remember, type Past } from './moments.ts';
import type { Event, Play, Run } from './run.ts';
import { TRACE_MAX, concerns, entriesOf, traceOf } from './trace.ts';
import { linesOf } from './words.ts';

/** What is asked of a run beyond the laws that hold at every moment. */
export interface Demands {
  /** In the end every node holds every entry that is not bad. */
  readonly everywhere?: boolean;
  /** In the last wait nobody says anything but a digest, and those not often. */
  readonly quiet?: boolean;
  /** Entries that a node may keep waiting. */
  readonly waitingMax?: number;
}

/** A schedule on one line. */
export const scheduleText = (steps: readonly string[]): string => steps.join(', ') || '(no step)';

/** What is played among whom, on one line. */
export const playText = ({
  names,
  steps,
  apart = [],
}: Pick<Play, 'names' | 'steps' | 'apart'>): string => {
  const strangers = apart.map(([left, right]) => `${left} and ${right}`).join(', ');
  const links = strangers === '' ? '' : ` (no link between ${strangers})`;
  return `${names.join(', ')}${links}: ${scheduleText(steps)}`;
};

/** The first law that a run breaks; undefined if it keeps them all. */
export const judgeRun = (
  play: Pick<Play, 'names' | 'steps' | 'apart'>,
  run: Run,
  demands: Demands,
): Finding | undefined => {
  const input = playText(play);
  const pasts = new Map<string, Past>();
  for (const name of run.names) {
    pasts.set(name, {
      stored: new Set(),
      delivered: new Set(),
      fresh: new Set(),
      given: new Set(),
      brought: undefined,
    });
  }
  for (const event of run.events) {
    const past = 'node' in event ? pasts.get(event.node) : undefined;
    const broken = past && judgeEvent(run, event, past, demands.waitingMax ?? Infinity);
    if (broken) {
      const node = 'node' in event ? event.node : '';
      const lacking = event.on === 'deliver' ? (run.written[event.entry]?.links ?? []) : [];
      const matters =
        event.on === 'state'
          ? (each: Event) => 'node' in each && each.node === node && each.on !== 'state'
          : concerns(node, [...entriesOf(event), ...lacking], run);
      return { ...broken, input, trace: traceOf(run, event, matters) };
    }
    remember(event, run.events, pasts);
  }
  if (run.endless) {
    const trace = linesOf(run.events.filter(({ on }) => on === 'say')).slice(-TRACE_MAX);
    return {
      diagnosis: 'endless-talk',
      headline: 'The nodes answer each other without end',
      input,
      saw: 'more than 2 000 messages after one step',
      expected: 'silence, once everybody knows what there is to know',
      because: 'an answer that always calls for an answer never ends',
      trace,
    };
  }
  return judgeEnd(run, demands, input);
};

/** When a run ended: nothing need have happened in its last wait. */
const endOf = ({ events }: Run): number => {
  const last = events.findLast((event) => event.on === 'step');
  const seconds = Number(/^wait (?<seconds>\S+)$/.exec(last?.step ?? '')?.groups?.['seconds'] ?? 0);
  return Math.max(events.at(-1)?.atMs ?? 0, (last?.atMs ?? 0) + 1_000 * seconds);
};

const judgeEnd = (run: Run, demands: Demands, input: string): Finding | undefined => {
  const good = Object.keys(run.written).filter((entry) => !run.written[entry]!.bad);
  for (const node of demands.everywhere ? run.names : []) {
    const held = run.end[node]?.held ?? [];
    // The first by depth: what rests on it lacks for the same reason.
    const missing = good.find(
      (entry) =>
        !held.includes(entry) && run.written[entry]!.links.every((link) => held.includes(link)),
    );
    if (missing === undefined) continue;
    const why = whyMissing(run, node, missing);
    const atMs = endOf(run);
    const closing = { atMs, text: `${node} still lacks ${missing}`, bad: true, mark: 'never came' };
    const related = good.filter(
      (entry) => entry === missing || run.written[missing]!.links.includes(entry),
    );
    const later = good.filter((entry) => run.written[entry]!.links.includes(missing));
    const near = concerns(node, [...related, ...later], run);
    // Where nobody ever sent it there, how far it came is what there is to see.
    const isSent = run.events.some(
      (event) => event.on === 'say' && event.to === node && event.said.entries.includes(missing),
    );
    const matters = (event: Event): boolean =>
      near(event) || (!isSent && event.on !== 'store' && entriesOf(event).includes(missing));
    return { ...why, input, trace: traceOf(run, undefined, matters, closing) };
  }
  const stuck = run.names.find((node) => (run.end[node]?.waiting ?? 0) > 0);
  if (demands.everywhere && stuck !== undefined) {
    return {
      diagnosis: 'waits-for-ever',
      headline: `${stuck} holds everything and still keeps entries waiting`,
      input,
      saw: `${run.end[stuck]!.waiting} waiting at ${stuck} at rest`,
      expected: '0',
      because: 'what has entered, or never can, waits no longer',
      place: gossipAt('settle'),
      trace: traceOf(
        run,
        undefined,
        (event) => event.on === 'say' && event.node === stuck && event.said.type === 'request',
        {
          atMs: endOf(run),
          text: `${stuck} still keeps entries waiting`,
          bad: true,
          mark: 'never left',
        },
      ),
    };
  }
  const restless = demands.quiet ? whyRestless(run) : undefined;
  if (!restless) return undefined;
  const begin = run.events.findLastIndex(({ on }) => on === 'step');
  const trace = linesOf(run.events.slice(begin).filter(({ on }) => on === 'say')).slice(
    0,
    TRACE_MAX,
  );
  return { ...restless, input, trace };
};
