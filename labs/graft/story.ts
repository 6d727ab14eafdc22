/**
 * What happens in a graft: three nodes find each other and write; one is cut off, both sides go on, the
 * cut heals; it is killed and comes back from its store. And what each holds, if they do not agree.
 */
import chalk from 'chalk';
import type { Json } from '#contracts/identifiers.ts';
import { withinTime, type Actor } from '#reference/commands/actor.ts';
import {
  addressOf,
  agree,
  balancesOf,
  introduce,
  pad,
  pay,
  type Stage,
} from '#reference/commands/stage.ts';

export interface Cast extends Stage {
  readonly yours: Actor;
  readonly ann: Actor;
  readonly ben: Actor;
}

/** Longest time to agree: what is told at once is there within 100 ms. */
const AGREE_MS = 6_000;
/** To say what it holds; who has not answered by then does not. */
const ANSWER_MS = 1_000;

const finding = async (cast: Cast): Promise<void> => {
  const { yours, ann, ben, actors, say } = cast;
  await Promise.all(actors.map((actor) => actor.start()));
  for (const actor of actors) {
    const whose = actor === yours ? 'your layer' : 'reference';
    const address = await addressOf(actor);
    say(`${pad(actor.name)} runs as process ${actor.pid}, listens at ${address} (${whose})`);
  }
  await introduce(actors);
  say('they found each other and linked over QUIC');
  await pay(cast, ann, yours, '10');
  await pay(cast, ben, ann, '5');
  await pay(cast, yours, ben, '3');
  await agree(cast, { yours: '+7.00', ann: '-5.00', ben: '-2.00', sum: '0.00' }, AGREE_MS);
};

const cutting = async (cast: Cast): Promise<void> => {
  const { yours, ann, ben, say } = cast;
  say(chalk.bold('yours is cut off; both sides go on'));
  await yours.ask('network.fault', { cut: ['ann', 'ben'] });
  await pay(cast, ann, ben, '2');
  await pay(cast, yours, ann, '1');
  const [here, there] = [await balancesOf(ann), await balancesOf(yours)];
  say(`ann sees yours at ${here['yours']}, yours sees itself at ${there['yours']}`);
  await yours.ask('network.fault', { heal: true });
  say('the cut heals');
  await agree(cast, { yours: '+6.00', ann: '-6.00', ben: '0.00', sum: '0.00' }, AGREE_MS);
};

const killing = async (cast: Cast): Promise<void> => {
  const { yours, ann, ben, actors, say } = cast;
  await yours.kill();
  say(chalk.bold('yours is killed with SIGKILL; the others go on'));
  await pay(cast, ben, ann, '4');
  await yours.start();
  say(`${pad('yours')} is back as process ${yours.pid}, from its own store`);
  await introduce(actors);
  await agree(cast, { yours: '+6.00', ann: '-2.00', ben: '-4.00', sum: '0.00' }, AGREE_MS);
  for (const actor of actors) await actor.ask('ledger.verify');
  say('every record on every node verified again: id, signature, verdict, balance');
};

/** Tells all of it. Rejects with the Fault of whatever did not happen in time. */
export const tell = async (cast: Cast): Promise<void> => {
  await finding(cast);
  await cutting(cast);
  await killing(cast);
};

// --- What each node holds ---------------------------------------------------------------------------

interface Row {
  readonly author: string;
  readonly sequence: number;
}

/** Entries that a node counts, by author and number; undefined if it does not say. */
const heldBy = async (actor: Actor, names: readonly string[]): Promise<Set<string> | undefined> => {
  const histories = Promise.all(
    names.map((account) => actor.ask('ledger.history', { account })),
  ) as unknown as Promise<readonly { readonly entries: readonly Row[] }[]>;
  const found = await withinTime(actor.name, ANSWER_MS, histories).catch(() => undefined);
  if (!found) return undefined;
  const rows = found.flatMap(({ entries }) => entries);
  return new Set(rows.map(({ author, sequence }) => `${author}#${sequence}`));
};

const waitingOn = async (actor: Actor): Promise<number> => {
  const topics = withinTime(actor.name, ANSWER_MS, actor.ask('gossip.topics')).catch(() => []);
  const views = (await topics) as unknown as readonly { readonly waiting: Json }[];
  return views.reduce((sum, { waiting }) => sum + Number(waiting), 0);
};

/** What each node has of all that anybody has: a line a node. */
export const whoLacksWhat = async ({ actors }: Stage): Promise<string[]> => {
  const names = actors.map(({ name }) => name);
  const held = await Promise.all(actors.map((actor) => heldBy(actor, names)));
  const everything = [...new Set(held.flatMap((each) => [...(each ?? [])]))].sort();
  return Promise.all(
    actors.map(async (actor, index) => {
      const mine = held[index];
      if (!mine) return `${pad(actor.name)} does not answer`;
      const lacking = everything.filter((entry) => !mine.has(entry));
      if (lacking.length === 0) return `${pad(actor.name)} lacks nothing`;
      const waiting = await waitingOn(actor);
      const more = waiting > 0 ? `, and keeps ${waiting} waiting` : '';
      return `${pad(actor.name)} lacks ${lacking.join(' ')}${more}`;
    }),
  );
};
