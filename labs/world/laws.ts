/**
 * The laws of gossip, held against what was observed of a world. They know nothing of how gossip is
 * written: entries, who stored and delivered them when, what was said, and what nodes answer when asked.
 *
 * The first violation in the order of events is reported, because everything after it may follow from
 * it; what never happens is looked for at the end.
 */
import type { Finding } from '#checkpoint';
import { whyMissing, whyRestless } from './absence.ts';
import { gossipAt, logAt, type Diagnosed } from './diagnosis.ts';
import {
  saying,
  type Counters,
  type Entry,
  type Event,
  type Play,
  type Run,
  type State,
} from './run.ts';
import { TRACE_MAX, concerns, entriesOf, traceOf } from './trace.ts';
import { clockText, eventText, linesOf, listText } from './words.ts';

/** What is asked of a run beyond the laws that hold at every moment. */
export interface Demands {
  /** In the end every node holds every entry that is not bad. */
  readonly everywhere?: boolean;
  /** In the last wait nobody says anything but a digest, and those not often. */
  readonly quiet?: boolean;
  /** Entries that a node may keep waiting. */
  readonly waitingMax?: number;
}

/** What a node has done so far. */
interface Past {
  readonly stored: Set<Entry>;
  readonly delivered: Set<Entry>;
  /** Stored since the node was last given something to do. */
  readonly fresh: Set<Entry>;
  /** Who gave it that, and the entries that came with it. */
  brought: { readonly by: string; readonly entries: readonly Entry[] } | undefined;
  /** Entries that it was ever sent. */
  readonly sent: Set<Entry>;
}

/** The longest run of numbers from 1 that was delivered, per author. */
const clockOf = (run: Run, delivered: ReadonlySet<Entry>): { [author: string]: number } => {
  const numbers = new Map<string, Set<number>>();
  for (const entry of delivered) {
    const facts = run.written[entry];
    if (!facts) continue;
    numbers.set(facts.author, (numbers.get(facts.author) ?? new Set()).add(facts.sequence));
  }
  const clock: { [author: string]: number } = {};
  for (const [author, held] of numbers) {
    let count = 0;
    while (held.has(count + 1)) count += 1;
    if (count > 0) clock[author] = count;
  }
  return clock;
};

// --- Laws of every moment ---------------------------------------------------------------------------

const judgeStore = (run: Run, node: string, entry: Entry, past: Past): Diagnosed | undefined => {
  const facts = run.written[entry];
  if (!facts || facts.bad) {
    return {
      diagnosis: 'took-what-is-not-genuine',
      headline: `${node} stored ${entry}, which its author never wrote like that`,
      saw: `${node} stores ${entry}`,
      expected: `${node} refuses it: records.open says no, or it does not follow its chain`,
      because: 'what enters was signed by its author, in this topic, as the next of a chain',
      place: gossipAt('open'),
    };
  }
  if (past.stored.has(entry)) {
    return {
      diagnosis: 'stored-twice',
      headline: `${node} stored ${entry} twice`,
      saw: `${node} stores ${entry} a second time`,
      expected: 'a second copy changes nothing',
      because: 'messages arrive twice; an entry that is held already is not new',
      place: gossipAt('open'),
    };
  }
  return undefined;
};

const judgeDelivery = (run: Run, node: string, entry: Entry, past: Past): Diagnosed | undefined => {
  if (past.delivered.has(entry)) {
    return {
      diagnosis: 'delivered-twice',
      headline: `${node} delivered ${entry} twice`,
      saw: `the ledger of ${node} is handed ${entry} a second time`,
      expected: 'every entry is delivered once, however often it arrives',
      because: 'a payment of 10 hours that is delivered twice is counted as 20',
      place: gossipAt('take'),
    };
  }
  if (!past.stored.has(entry)) {
    return {
      diagnosis: 'delivered-unstored',
      headline: `${node} delivered ${entry} before it was stored`,
      saw: `deliver ${entry}, and no store of it so far`,
      expected: `store ${entry}, then deliver it`,
      because: 'what was counted and not stored is gone after a restart',
      place: gossipAt('take'),
    };
  }
  const missing = (run.written[entry]?.links ?? []).filter((link) => !past.delivered.has(link));
  if (missing.length === 0) return undefined;
  return {
    diagnosis: 'effect-before-cause',
    headline: `${node} delivered ${entry} before what it rests on`,
    saw: `${node} delivers ${entry}, and lacks ${listText(missing)}`,
    expected: `${entry} waits until ${listText(missing)} is delivered`,
    because: 'an entry names what its author had seen: causes come before effects',
    place: gossipAt('settle'),
  };
};

/** Entries that a message says its sender has. */
const claimedIn = (event: Extract<Event, { on: 'say' }>): readonly Entry[] => {
  const { type, entries, ids } = event.said;
  return type === 'announce' ? [...entries, ...ids] : entries;
};

const judgeWords = (
  run: Run,
  event: Extract<Event, { on: 'say' }>,
  past: Past,
): Diagnosed | undefined => {
  const { node, to, said } = event;
  if (to === node) {
    return {
      diagnosis: 'talks-to-itself',
      headline: `${node} sent a message to itself`,
      saw: eventText(event) ?? said.type,
      expected: 'messages go to peers',
      because: 'a node learns nothing from itself',
      place: gossipAt('announce'),
    };
  }
  const unstored = claimedIn(event).filter((entry) => !past.stored.has(entry));
  if (unstored.length > 0) {
    return {
      diagnosis: 'said-before-stored',
      headline: `${node} spoke of ${unstored[0]} without having stored it`,
      saw: `${eventText(event)}; stored there: ${listText([...past.stored])}`,
      expected: `${node} stores ${unstored[0]} first`,
      because: 'after a crash a node must still have what it told others of',
      place: gossipAt('take'),
    };
  }
  const old = said.type === 'announce' ? said.entries.filter((each) => !past.fresh.has(each)) : [];
  if (old.length > 0) {
    return {
      diagnosis: 'rebroadcast',
      headline: `${node} announced ${old[0]} again, although it was not new there`,
      saw: eventText(event) ?? said.type,
      expected: `an entry is announced by ${node} when it enters there, and never again`,
      because: 'if copies are passed on, every copy makes more copies, without end',
      place: gossipAt('take'),
    };
  }
  const { brought } = past;
  const back = brought?.by === to && said.type === 'announce' ? brought.entries : [];
  const returned = said.entries.filter((entry) => back.includes(entry));
  if (returned.length > 0) {
    return {
      diagnosis: 'told-the-bringer',
      headline: `${node} announced ${returned[0]} to ${to}, who had brought it`,
      saw: eventText(event) ?? said.type,
      expected: `${node} tells others, and not ${to}`,
      because: 'whoever brings an entry has it: to tell them is a message for nothing',
      place: gossipAt('announce'),
    };
  }
  return said.type === 'digest'
    ? judgeClaim(run, node, said.clock ?? {}, past, 'a digest of')
    : undefined;
};

/** A clock may not say more than was delivered. */
const judgeClaim = (
  run: Run,
  node: string,
  clock: Counters,
  past: Past,
  what: string,
): Diagnosed | undefined => {
  const held = clockOf(run, past.delivered);
  const author = Object.keys(clock).find((name) => clock[name]! > (held[name] ?? 0));
  if (author === undefined) return undefined;
  const common = {
    headline: `${node} claims ${author} ${clock[author]} and does not hold all of it`,
    saw: `${what} ${clockText(clock)}`,
    expected: `${clockText(held)}: that much was delivered at ${node} without a hole`,
  };
  if (!past.sent.has(`${author}#${clock[author]}`)) {
    return {
      ...common,
      diagnosis: 'believes-digests',
      because: `a digest is a claim: what others say they hold, ${node} does not hold by hearing of it`,
      place: gossipAt('compare'),
    };
  }
  return {
    ...common,
    diagnosis: 'clock-over-a-hole',
    because: 'a counter of 5 says that 1 to 5 are all here; nobody sends what you claim to have',
    place: logAt('clock'),
  };
};

const judgeState = (run: Run, node: string, state: State, past: Past): Diagnosed | undefined => {
  const held = clockOf(run, past.delivered);
  const authors = [...new Set([...Object.keys(held), ...Object.keys(state.clock)])];
  const over = judgeClaim(run, node, state.clock, past, `the clock of ${node} says`);
  if (over) return over;
  const under = authors.find((author) => (state.clock[author] ?? 0) < (held[author] ?? 0));
  if (under !== undefined) {
    return {
      diagnosis: 'clock-behind',
      headline: `${node} holds more of ${under} than its clock says`,
      saw: `the clock of ${node} says ${clockText(state.clock)}`,
      expected: clockText(held),
      because: 'what a clock leaves out is sent again and again',
      place: logAt('clock'),
    };
  }
  const delivered = [...past.delivered].sort();
  if (state.held.join(' ') === delivered.join(' ') && state.count === delivered.length)
    return undefined;
  return {
    diagnosis: 'held-is-not-delivered',
    headline: `${node} says it holds something else than was delivered there`,
    saw: `${state.count} held: ${listText(state.held)}`,
    expected: `${delivered.length}: ${listText(delivered)}`,
    because: 'an entry is held once it is stored and delivered, and not before',
    place: logAt('add'),
  };
};

const judgeEvent = (
  run: Run,
  event: Event,
  past: Past,
  demands: Demands,
): Diagnosed | undefined => {
  switch (event.on) {
    case 'malformed':
      return {
        diagnosis: 'message-malformed',
        headline: `${event.node} sent a message that no frame can carry`,
        saw: event.reason,
        expected: 'the shape that #contracts/messages.ts gives that type',
        because: 'what does not fit its schema is dropped by whoever receives it',
        place: gossipAt('create'),
      };
    case 'store':
      return judgeStore(run, event.node, event.entry, past);
    case 'deliver':
      return judgeDelivery(run, event.node, event.entry, past);
    case 'say':
      return judgeWords(run, event, past);
    case 'state': {
      const { waitingMax = Infinity } = demands;
      if (event.state.waiting > waitingMax) {
        return {
          diagnosis: 'waits-without-bound',
          headline: `${event.node} keeps ${event.state.waiting} entries waiting; ${waitingMax} are allowed`,
          saw: `${event.state.waiting} waiting`,
          expected: `at most settings.waitingMax, here ${waitingMax}; the oldest leave`,
          because: 'anybody can sign entries that name parents which nobody wrote',
          place: gossipAt('take'),
        };
      }
      return judgeState(run, event.node, event.state, past);
    }
    default:
      return undefined;
  }
};

/** Who said what somebody hears, and the entries in it. */
const broughtBy = (
  events: readonly Event[],
  event: Extract<Event, { on: 'hear' }>,
): Past['brought'] => {
  const { node, said } = saying(events, event);
  return { by: node, entries: said.entries };
};

const remember = (event: Event, events: readonly Event[], pasts: Map<string, Past>): void => {
  if (event.on === 'step') {
    for (const past of pasts.values()) {
      past.fresh.clear();
      past.brought = undefined;
    }
  }
  if (!('node' in event)) return;
  const past = pasts.get(event.node);
  if (past && (event.on === 'hear' || event.on === 'timer')) {
    past.fresh.clear();
    past.brought = event.on === 'hear' ? broughtBy(events, event) : undefined;
    for (const entry of past.brought?.entries ?? []) past.sent.add(entry);
  }
  if (event.on === 'store') {
    past?.stored.add(event.entry);
    past?.fresh.add(event.entry);
  }
  if (event.on === 'deliver') past?.delivered.add(event.entry);
  if (event.on === 'forget') {
    past?.stored.delete(event.entry);
    past?.delivered.delete(event.entry);
  }
};

// --- A whole run --------------------------------------------------------------------------------------

/** A schedule on one line. */
export const scheduleText = (steps: readonly string[]): string => steps.join(', ');

/** The first law that a run breaks; undefined if it keeps them all. */
export const judgeRun = (
  play: Pick<Play, 'names' | 'steps' | 'apart'>,
  run: Run,
  demands: Demands,
): Finding | undefined => {
  const strangers = (play.apart ?? []).map(([left, right]) => `${left} and ${right}`).join(', ');
  const links = strangers === '' ? '' : ` (no link between ${strangers})`;
  const input = `${run.names.join(', ')}${links}: ${scheduleText(play.steps)}`;
  const pasts = new Map<string, Past>();
  for (const name of run.names) {
    pasts.set(name, {
      stored: new Set(),
      delivered: new Set(),
      fresh: new Set(),
      sent: new Set(),
      brought: undefined,
    });
  }
  for (const event of run.events) {
    const past = 'node' in event ? pasts.get(event.node) : undefined;
    const broken = past && judgeEvent(run, event, past, demands);
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
        { atMs: endOf(run), text: `${stuck} still keeps entries waiting`, bad: true },
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
