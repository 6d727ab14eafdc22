/** Runs in words: what a person reads of an event, a message, a clock. */
import type { TraceLine } from '#checkpoint';
import type { Counters, Event, Said } from './run.ts';

/** `{ann 2, ben 1}`; authors in alphabetical order, so that equal clocks read alike. */
export const clockText = (clock: Counters): string => {
  const parts = Object.entries(clock).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${parts.map(([name, count]) => `${name} ${count}`).join(', ')}}`;
};

/** `ann#1 ann#2`, or `nothing`; a long list is cut in the middle. */
export const listText = (items: readonly string[]): string => {
  if (items.length === 0) return 'nothing';
  if (items.length <= 8) return items.join(' ');
  return `${items.slice(0, 4).join(' ')} ... ${items.slice(-2).join(' ')} (${items.length})`;
};

const saidText = (node: string, to: string, said: Said): string => {
  const { entries, ids } = said;
  switch (said.type) {
    case 'announce':
      return `${node} announces ${listText([...entries, ...ids])} to ${to}`;
    case 'request':
      return `${node} asks ${to} for ${listText(ids)} by name`;
    case 'response':
      return entries.length > 0
        ? `${node} sends ${to} ${listText(entries)} by name`
        : `${node} tells ${to} that it lacks ${listText(ids)}`;
    case 'digest':
      return `${node} tells ${to} that it holds ${clockText(said.clock ?? {})}`;
    case 'pull-request':
      return `${node} asks ${to} for ${(said.ranges ?? []).join(', ') || 'nothing'}`;
    default:
      return `${node} sends ${to} ${listText(entries)}${said.truncated ? ', and there is more' : ''}`;
  }
};

/** An event in words; undefined for what another line says already. */
export const eventText = (event: Event): string | undefined => {
  switch (event.on) {
    case 'step':
      return event.step.startsWith('write') ? undefined : `(${event.step})`;
    case 'write':
      return `${event.node} writes ${event.entry}`;
    case 'store':
      return undefined;
    case 'deliver':
      return `${event.node} takes ${event.entry}`;
    case 'forget':
      return `${event.node} gives up ${event.entry}`;
    case 'say':
      return `${saidText(event.node, event.to, event.said)}${event.fate === 'arrives' ? '' : `: ${event.fate}`}`;
    case 'hear':
      return undefined;
    case 'timer':
      return undefined;
    case 'malformed':
      return `${event.node} says what no frame can carry: ${event.reason}`;
    case 'state': {
      const { clock, waiting } = event.state;
      const waits = waiting > 0 ? `, ${waiting} waiting` : '';
      return `${event.node} holds ${clockText(clock)}${waits}`;
    }
  }
};

/** The trace of a run: every event that has words. */
export const linesOf = (
  events: readonly Event[],
  isBad: (event: Event) => boolean = () => false,
): TraceLine[] =>
  events.flatMap((event) => {
    const stores = event.on === 'store' && isBad(event);
    const text = stores ? `${event.node} stores ${event.entry}` : eventText(event);
    return text === undefined
      ? []
      : [{ atMs: event.atMs, text, ...(isBad(event) && { bad: true }) }];
  });
