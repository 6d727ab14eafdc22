/**
 * The event stream: server-sent events, each with an id, so that whoever was cut off goes on where they were.
 *
 * The last events are kept in a ring. A watcher that comes back says the last id it heard
 * (`Last-Event-ID`) and is told what it missed; where the ring does not reach back so far, or the node
 * has started anew since, it is told that too, as an event of its own: `missed`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Node } from '#contracts/node.ts';
import { eventView } from './events.ts';

/** Watchers at one time. */
export const STREAMS_MAX = 16;
/** Unsent events of one slow watcher, in bytes; beyond it the stream is ended. */
export const STREAM_BYTES_MAX = 1_048_576;
/** Events kept for those who come back. */
export const EVENTS_KEPT_MAX = 1_024;
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
export const createEventStream = (node: Node, epoch: string): EventStream => {
  const kept: KeptEvent[] = [];
  const streams = new Set<ServerResponse>();
  let last = 0;

  const say = (response: ServerResponse, text: string): void => {
    if (response.writableLength > STREAM_BYTES_MAX) response.destroy();
    else response.write(text);
  };

  const cancel = node.watch((event) => {
    last += 1;
    const text = `id: ${epoch}.${last}\ndata: ${JSON.stringify(eventView(node, event))}\n\n`;
    kept.push({ number: last, text });
    if (kept.length > EVENTS_KEPT_MAX) kept.shift();
    for (const response of streams) say(response, text);
  });

  const heartbeat = setInterval(() => {
    for (const response of streams) say(response, ': here\n\n');
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
      if (streams.size >= STREAMS_MAX) return false;
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': here\n\n');
      const heard = request.headers['last-event-id'];
      if (typeof heard === 'string') response.write(missedSince(heard));
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return true;
    },
    close() {
      cancel();
      clearInterval(heartbeat);
      for (const response of streams) response.end();
    },
  };
};
