/** What may be asked of the topics, and said in those that are no ledger. */
import * as z from 'zod';
import { messageOf } from '#contracts/faults.ts';
import type { Did, Json, Topic } from '#contracts/identifiers.ts';
import { CLOCK_COMPONENTS_MAX } from '#contracts/messages.ts';
import type { Node, TopicView } from '#contracts/node.ts';
import { refused } from '#contracts/outcome.ts';
import { NOTE_BYTES_MAX, type NoteBody, type SignedRecord } from '#contracts/records.ts';
import { RETENTION_DEFAULT, TOPIC_SCOPES, type TopicAccess } from '#contracts/topics.ts';
import { TRUST_CLASSES } from '#contracts/trust.ts';
import { nameOf } from '#reference/operations/people.ts';
import {
  change,
  method,
  none,
  notRunning,
  ok,
  person,
  who,
  type Answer,
  type Methods,
} from './method.ts';

const DAY_MS = 86_400_000;
/** Notes in one answer. */
const NOTES_MAX = 1_000;
/** Ids of one answer; whoever wants all of a ledger exports it. */
const HEADS_SHOWN_MAX = 64;

const EXPECTED = 'expected a topic, such as garden:plans';
const topic = z.string().min(1, EXPECTED).max(128, EXPECTED);

/** A rule as people write it: `public`, `alice, bob`, `trusted as Partner`. */
const accessText = (node: Node, access: TopicAccess): string => {
  switch (access.access) {
    case 'Public':
      return 'public';
    case 'Private':
      return access.allowed.map((did) => nameOf(did, node.network.genesis)).join(', ');
    case 'TrustGated':
      return `trusted as ${access.minTrust}`;
  }
};

const view = (node: Node, { access, scope, retention, ...rest }: TopicView): Json => ({
  ...rest,
  access: accessText(node, access),
  scope,
  retention: retention === undefined ? null : { ...retention },
});

/**
 * The answer, once a restart would not undo what it says; where that cannot be kept, what is true meanwhile.
 */
const kept = async (node: Node, answer: Answer, meanwhile: string): Promise<Answer> => {
  if (!node.snapshots) return answer;
  return node.keep().then(
    () => answer,
    (error: unknown) =>
      refused(
        'store_failed',
        `${meanwhile}, until the next start: ${messageOf(error)}. Then "npm run node snapshot save"`,
      ),
  );
};

const open = (
  node: Node,
  asked: {
    readonly topic: Topic;
    readonly allowed?: readonly string[] | undefined;
    readonly minTrust?: (typeof TRUST_CLASSES)[number] | undefined;
    readonly scope: (typeof TOPIC_SCOPES)[number];
    readonly records: number;
    readonly days: number;
  },
): Answer | Promise<Answer> => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  const { allowed, minTrust, scope, records, days } = asked;
  if (allowed !== undefined && minTrust !== undefined) {
    return refused('params_invalid', 'a topic is for the named ones or for the trusted, not both');
  }
  const dids: Did[] = [];
  for (const text of allowed ?? []) {
    const found = who(node, text);
    if (!found.ok) return found;
    dids.push(found.value);
  }
  const access: TopicAccess =
    allowed !== undefined
      ? { access: 'Private', allowed: [...new Set([node.did, ...dids])].sort() }
      : minTrust !== undefined
        ? { access: 'TrustGated', minTrust }
        : { access: 'Public' };
  const retention = { recordsMax: records, ageMsMax: days * DAY_MS };
  const outcome = node.open({ topic: asked.topic, access, scope, retention });
  if (!outcome.ok) return outcome;
  const opened = ok({ topic: asked.topic, access: accessText(node, access), scope });
  return kept(node, opened, `${asked.topic} is open`);
};

const unknown = (name: Topic): Answer => refused('topic_unknown', `${name} is not open here`);

const close = (node: Node, asked: { readonly topic: Topic }): Answer | Promise<Answer> => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  if (node.close(asked.topic)) {
    return kept(node, ok({ closed: asked.topic }), `${asked.topic} is closed`);
  }
  return node.topics().some((each) => each.topic === asked.topic)
    ? refused('topic_reserved', `${asked.topic} stays open`)
    : unknown(asked.topic);
};

const publish = async (
  node: Node,
  asked: { readonly topic: Topic; readonly text: string },
): Promise<Answer> => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  const outcome = await node.publish(asked.topic, asked.text);
  return outcome.ok ? ok({ id: outcome.value, topic: asked.topic }) : outcome;
};

/** What was said, in one line of text each where it is a note. */
const saying = (node: Node, record: SignedRecord): Json => ({
  id: record.id,
  author: nameOf(record.author, node.network.genesis),
  sequence: record.sequence,
  timestamp: record.timestamp,
  kind: record.kind,
  text: (record.body as Partial<NoteBody>).text ?? JSON.stringify(record.body),
});

const said = (node: Node, asked: { readonly topic: Topic; readonly limit: number }): Answer => {
  const refusal = notRunning(node);
  if (refusal) return refusal;
  const known = node.topics().find((each) => each.topic === asked.topic);
  if (!known) return unknown(asked.topic);
  if (known.retention === undefined) {
    return refused('topic_reserved', `${asked.topic} is a ledger: ask for its history`);
  }
  const records = node.said(asked.topic).slice(-asked.limit);
  return ok({ topic: asked.topic, said: records.map((record) => saying(node, record)) });
};

const heads = (node: Node, asked: { readonly topic: Topic }): Answer => {
  if (!node.topics().some((each) => each.topic === asked.topic)) return unknown(asked.topic);
  const ids = node.knowledge(asked.topic).heads();
  return ok({ topic: asked.topic, count: ids.length, heads: ids.slice(0, HEADS_SHOWN_MAX) });
};

/** What a digest of a topic would say just now. */
const digest = (node: Node, asked: { readonly topic: Topic }): Answer => {
  const found = node.topics().find((each) => each.topic === asked.topic);
  if (!found) return unknown(asked.topic);
  const components = [...node.knowledge(asked.topic).clock()];
  return ok({
    topic: found.topic,
    count: found.records,
    fingerprint: found.fingerprint,
    clock: Object.fromEntries(components.slice(0, CLOCK_COMPONENTS_MAX)),
    more: Math.max(components.length - CLOCK_COMPONENTS_MAX, 0),
  });
};

export const gossipMethods: Methods = {
  'gossip.topics': method('what is held of each topic', none, (node) =>
    ok(node.topics().map((each) => view(node, each))),
  ),
  'gossip.open': change(
    'opens a topic that is no ledger',
    z.strictObject({
      topic,
      allowed: z.array(person).max(1_024).optional(),
      minTrust: z.enum(TRUST_CLASSES).optional(),
      scope: z.enum(TOPIC_SCOPES).default('network'),
      records: z.int().min(1).max(100_000).default(RETENTION_DEFAULT.recordsMax),
      days: z
        .int()
        .min(1)
        .max(3_650)
        .default(RETENTION_DEFAULT.ageMsMax / DAY_MS),
    }),
    open as (node: Node, params: unknown) => Answer | Promise<Answer>,
  ),
  'gossip.close': change('closes it, here', z.strictObject({ topic }), close),
  'gossip.publish': change(
    'says something in an open topic',
    z.strictObject({
      topic,
      text: z
        .string()
        .min(1, 'expected something to say')
        .refine(
          (text) => Buffer.byteLength(text) <= NOTE_BYTES_MAX,
          `at most ${NOTE_BYTES_MAX} bytes`,
        )
        .refine((text) => !/\p{Surrogate}/u.test(text), 'half of a surrogate pair has no UTF-8'),
    }),
    publish,
  ),
  'gossip.said': method(
    'what is remembered of a topic that is no ledger, causes first',
    z.strictObject({ topic, limit: z.int().min(1).max(NOTES_MAX).default(NOTES_MAX) }),
    said as (node: Node, params: unknown) => Answer,
  ),
  'gossip.digest': method(
    'what a digest of a topic says: clock, count and fingerprint',
    z.strictObject({ topic }),
    digest,
  ),
  'gossip.heads': method('records that nobody names yet', z.strictObject({ topic }), heads),
};
