/**
 * The laws of every moment: what may be stored, delivered, said and claimed, given what a node has done
 * so far.
 */
import { gossipAt, logAt, type Diagnosed } from './diagnosis.ts';
import { saying, type Counters, type Entry, type Event, type Run, type State } from './run.ts';
import { clockText, eventText, listText } from './words.ts';

/** What a node has done so far. */
export interface Past {
  readonly stored: Set<Entry>;
  readonly delivered: Set<Entry>;
  /** Stored since the node was last given something to do. */
  readonly fresh: Set<Entry>;
  /** Who gave it that, and the entries that came with it. */
  brought: { readonly by: string; readonly entries: readonly Entry[] } | undefined;
  /** Entries that it wrote or was ever sent, whole. */
  readonly given: Set<Entry>;
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

const judgeStore = (run: Run, node: string, entry: Entry, past: Past): Diagnosed | undefined => {
  const facts = run.written[entry];
  if (!facts || facts.bad) {
    return {
      diagnosis: 'took-what-is-not-genuine',
      headline: `${node} stored ${entry}, ${facts?.why ?? 'which its author never wrote like that'}`,
      saw: `${node} stores ${entry}`,
      expected:
        facts?.why === undefined
          ? `${node} refuses it: records.open says no, or it does not follow its chain`
          : `${node} refuses it, although it is signed as it should be`,
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
  if (!past.given.has(entry)) {
    return {
      diagnosis: 'took-from-nowhere',
      headline: `${node} stored ${entry}, which nobody had sent there`,
      saw: `${node} stores ${entry}; it wrote or was sent ${listText([...past.given].sort())}`,
      expected: `${node} asks for ${entry}, and takes it from the answer`,
      because:
        'nodes share messages and nothing else: a variable outside create is one for all of them',
      place: gossipAt('take'),
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
  if (!past.given.has(`${author}#${clock[author]}`)) {
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

/** The law of this moment that an event breaks, if it breaks one. */
export const judgeEvent = (
  run: Run,
  event: Event,
  past: Past,
  waitingMax: number,
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

/** What an event adds to what its node has done. */
export const remember = (
  event: Event,
  events: readonly Event[],
  pasts: Map<string, Past>,
): void => {
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
    for (const entry of past.brought?.entries ?? []) past.given.add(entry);
  }
  if (event.on === 'write') past?.given.add(event.entry);
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
