/** Traces: the few events of a run that show what went wrong, and when. */
import type { TraceLine } from '#checkpoint';
import type { Entry, Event, Run } from './run.ts';
import { linesOf } from './words.ts';

/** Lines of one trace. */
export const TRACE_MAX = 8;

/** Whether an event has to do with one node and some entries. */
export const concerns =
  (node: string, entries: readonly Entry[], run: Run) =>
  (event: Event): boolean => {
    if (event.on === 'step')
      return !event.step.startsWith('write') && !event.step.startsWith('wait');
    if (event.on === 'write' || event.on === 'deliver' || event.on === 'forget') {
      return entries.includes(event.entry) && (event.on === 'write' || event.node === node);
    }
    if (event.on === 'state') return false;
    if (event.on !== 'say') return event.on === 'malformed';
    if (event.node !== node && event.to !== node) return false;
    const named = [...event.said.entries, ...event.said.ids];
    const authors = entries.map((entry) => run.written[entry]?.author);
    const ranges = (event.said.ranges ?? []).some((range) => authors.includes(range.split(' ')[0]));
    const answers = event.said.type === 'pull-response' && event.to === node;
    if (event.said.type === 'digest')
      return Object.keys(event.said.clock ?? {}).length > 0 || event.node === node;
    return answers || ranges || named.some((each) => entries.includes(each));
  };

/** The first and last few lines that matter, the bad one at the end; of equal digests the last is enough. */
export const traceOf = (
  run: Run,
  bad: Event | undefined,
  matters: (event: Event) => boolean,
  closing?: TraceLine,
): readonly TraceLine[] => {
  const until = bad ? run.events.indexOf(bad) + 1 : run.events.length;
  const chosen = run.events.slice(0, until).filter((event) => event === bad || matters(event));
  const lines = linesOf(chosen, (event) => event === bad);
  const last = new Map(lines.map((line, index) => [line.text, index]));
  const isDigest = (text: string) => text.includes(' that it holds {');
  const distinct = lines.filter(
    ({ text }, index) => !isDigest(text) || index >= lines.length - 1 || last.get(text) === index,
  );
  const all = closing ? [...distinct, closing] : distinct;
  if (all.length <= TRACE_MAX) return all;
  return [...all.slice(0, 3), { text: '...' }, ...all.slice(4 - TRACE_MAX)];
};

export const entriesOf = (event: Event): readonly Entry[] => {
  if ('entry' in event) return [event.entry];
  if (event.on === 'say') return [...event.said.entries, ...event.said.ids];
  return [];
};
