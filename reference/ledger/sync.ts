/**
 * How a ledger alone would speak on the wire: three words, each a gossip message in disguise.
 *
 *     NewEntry       here is an entry           Announce with one record inside
 *     RequestEntry   send me this one           Request with one id
 *     EntryResponse  here it is, or I lack it   Response with one record, or one missing id
 *
 * The node itself never says them: its gossip sends entries in lots. They are here for programs that
 * hold a ledger and no gossip. There is no second wire format: what these helpers write, any gossip
 * node reads. An entry is a claim
 * (`Json`) on the way in; the records layer opens it.
 */
import type { Frames, FrameStatus } from '#contracts/frames.ts';
import {
  LEDGER_TOPIC_PATTERN,
  ledgerTopic,
  type Json,
  type RecordId,
  type Topic,
} from '#contracts/identifiers.ts';
import type { Message } from '#contracts/messages.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** Three words between two ledgers. */
export type SyncMessage =
  | { readonly type: 'NewEntry'; readonly topic: Topic; readonly entry: Json }
  | { readonly type: 'RequestEntry'; readonly topic: Topic; readonly id: RecordId }
  | { readonly type: 'EntryResponse'; readonly topic: Topic; readonly entry: Json }
  /** The answerer does not hold it. */
  | { readonly type: 'EntryResponse'; readonly topic: Topic; readonly missing: RecordId };

/** The currency that a topic carries; undefined where it is no ledger topic. */
export const currencyOf = (topic: Topic): string | undefined =>
  LEDGER_TOPIC_PATTERN.test(topic) ? topic.slice(ledgerTopic('').length) : undefined;

const toWire = (message: SyncMessage): Message => {
  const { topic } = message;
  switch (message.type) {
    case 'NewEntry':
      return { type: 'announce', topic, records: [message.entry], ids: [] };
    case 'RequestEntry':
      return { type: 'request', topic, ids: [message.id] };
    case 'EntryResponse':
      return 'missing' in message
        ? { type: 'response', topic, records: [], missing: [message.missing] }
        : { type: 'response', topic, records: [message.entry], missing: [] };
  }
};

/** One thing and nothing beside it: a batch says more than these words can. */
const ofWire = (message: Message): SyncMessage | undefined => {
  if (!('topic' in message)) return undefined;
  const { topic } = message;
  const records = 'records' in message ? message.records : [];
  const ids = message.type === 'response' ? message.missing : 'ids' in message ? message.ids : [];
  const [entry] = records;
  const [id] = ids;
  if (records.length + ids.length !== 1) return undefined;
  if (message.type === 'announce' && entry !== undefined) return { type: 'NewEntry', topic, entry };
  if (message.type === 'request' && id !== undefined) return { type: 'RequestEntry', topic, id };
  if (message.type !== 'response') return undefined;
  if (entry !== undefined) return { type: 'EntryResponse', topic, entry };
  return id === undefined ? undefined : { type: 'EntryResponse', topic, missing: id };
};

/** One frame. Throws where the message has no canonical form: a bug of the caller. */
export const serializeSyncMessage = (frames: Frames, message: SyncMessage): Uint8Array =>
  frames.encode(toWire(message));

/** Reads the bytes of one whole frame; anything but one of the three words is `message_malformed`. */
export const deserializeSyncMessage = (
  frames: Frames,
  bytes: Uint8Array,
): Outcome<SyncMessage, FrameStatus> => {
  const decoder = frames.decoder();
  const [first, ...others] = decoder.push(bytes);
  const end = decoder.end();
  if (first && !first.ok) return first;
  if (!end.ok) return end;
  const message = first && others.length === 0 ? ofWire(first.value) : undefined;
  return message
    ? accepted(message)
    : refused('message_malformed', 'expected one NewEntry, RequestEntry or EntryResponse');
};
