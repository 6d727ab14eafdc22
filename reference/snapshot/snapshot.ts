/**
 * Snapshots: the state as JSON in its one spelling, under a header that notices every flipped bit.
 *
 * One spelling means that JSON prints what it read: a key that came twice, white space and a rounded
 * number do not survive that, whoever computed the checksum. Order is the schema's affair.
 */
import type { Content } from '#contracts/content.ts';
import type { Json } from '#contracts/identifiers.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';
import {
  SNAPSHOT_VERSION,
  type CoordinationState,
  type CreateSnapshot,
  type Snapshot,
} from '#contracts/snapshot.ts';
import type { TopicAccess, TopicPolicy } from '#contracts/topics.ts';
import { seal, unseal } from './header.ts';
import { migrate, MIGRATIONS, type Migrations } from './migrations.ts';
import { stateSchema } from './schema.ts';

/** The reference filling of layer 10. */
export const create: CreateSnapshot = ({ content }) =>
  createFormat(content, SNAPSHOT_VERSION, MIGRATIONS);

/** The format with another newest version and its way there: what the next version will be. */
export const createFormat = (
  content: Content,
  version: number,
  migrations: Migrations,
): Snapshot => {
  const decode: Snapshot['decode'] = (bytes) => {
    const body = unseal(content, bytes);
    if (!body.ok) return body;
    if (body.value.version > version) {
      return refused(
        'newer_version',
        `it has version ${body.value.version}, and this program reads up to ${version}`,
      );
    }
    const json = parse(body.value.text);
    if (!json.ok) return json;
    const migrated = migrate(migrations, body.value.version, version, json.value);
    return migrated.ok ? check(migrated.value) : migrated;
  };

  return {
    encode(state) {
      const bytes = seal(content, { version, text: JSON.stringify(inOrder(state)) });
      const reread = decode(bytes);
      if (!reread.ok) throw new RangeError(`no snapshot can hold this state: ${reread.reason}`);
      return bytes;
    },
    decode,
  };
};

const parse = (text: string): Outcome<Json, 'damaged'> => {
  try {
    const value = JSON.parse(text) as Json;
    if (JSON.stringify(value) === text) return accepted(value);
    return refused('damaged', 'its JSON is not in its one spelling');
  } catch {
    return refused('damaged', 'it holds no JSON'); // Too deep for a stack, it is none of ours either.
  }
};

const check = (state: Json): Outcome<CoordinationState, 'damaged'> => {
  const checked = stateSchema.safeParse(state);
  if (checked.success) return accepted(checked.data);
  const [issue] = checked.error.issues;
  const place = issue?.path.join('.') || 'state';
  return refused('damaged', `${place}: ${issue?.message}`.slice(0, 300));
};

/** The state with its keys in the contract's order and everything else sorted. */
const inOrder = (state: CoordinationState): CoordinationState => ({
  owner: state.owner,
  topics: state.topics.map(policyInOrder).sort((left, right) => byName(left.topic, right.topic)),
  subscriptions: mapInOrder(state.subscriptions, (dids) => dids.toSorted()),
  clocks: mapInOrder(state.clocks, (clock) => mapInOrder(clock, (count) => count)),
  ownTips: mapInOrder(state.ownTips, ({ sequence, id, timestamp }) => ({
    sequence,
    id,
    timestamp,
  })),
});

const policyInOrder = ({ topic, access, scope, retention }: TopicPolicy): TopicPolicy => ({
  topic,
  access: accessInOrder(access),
  scope,
  ...(retention && {
    retention: { recordsMax: retention.recordsMax, ageMsMax: retention.ageMsMax },
  }),
});

const accessInOrder = (access: TopicAccess): TopicAccess => {
  switch (access.access) {
    case 'Public':
      return { access: 'Public' };
    case 'Private':
      return { access: 'Private', allowed: access.allowed.toSorted() };
    case 'TrustGated':
      return { access: 'TrustGated', minTrust: access.minTrust };
  }
};

const mapInOrder = <Value>(
  map: { readonly [key: string]: Value },
  each: (value: Value) => Value,
): { readonly [key: string]: Value } =>
  Object.fromEntries(
    Object.entries(map)
      .sort(([left], [right]) => byName(left, right))
      .map(([key, value]) => [key, each(value)]),
  );

const byName = (left: string, right: string): number => {
  if (left === right) return 0;
  return left < right ? -1 : 1;
};
