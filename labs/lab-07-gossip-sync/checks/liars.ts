/** 07.11: what somebody says who lies. */
import { check, type Check, type Finding } from '#checkpoint';
import type { TopicMessage } from '#contracts/messages.ts';
import type { SignedRecord } from '#contracts/records.ts';
import { asJson, inventedId, signerOf, TOPIC } from '#labs/world/entries.ts';
import { judgeRun } from '#labs/world/laws.ts';
import type { Run } from '#labs/world/run.ts';
import { linesOf } from '#labs/world/words.ts';
import { createWorld, type World } from '#labs/world/world.ts';
import { gossipOf } from './gossip.ts';

/** mallory visits ben, who knows ann; each lie is told to ben. */
const LIES = {
  'an entry of ann with another text under its old name': (world) => {
    const genuine = world.note('ann', { sequence: 1, previous: null, memo: 'ten' }, true);
    announce(world, { ...genuine, body: { accounts: [], memo: 'ten more' } });
  },
  'an altered entry of ann, before ann writes the genuine one': (world) => {
    const genuine = world.note('ann', { sequence: 1, previous: null });
    announce(world, { ...genuine, body: { accounts: [], memo: 'more' } });
  },
  'an entry of ann signed by somebody else': (world) => {
    const genuine = world.note('ann', { sequence: 1, previous: null, memo: 'forged' }, true);
    const other = world.note('mallory', { sequence: 1, previous: null }, true);
    announce(world, { ...genuine, signature: other.signature });
  },
  'an entry of another topic': (world) => {
    announce(
      world,
      world.note('mallory', { sequence: 1, previous: null, topic: 'ledger:euros' }, true),
    );
  },
  'an entry of somebody who may not publish here': (world) => {
    announce(world, world.note('outlaw', { sequence: 1, previous: null }, true));
  },
  'an entry that skips a number': (world) => {
    const first = world.note('mallory', { sequence: 1, previous: null });
    announce(world, first);
    announce(world, world.note('mallory', { sequence: 3, previous: first.id }, true));
  },
  'an entry that follows an entry of ann': (world) => {
    const { id } = world.note('ann', { sequence: 1, previous: null });
    world.play('write ann');
    announce(world, world.note('mallory', { sequence: 2, previous: id }, true));
  },
  'twenty entries that rest on what nobody wrote': (world) => {
    for (let index = 1; index <= 20; index++) {
      const wish = { sequence: 2, previous: inventedId(`mallory ${index}`), memo: `${index}` };
      announce(world, world.note('mallory', wish, true));
    }
  },
  'a digest that claims more than there is': (world) => {
    digest(world, { [signerOf('ann').did]: 9, [signerOf('mallory').did]: 7 });
  },
  'a digest of entries that it then does not send': (world) => {
    world.play('lose ann ben');
    world.play('write ann');
    digest(world, { [signerOf('ann').did]: 1 });
  },
  'an answer that nobody asked for, with a forged entry': (world) => {
    const genuine = world.note('ann', { sequence: 1, previous: null, memo: 'forged' }, true);
    const records = [asJson({ ...genuine, timestamp: 7 })];
    const common = { topic: TOPIC, records } as const;
    world.tell('mallory', 'ben', { type: 'response', ...common, missing: [] });
    const pulled = { type: 'pull-response', done: true, truncated: false } as const;
    world.tell('mallory', 'ben', { ...pulled, ...common, nonce: 'A'.repeat(22) });
  },
  'records that are none': (world) => {
    const records = [null, 7, 'ann#1', [], {}, { id: 'ann#1' }];
    world.tell('mallory', 'ben', { type: 'announce', topic: TOPIC, records, ids: [] });
  },
  'that it lacks everything': (world) => {
    world.play('lose ann ben');
    world.play('write ann');
    world.play('write ann');
    const missing = [1, 2, 3].map((index) => inventedId(`${index}`));
    world.tell('mallory', 'ben', { type: 'response', topic: TOPIC, records: [], missing });
  },
} satisfies { readonly [lie: string]: (world: World) => void };

type Lie = keyof typeof LIES;

const announce = (world: World, record: SignedRecord): void =>
  world.tell('mallory', 'ben', announcing(record));

const announcing = (record: SignedRecord): TopicMessage => ({
  type: 'announce',
  topic: TOPIC,
  records: [asJson(record)],
  ids: [],
});

const digest = (world: World, clock: { readonly [author: string]: number }): void =>
  world.tell('mallory', 'ben', {
    type: 'digest',
    topic: TOPIC,
    clock,
    count: 16,
    fingerprint: 'f'.repeat(64),
    nonce: 'A'.repeat(22),
  });

const WAITING_MAX = 8;
const NAMES = ['ann', 'ben'] as const;

interface Told {
  readonly lie: Lie;
}

const inputText = ({ lie }: Told): string =>
  `mallory tells ben: ${lie}. Afterwards ann and ben write, and time passes`;

/** Whether ben still asks by name in the last wait: if not, what waits lacks nothing and should have left. */
const asksOn = ({ events }: Run): boolean =>
  events
    .slice(events.findLastIndex(({ on }) => on === 'step'))
    .some((event) => event.on === 'say' && event.said.type === 'request');

const judge = ({ lie }: Told, run: Run): Finding | undefined => {
  const demands = { everywhere: true, waitingMax: WAITING_MAX };
  const finding = judgeRun({ names: NAMES, steps: [] }, run, demands);
  if (!finding) return undefined;
  const input = inputText({ lie });
  const vain = finding.diagnosis === 'waits-for-ever' && asksOn(run);
  return { ...finding, input, ...(vain && { place: { file: 'gossip.ts', symbol: 'giveUp' } }) };
};

export const liarChecks: readonly Check[] = [
  check({
    id: '07.11',
    after: ['07.5', '07.6', '07.7', '07.8'],
    verb: 'implement',
    law: 'A lie is at most a reason to ask: nothing forged enters, no clock moves',
    points: 8,
    place: { file: 'gossip.ts', symbol: 'open' },
    hints: [
      'A peer may say anything. What of it do you believe without checking?',
      'Every record passes open, whatever kind of message brings it; a claimed id is no proof of anything. A digest is compared and asked about, never copied.',
      'Bound what waits with settings.waitingMax: the oldest leave. What lacks nothing and is refused by log.add leaves too, or settle finds it ready for ever. So does what rests on something that a peer lacks: if it exists, a pull brings both.',
    ],
    inputs: () => (Object.keys(LIES) as Lie[]).map((lie) => ({ lie })),
    observe(parts, { lie }: Told): Run {
      const world = createWorld({
        names: NAMES,
        seed: lie,
        settings: { waitingMax: WAITING_MAX },
        createOf: () => gossipOf(parts),
      });
      world.visit('mallory', 'ben');
      LIES[lie](world);
      for (const step of ['write ann', 'write ben', 'part ann ben', 'meet ann ben', 'wait 300']) {
        if (!world.play(step)) break;
      }
      return world.run();
    },
    judge,
    inputText,
    describe: (_, run) => linesOf(run.events),
    proves: (tried) => `${tried} lies: forged, altered, out of turn, invented, silent, without end`,
  }),
];
