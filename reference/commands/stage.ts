/**
 * What stories with actors share: they are founded into one cooperative, linked, pay each other, and agree.
 * The demonstration is one such story, and nobody in here knows which one is told.
 */
import { copyFile } from 'node:fs/promises';
import chalk from 'chalk';
import { Fault } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { within, type Actor } from './actor.ts';
import { foundNetwork } from './node/home/found.ts';
import { publicKeyOf, writeNetwork } from './node/home/home.ts';
import { table } from './node/print/print.ts';

/** Longest time to agree over loopback, with a mile to spare: the measured one is below a second. */
const AGREE_MS = 10_000;

interface Account {
  readonly name: string;
  readonly balance: string;
}
interface Balances {
  readonly accounts: readonly Account[];
  readonly sum: string;
}

/** Balances by name, and their `sum`. */
export type Sums = { readonly [name: string]: string };

export interface Stage {
  readonly actors: readonly Actor[];
  say(line: string): void;
}

/** Seconds since now, before each line. */
export const createTeller = (): Stage['say'] => {
  const beganAt = performance.now();
  return (line) => {
    const seconds = (performance.now() - beganAt) / 1_000;
    console.log(`${seconds.toFixed(2).padStart(6)} s ${line}`);
  };
};

/** Says what a node takes in that others wrote; for `createActor`. */
export const tellOfDeliveries =
  (say: Stage['say']) =>
  (name: string, event: { readonly [name: string]: Json }): void => {
    if (event['event'] !== 'delivered' || event['author'] === name) return;
    const { author, sequence, status } = event;
    say(
      chalk.dim(
        `${pad(name)} takes record ${String(sequence)} by ${String(author)}: ${String(status)}`,
      ),
    );
  };

/** A name in its column. */
export const pad = (name: string): string => name.padEnd(8);

/** One genesis that names them all, in the home of each; the first one founds. */
export const foundTogether = async (actors: readonly Actor[], title: string): Promise<void> => {
  const [founder, ...others] = actors as [Actor, ...Actor[]];
  const words = new Map([
    ['name', founder.name],
    ['members', others.map(({ name, did }) => `${name}=${did}`).join(',')],
  ]);
  await writeNetwork(founder.home, foundNetwork(founder.did, title, words, publicKeyOf));
  for (const { home } of others) await copyFile(founder.home.networkPath, home.networkPath);
};

export const balancesOf = async (actor: Actor): Promise<Sums> => {
  const { accounts, sum } = (await actor.ask('ledger.balance')) as unknown as Balances;
  return { ...Object.fromEntries(accounts.map(({ name, balance }) => [name, balance])), sum };
};

/** `alice +7.00, sum 0.00`. */
const sumsText = (sums: Sums): string =>
  Object.entries(sums)
    .map(([name, sum]) => `${name} ${sum}`)
    .join(', ');

const same = (left: Sums, right: Sums): boolean => {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => left[name] === right[name]);
};

/** `payer` acknowledges that `provider` worked for so many hours. */
export const pay = async (
  { say }: Stage,
  payer: Actor,
  provider: Actor,
  hours: string,
): Promise<void> => {
  await payer.ask('ledger.transfer', { to: provider.name, amount: hours });
  say(`${pad(payer.name)} signs: ${provider.name} provided ${hours} h`);
};

/** Waits until every node shows these balances, then prints them side by side. */
export const agree = async (
  { actors, say }: Stage,
  expected: Sums,
  timeoutMs = AGREE_MS,
): Promise<void> => {
  const beganAt = performance.now();
  for (const actor of actors) {
    let seen: Sums = {};
    await within(`${actor.name} to show ${sumsText(expected)}`, timeoutMs, async () => {
      seen = await balancesOf(actor);
      return same(seen, expected) ? seen : undefined;
    }).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.code, `${error.message}; last seen: ${sumsText(seen)}`);
    });
  }
  const tookMs = performance.now() - beganAt;
  say(chalk.green(`all ${actors.length} agree (${Math.round(tookMs)} ms later)`));
  const names = Object.keys(expected);
  const rows = await Promise.all(
    actors.map(async (actor) => {
      const sums = await balancesOf(actor);
      return [`on ${actor.name}`, ...names.map((name) => sums[name] ?? '')];
    }),
  );
  for (const line of table(['', ...names], rows)) console.log(`         ${line}`);
};

/** Waits until everybody is linked with everybody. */
export const allLinked = async (actors: readonly Actor[], timeoutMs = AGREE_MS): Promise<void> => {
  const others = actors.length - 1;
  for (const actor of actors) {
    await within(`${actor.name} to be linked with ${others} peers`, timeoutMs, async () => {
      const peers = (await actor.ask('network.peers')) as readonly Json[];
      return peers.length >= others ? true : undefined;
    });
  }
};

/** Where a node listens. */
export const addressOf = async (actor: Actor): Promise<string> => {
  const { address } = (await actor.ask('network.status')) as { readonly address: string };
  return address;
};

/** Hands everybody everybody's address, and waits until all are linked. */
export const introduce = async (actors: readonly Actor[]): Promise<void> => {
  for (const actor of actors) {
    const address = await addressOf(actor);
    for (const other of actors) if (other !== actor) await other.ask('network.dial', { address });
  }
  await allLinked(actors);
};
