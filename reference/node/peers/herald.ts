/**
 * The herald: what is announced to a peer in quick succession travels in one message.
 *
 * A peer hears so many messages a second and counts a batch of records as one (`rates.ts`). Somebody who
 * signs a thousand entries a second and announces each by itself is not heard, and agreement waits for a
 * digest. So the first announcement to a peer goes at once, and what follows within a window goes together
 * at its end; requests by id likewise. Who is quiet loses nothing by it, and the order of records stays.
 *
 * All lines of a topic end their windows together: where several peers are told the same, it is encoded once.
 */
import type { Cancel, Host } from '#contracts/host.ts';
import type { Did, Topic } from '#contracts/identifiers.ts';
import { BATCH_MAX, type Announce, type Request, type TopicMessage } from '#contracts/messages.ts';

/**
 * Forty messages a second to one peer about one topic. A Known peer is heard fifty times a second and a
 * Partner a hundred: what else is to be said has room. A person does not see 25 ms, nor does a digest.
 */
export const ANNOUNCE_WINDOW_MS = 25;

/** What may wait for company. */
type Gathered = Announce | Request;

/** What one peer is told in the windows of one topic, by one kind of message. */
interface Line {
  readonly peer: Did;
  /** In the order in which it was said, with the number of the call. */
  waiting: { readonly number: number; readonly message: Gathered }[];
  /** Records and ids in it. */
  items: number;
  /** When something was last said. */
  saidAt: number;
}

/** A topic that is being spoken of. */
interface Window {
  readonly lines: Map<string, Line>;
  cancel: Cancel;
}

/** What a herald needs: a clock, timers, and who says what it hands on. */
export interface HeraldOptions {
  readonly host: Pick<Host, 'after' | 'monotonic'>;
  /** A message of any length, to each of these. */
  readonly say: (peers: readonly Did[], message: TopicMessage) => void;
}

/** Between what a node has to say and what it sends. */
export interface Herald {
  /** Says it now, or with the next of its kind within ANNOUNCE_WINDOW_MS. */
  say(peers: readonly Did[], message: TopicMessage): void;
  /** Nothing that waits is said to this peer any more. */
  disconnected(peer: Did): void;
  closed(topic: Topic): void;
  stop(): void;
}

const isGathered = (message: TopicMessage): message is Gathered =>
  message.type === 'announce' || message.type === 'request';

const itemsIn = (message: Gathered): number =>
  message.ids.length + (message.type === 'announce' ? message.records.length : 0);

/** Several messages of one kind as one; there is at least one. */
const joined = (messages: readonly Gathered[]): Gathered => {
  const [first] = messages;
  const ids = [...new Set(messages.flatMap((message) => message.ids))];
  if (first!.type === 'request') return { ...first!, ids };
  const records = messages.flatMap((message) =>
    message.type === 'announce' ? message.records : [],
  );
  return { ...first!, records, ids };
};

const keyOf = (peer: Did, type: Gathered['type']): string => `${type} ${peer}`;

/** A herald that has said nothing yet. */
export const createHerald = ({ host, say }: HeraldOptions): Herald => {
  const windows = new Map<Topic, Window>();
  let calls = 0;

  /** Says what waits in these lines; to those who are told the same, at once. */
  const flush = (lines: Iterable<Line>): void => {
    const alike = new Map<string, { readonly peers: Did[]; readonly messages: Gathered[] }>();
    for (const line of lines) {
      const { peer, waiting } = line;
      if (waiting.length === 0) continue;
      const key = waiting.map(({ number }) => number).join();
      const group = alike.get(key) ?? {
        peers: [],
        messages: waiting.map(({ message }) => message),
      };
      group.peers.push(peer);
      alike.set(key, group);
      Object.assign(line, { waiting: [], items: 0, saidAt: host.monotonic() });
    }
    for (const { peers, messages } of alike.values()) say(peers, joined(messages));
  };

  /** Whether it would be the first announcement for a while. */
  const isQuiet = ({ waiting, saidAt }: Line): boolean =>
    waiting.length === 0 && host.monotonic() - saidAt >= ANNOUNCE_WINDOW_MS;

  /** The end of a window, and the next one while somebody was told something lately. */
  const turn = (topic: Topic, { lines }: Window): void => {
    windows.delete(topic);
    for (const [key, line] of lines) if (isQuiet(line)) lines.delete(key);
    if (lines.size > 0) open(topic, lines);
    flush(lines.values());
  };

  const open = (topic: Topic, lines: Map<string, Line>): Window => {
    const window: Window = {
      lines,
      cancel: host.after(ANNOUNCE_WINDOW_MS, () => turn(topic, window)),
    };
    windows.set(topic, window);
    return window;
  };

  const gather = (peers: readonly Did[], message: Gathered): void => {
    const { topic, type } = message;
    const { lines } = windows.get(topic) ?? open(topic, new Map());
    const number = ++calls;
    const now: Did[] = [];
    const full: Line[] = [];
    for (const peer of peers) {
      const line = lines.get(keyOf(peer, type));
      if (!line || isQuiet(line)) {
        const saidAt = host.monotonic();
        lines.set(keyOf(peer, type), { peer, waiting: [], items: 0, saidAt });
        now.push(peer);
        continue;
      }
      line.waiting.push({ number, message });
      line.items += itemsIn(message);
      if (line.items >= BATCH_MAX) full.push(line);
    }
    if (now.length > 0) say(now, message);
    flush(full);
  };

  return {
    say(peers, message) {
      if (isGathered(message)) {
        gather(peers, message);
        return;
      }
      // A digest claims what is announced: heard before, it would be asked for.
      if (message.type === 'digest') {
        const lines = windows.get(message.topic)?.lines;
        for (const peer of peers) {
          const line = lines?.get(keyOf(peer, 'announce'));
          if (line) flush([line]);
        }
      }
      say(peers, message);
    },
    disconnected(peer) {
      for (const { lines } of windows.values()) {
        lines.delete(keyOf(peer, 'announce'));
        lines.delete(keyOf(peer, 'request'));
      }
    },
    closed(topic) {
      windows.get(topic)?.cancel();
      windows.delete(topic);
    },
    stop() {
      for (const { cancel } of windows.values()) cancel();
      windows.clear();
    },
  };
};
