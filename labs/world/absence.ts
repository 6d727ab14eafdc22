/**
 * What never happened: why an entry did not reach a node that everybody could reach, and who talks
 * although there is nothing left to say. Read off what was said and heard, from the entry backwards.
 */
import { gossipAt, type Diagnosed } from './diagnosis.ts';
import { saying, type Entry, type Run, type Said } from './run.ts';
import { listText } from './words.ts';

type Why = Pick<Diagnosed, 'diagnosis' | 'because' | 'place'> | undefined;

/** Why a node did not get by name what something that it heard rests on. */
const whyNotByName = (
  { events, written }: Run,
  node: string,
  entry: Entry,
  waits: boolean,
): Why => {
  const asked = events.flatMap((event) => {
    const isRequest = event.on === 'say' && event.node === node && event.said.type === 'request';
    return isRequest && event.said.ids.includes(entry) ? [event] : [];
  });
  if (asked.length > 0 && asked.every(({ fate }) => fate === 'is lost')) {
    return {
      diagnosis: 'asks-once',
      because: `the question for it was lost, and ${node} did not ask again`,
      place: gossipAt('ask'),
    };
  }
  if (asked.length > 0) {
    return {
      diagnosis: 'request-unanswered',
      because: `${node} asked for it by name, and nobody sent it`,
      place: gossipAt('answer'),
    };
  }
  const resting = events
    .flatMap((event) =>
      event.on === 'hear' && event.node === node ? saying(events, event).said.entries : [],
    )
    .find((each) => written[each]?.links.includes(entry));
  if (resting === undefined) return undefined;
  if (waits) {
    return {
      diagnosis: 'waits-without-asking',
      because: `${resting} came and names it: ${node} keeps that waiting, and never asked for ${entry}`,
      place: gossipAt('ask'),
    };
  }
  return {
    diagnosis: 'drops-what-waits',
    because: `${resting} came and names it: ${node} neither kept that nor asked for ${entry}`,
    place: gossipAt('take'),
  };
};

/** Why a node does not hold what it was sent. */
const whyNotOnArrival = (run: Run, node: string, heard: readonly Said[], entry: Entry): Why => {
  const arrived = [...new Set(heard.flatMap(({ entries }) => entries))];
  if (!arrived.includes(entry)) return undefined;
  const { held = [], waiting = 0 } = run.end[node] ?? {};
  // As many wait as came and are not held: this one is among them.
  if (waiting === arrived.filter((each) => !held.includes(each)).length) {
    return {
      diagnosis: 'left-waiting',
      because: `it did arrive and still waits, although nothing that it names is missing any more`,
      place: gossipAt('settle'),
    };
  }
  return {
    diagnosis: 'dropped-on-arrival',
    because: `it did arrive, and was neither taken nor kept until it could be`,
    place: gossipAt('take'),
  };
};

/** Why no digest, question and answer brought it. */
const whyNotByPull = ({ events, written }: Run, node: string, entry: Entry): Why => {
  const { author, sequence } = written[entry]!;
  const covers = (range: string): boolean => {
    const [name, from, to] = range.split(/ |\.\./);
    return name === author && Number(from) <= sequence && sequence <= Number(to);
  };
  const claimed = events.findLastIndex((event) => {
    if (event.on !== 'hear' || event.node !== node) return false;
    const { type, clock } = saying(events, event).said;
    return type === 'digest' && (clock?.[author] ?? 0) >= sequence;
  });
  if (claimed < 0) {
    return {
      diagnosis: 'never-compares-notes',
      because: `nobody told ${node} in a digest what they hold; what a push lost stays lost`,
      place: gossipAt('elapsed'),
    };
  }
  const asked = events.flatMap((event, index) => {
    const isPull = event.on === 'say' && event.node === node && event.said.type === 'pull-request';
    return isPull && (event.said.ranges ?? []).some(covers) ? [{ index, fate: event.fate }] : [];
  });
  if (asked.length === 0) {
    return {
      diagnosis: 'behind-and-silent',
      because: `${node} heard a digest that shows it behind, and never asked`,
      place: gossipAt('compare'),
    };
  }
  const allLost = asked.every(({ fate }) => fate === 'is lost');
  if (allLost && asked.every(({ index }) => index < claimed)) {
    return {
      diagnosis: 'pulls-once',
      because: `the question for the run was lost, and ${node} did not ask again`,
      place: gossipAt('pull'),
    };
  }
  const answers = events
    .slice(asked[0]!.index)
    .flatMap((event) =>
      event.on === 'say' && event.to === node && event.said.type === 'pull-response' ? [event] : [],
    );
  if (answers.length === 0 && allLost) {
    return {
      diagnosis: 'never-compares-notes',
      because: `the question was lost, and nobody told ${node} again what they hold`,
      place: gossipAt('elapsed'),
    };
  }
  if (answers.length === 0) {
    return {
      diagnosis: 'pull-unanswered',
      because: `${node} asked for the run that it lacks, and nobody answered`,
      place: gossipAt('serve'),
    };
  }
  if (answers.at(-1)!.said.entries.length === 0) {
    return {
      diagnosis: 'answers-with-nothing',
      because: `the answer to ${node} is empty, although who gave it had claimed to hold the entry`,
      place: gossipAt('serve'),
    };
  }
  return {
    diagnosis: 'stopped-halfway',
    because: `an answer brought a part of what ${node} lacks, and it did not ask for the rest`,
    place: gossipAt('pulled'),
  };
};

/** Why an entry did not come to a node that everybody could reach in the end. */
export const whyMissing = (run: Run, node: string, entry: Entry): Diagnosed => {
  const { events, end } = run;
  const { held = [], waiting = 0 } = end[node] ?? {};
  const heard = events.flatMap((event) =>
    event.on === 'hear' && event.node === node ? [saying(events, event).said] : [],
  );
  const why =
    whyNotOnArrival(run, node, heard, entry) ??
    whyNotByName(run, node, entry, waiting > 0) ??
    whyNotByPull(run, node, entry);
  return {
    headline: `${entry} never reaches ${node}`,
    saw: `at rest ${node} holds ${listText(held)}`,
    expected: `it holds ${entry} as well`,
    ...why!,
  };
};

/** Messages of the last wait that say more than a digest, or digests beyond any need. */
export const whyRestless = (run: Run): Diagnosed | undefined => {
  const begin = run.events.findLastIndex(({ on }) => on === 'step');
  const said = run.events.slice(begin).filter((event) => event.on === 'say');
  const others = said.filter((event) => event.said.type !== 'digest');
  const digests = said.length - others.length;
  const digestsMax = 30 * run.names.length * (run.names.length - 1);
  if (others.length === 0 && digests <= digestsMax) return undefined;
  return {
    diagnosis: 'restless',
    headline: 'Everybody holds everything, and still they talk',
    saw: `${others.length} messages that are no digests, and ${digests} digests, in the last wait`,
    expected: `no message but a digest now and then, at most ${digestsMax} of them here`,
    because: 'a network at rest must cost next to nothing',
    place: gossipAt('compare'),
  };
};
