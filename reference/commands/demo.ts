/**
 * `npm run demo`: three nodes, three processes, real QUIC, one ledger.
 *
 * A story in four acts, told while it happens: they find each other and trade; one is cut off and both
 * sides trade on; it heals; one is killed and comes back from its store. Every wait has a deadline
 * that names what it waited for; nothing is left behind, however it ends.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chalk from 'chalk';
import { Fault } from '#contracts/faults.ts';
import type { Json } from '#contracts/identifiers.ts';
import { createActor, within, type Actor } from './actor.ts';
import { EXIT, reportFailure } from './exit.ts';
import { foundNetwork } from './node/found.ts';
import { publicKeyOf, writeNetwork } from './node/home.ts';
import { table } from './node/print.ts';
import { describeWords, readWords, type Vocabulary } from './words.ts';

/** Every word of the command. */
export const vocabulary: Vocabulary = {
  stay: { summary: 'keeps the three running at the end, until Ctrl-C' },
};

/** Longest time to agree over loopback, with a mile to spare: the measured one is below a second. */
const AGREE_MS = 10_000;
/** mDNS answers within milliseconds where multicast works; beyond this addresses are handed over. */
const MULTICAST_MS = 1_500;

interface Account {
  readonly name: string;
  readonly balance: string;
}
interface Balances {
  readonly accounts: readonly Account[];
  readonly sum: string;
}

type Sums = { readonly [name: string]: string };

interface Stage {
  readonly actors: readonly Actor[];
  readonly alice: Actor;
  readonly bob: Actor;
  readonly charlie: Actor;
  say(line: string): void;
  /** Seconds since the curtain rose, for sentences. */
  clock(): number;
}

const pad = (name: string): string => name.padEnd(8);

const balancesOf = async (actor: Actor): Promise<Sums> => {
  const { accounts, sum } = (await actor.ask('ledger.balance')) as unknown as Balances;
  return { ...Object.fromEntries(accounts.map(({ name, balance }) => [name, balance])), sum };
};

const same = (left: Sums, right: Sums): boolean => {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => left[name] === right[name]);
};

/** `payer` acknowledges that `provider` worked for so many hours. */
const pay = async (stage: Stage, payer: Actor, provider: Actor, hours: string): Promise<void> => {
  await payer.ask('ledger.transfer', { to: provider.name, amount: hours });
  stage.say(`${pad(payer.name)} signs: ${provider.name} provided ${hours} h`);
};

/** Waits until every node shows these balances, then prints them side by side. */
const agree = async (stage: Stage, actors: readonly Actor[], expected: Sums): Promise<void> => {
  const beganAt = performance.now();
  for (const actor of actors) {
    let seen: Sums = {};
    await within(`${actor.name} to show ${JSON.stringify(expected)}`, AGREE_MS, async () => {
      seen = await balancesOf(actor);
      return same(seen, expected) ? seen : undefined;
    }).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.code, `${error.message}; last seen: ${JSON.stringify(seen)}`);
    });
  }
  const tookMs = performance.now() - beganAt;
  stage.say(chalk.green(`all ${actors.length} agree (${Math.round(tookMs)} ms later)`));
  const names = Object.keys(expected);
  const rows = await Promise.all(
    actors.map(async (actor) => {
      const sums = await balancesOf(actor);
      return [`on ${actor.name}`, ...names.map((name) => sums[name] ?? '')];
    }),
  );
  for (const line of table(['', ...names], rows)) console.log(`         ${line}`);
};

const linked = (actor: Actor, count: number) => async (): Promise<true | undefined> => {
  const peers = (await actor.ask('network.peers')) as readonly Json[];
  return peers.length >= count ? true : undefined;
};

const allLinked = async (actors: readonly Actor[], timeoutMs: number): Promise<void> => {
  for (const actor of actors) {
    const others = actors.length - 1;
    await within(
      `${actor.name} to be linked with ${others} peers`,
      timeoutMs,
      linked(actor, others),
    );
  }
};

/**
 * Waits until everybody is linked with everybody: by mDNS where the machine has multicast, by addresses
 * handed over where it has not.
 */
const findEachOther = async ({ actors }: Stage): Promise<'mDNS' | 'addresses'> => {
  try {
    await allLinked(actors, MULTICAST_MS);
    return 'mDNS';
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'deadline_exceeded')) throw error;
  }
  for (const actor of actors) {
    const { address } = (await actor.ask('network.status')) as { readonly address: string };
    for (const other of actors) if (other !== actor) await other.ask('network.dial', { address });
  }
  await allLinked(actors, AGREE_MS);
  return 'addresses';
};

const firstAct = async (stage: Stage): Promise<void> => {
  const { alice, bob, charlie, actors, say } = stage;
  await Promise.all(actors.map((actor) => actor.start()));
  for (const actor of actors) {
    const { address } = (await actor.ask('network.status')) as { readonly address: string };
    say(`${pad(actor.name)} runs as process ${actor.pid}, listens at ${address}`);
  }
  say(
    (await findEachOther(stage)) === 'mDNS'
      ? 'they found each other by mDNS and linked over QUIC'
      : 'no multicast on this machine: they were given addresses, and linked over QUIC',
  );
  await pay(stage, bob, alice, '10');
  await pay(stage, charlie, bob, '5');
  await pay(stage, alice, charlie, '3');
  await agree(stage, actors, { alice: '+7.00', bob: '-5.00', charlie: '-2.00', sum: '0.00' });
};

const secondAct = async (stage: Stage): Promise<void> => {
  const { alice, bob, charlie, actors, say } = stage;
  say(chalk.bold('charlie is cut off; both sides go on'));
  await charlie.ask('network.fault', { cut: ['alice', 'bob'] });
  await pay(stage, alice, bob, '2');
  await pay(stage, charlie, alice, '1');
  const here = await balancesOf(alice);
  const there = await balancesOf(charlie);
  say(`alice sees charlie at ${here['charlie']}, charlie sees himself at ${there['charlie']}`);
  await charlie.ask('network.fault', { heal: true });
  say('the cut heals');
  await agree(stage, actors, { alice: '+6.00', bob: '-3.00', charlie: '-3.00', sum: '0.00' });
};

const thirdAct = async (stage: Stage): Promise<void> => {
  const { alice, bob, charlie, actors, say } = stage;
  await bob.kill();
  say(chalk.bold('bob is killed with SIGKILL; the others go on'));
  await pay(stage, alice, charlie, '4');
  await bob.start();
  say(`${pad(bob.name)} is back as process ${bob.pid}, from his own store`);
  await findEachOther(stage);
  await agree(stage, actors, { alice: '+2.00', bob: '-3.00', charlie: '+1.00', sum: '0.00' });
  for (const actor of actors) await actor.ask('ledger.verify');
  say('every record on every node verified again: id, signature, verdict, balance');
};

const epilogue = async ({ actors, say }: Stage, interrupted: Promise<void>): Promise<void> => {
  say('they stay until Ctrl-C; in another terminal:');
  for (const { home, name } of actors) {
    console.log(`         npm run node balances data ${home.directory}   # as ${name} sees them`);
  }
  await interrupted;
};

/** Makes three keys, one genesis that names them, and a home for each. */
const rehearse = async (directory: string, heard: Parameters<typeof createActor>[2]) => {
  const make = (name: string): Promise<Actor> => createActor(name, join(directory, name), heard);
  const [alice, bob, charlie] = [await make('alice'), await make('bob'), await make('charlie')];
  const words = new Map([
    ['name', 'alice'],
    ['members', [bob, charlie].map(({ name, did }) => `${name}=${did}`).join(',')],
  ]);
  await writeNetwork(
    alice.home,
    foundNetwork(alice.did, 'the corner cooperative', words, publicKeyOf),
  );
  for (const { home } of [bob, charlie]) await copyFile(alice.home.networkPath, home.networkPath);
  return { alice, bob, charlie, actors: [alice, bob, charlie] };
};

const play = async (stage: Stage): Promise<void> => {
  await firstAct(stage);
  await secondAct(stage);
  await thirdAct(stage);
};

const help = (): string =>
  [
    'npm run demo [WORDS]: three nodes in three processes trade over QUIC, part and agree again.',
    '',
    ...describeWords(vocabulary),
    '',
    'Ends by itself within seconds and leaves nothing behind. Exit code 0: all of it happened.',
  ].join('\n');

/** Runs the command; gives its exit code. */
export const demo = async (typed: readonly string[]): Promise<number> => {
  if (typed[0] === 'help') {
    console.log(help());
    return EXIT.ok;
  }
  const spoken = readWords(typed, vocabulary, 0);
  const beganAt = performance.now();
  const clock = (): number => (performance.now() - beganAt) / 1_000;
  const say = (line: string): void => console.log(`${clock().toFixed(2).padStart(6)} s ${line}`);
  let signalled = false;
  const interrupted = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      signalled = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
  const directory = await mkdtemp(join(tmpdir(), 'murmuration-demo-'));

  let actors: readonly Actor[] = [];
  try {
    const heard = (name: string, event: { readonly [name: string]: Json }): void => {
      if (event['event'] !== 'delivered' || event['author'] === name) return;
      say(
        chalk.dim(
          `${pad(name)} takes ${String(event['author'])}'s record ${String(event['sequence'])}: ${String(event['status'])}`,
        ),
      );
    };
    const cast = await rehearse(directory, heard);
    actors = cast.actors;
    say('three keys, three stores, one founding document');
    const stage: Stage = { ...cast, say, clock };
    const told = play(stage).then(() => true);
    told.catch(() => {}); // What it says after an interruption concerns nobody.
    if (!(await Promise.race([told, interrupted.then(() => false)]))) {
      say('interrupted');
      return EXIT.interrupted;
    }
    if (spoken.values.has('stay')) await epilogue(stage, interrupted);
    say(chalk.green.bold('done: nothing was lost, nothing was minted, nobody was in charge'));
    return EXIT.ok;
  } catch (error) {
    if (signalled) return EXIT.interrupted;
    const code = reportFailure(error, false);
    for (const { name, lastWords } of actors) {
      for (const line of lastWords()) console.error(chalk.dim(`${pad(name)} ${line}`));
    }
    return code;
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
    await rm(directory, { recursive: true, force: true });
  }
};
