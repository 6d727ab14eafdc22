/**
 * The event stream: server-sent events, each with an id, so that whoever was cut off goes on where they were.
 *
 * The last events are kept in a ring. A watcher that comes back says the last id it heard
 * (`Last-Event-ID`) and is told what it missed; where the ring does not reach back so far, or the node
 * has started anew since, it is told that too, as an event of its own: `missed`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CreateMailbox } from '#contracts/mailbox.ts';
import type { Node } from '#contracts/node.ts';
import { eventView } from './events.ts';
import { createWatcher, type Watcher } from './watcher.ts';

/** Watchers at one time. */
export const STREAMS_MAX = 16;
/** Events kept for those who come back, and their bytes. */
export const EVENTS_KEPT_MAX = 1_024;
export const EVENT_BYTES_KEPT_MAX = 1_048_576;
/** A comment in a quiet stream: both ends learn that the other is there. */
const HEARTBEAT_MS = 15_000;

interface KeptEvent {
  readonly number: number;
  readonly text: string;
}

export interface EventStream {
  /** Serves a watcher until it leaves or is too slow. False where there are enough of them. */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
  /** Ends every stream. */
  close(): void;
}

const MISSED = 'data: {"event":"missed"}\n\n';

/** `epoch` tells this start of the node from every other. */
export const createEventStream = (
  node: Node,
  epoch: string,
  createMailbox: CreateMailbox,
): EventStream => {
  const kept: KeptEvent[] = [];
  const watchers = new Set<Watcher>();
  let keptBytes = 0;
  let last = 0;

  const keep = (number: number, text: string): void => {
    kept.push({ number, text });
    keptBytes += text.length;
    while (kept.length > EVENTS_KEPT_MAX || keptBytes > EVENT_BYTES_KEPT_MAX) {
      keptBytes -= kept.shift()?.text.length ?? 0;
    }
  };

  const cancel = node.watch((event) => {
    last += 1;
    const text = `id: ${epoch}.${last}\ndata: ${JSON.stringify(eventView(node, event))}\n\n`;
    keep(last, text);
    for (const watcher of watchers) watcher.tell(text);
  });

  const heartbeat = setInterval(() => {
    for (const watcher of watchers) watcher.tell(': here\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();

  /** What a watcher missed that heard this id last. */
  const missedSince = (id: string): string => {
    const [heardEpoch, text = ''] = id.split('.');
    const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    const oldest = kept[0]?.number ?? last + 1;
    const reaches = heardEpoch === epoch && number >= oldest - 1 && number <= last;
    const texts = kept.filter((each) => !reaches || each.number > number).map((each) => each.text);
    return `${reaches ? '' : MISSED}${texts.join('')}`;
  };

  return {
    serve(request, response) {
      if (watchers.size >= STREAMS_MAX) return false;
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': here\n\n');
      const heard = request.headers['last-event-id'];
      if (typeof heard === 'string') response.write(missedSince(heard));
      const watcher = createWatcher(response, createMailbox);
      watchers.add(watcher);
      response.on('close', () => watchers.delete(watcher));
      return true;
    },
    close() {
      cancel();
      clearInterval(heartbeat);
      for (const watcher of watchers) watcher.close();
    },
  };
};
