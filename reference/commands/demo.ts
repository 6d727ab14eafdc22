/**
 * `npm run demo`: three nodes, three processes, real QUIC, one ledger. `webtransport`
 * tells the same story over WebTransport.
 *
 * A story in four acts, told while it happens: they find each other and trade; one is cut off and both
 * sides trade on; it heals; one is killed and comes back from its store. Every wait has a deadline
 * that names what it waited for; nothing is left behind, however it ends.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chalk from 'chalk';
import { Fault } from '#contracts/faults.ts';
import { readControl } from '#reference/operations/client.ts';
import { createActor, NODE_OVER_WEBTRANSPORT, type Actor } from './actor.ts';
import { EXIT, reportFailure } from './exit.ts';
import { pageOf } from './node/verbs/page.ts';
import {
  addressOf,
  agree,
  allLinked,
  balancesOf,
  createTeller,
  foundTogether,
  introduce,
  pad,
  pay,
  tellOfDeliveries,
  type Stage,
} from './stage.ts';
import { describeWords, readWords, type Vocabulary } from './words.ts';

/** Every word of the command. */
export const vocabulary: Vocabulary = {
  webtransport: { summary: 'links go over WebTransport instead of QUIC' },
  stay: { summary: 'keeps the three running at the end, until Ctrl-C' },
};

/** mDNS answers within milliseconds where multicast works; beyond this addresses are handed over. */
const MULTICAST_MS = 1_500;

interface Cast extends Stage {
  /** What they link over, for people. */
  readonly transport: 'QUIC' | 'WebTransport';
  readonly alice: Actor;
  readonly bob: Actor;
  readonly charlie: Actor;
}

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
  await introduce(actors);
  return 'addresses';
};

const firstAct = async (stage: Cast): Promise<void> => {
  const { alice, bob, charlie, actors, transport, say } = stage;
  await Promise.all(actors.map((actor) => actor.start()));
  for (const actor of actors) {
    say(`${pad(actor.name)} runs as process ${actor.pid}, listens at ${await addressOf(actor)}`);
  }
  say(
    (await findEachOther(stage)) === 'mDNS'
      ? `they found each other by mDNS and linked over ${transport}`
      : `no multicast on this machine: they were given addresses, and linked over ${transport}`,
  );
  await pay(stage, bob, alice, '10');
  await pay(stage, charlie, bob, '5');
  await pay(stage, alice, charlie, '3');
  await agree(stage, { alice: '+7.00', bob: '-5.00', charlie: '-2.00', sum: '0.00' });
};

const secondAct = async (stage: Cast): Promise<void> => {
  const { alice, bob, charlie, say } = stage;
  say(chalk.bold('charlie is cut off; both sides go on'));
  await charlie.ask('network.fault', { cut: ['alice', 'bob'] });
  await pay(stage, alice, bob, '2');
  await pay(stage, charlie, alice, '1');
  const here = await balancesOf(alice);
  const there = await balancesOf(charlie);
  say(`alice sees charlie at ${here['charlie']}, charlie sees himself at ${there['charlie']}`);
  await charlie.ask('network.fault', { heal: true });
  say('the cut heals');
  await agree(stage, { alice: '+6.00', bob: '-3.00', charlie: '-3.00', sum: '0.00' });
};

const thirdAct = async (stage: Cast): Promise<void> => {
  const { alice, bob, charlie, actors, say } = stage;
  await bob.kill();
  say(chalk.bold('bob is killed with SIGKILL; the others go on'));
  await pay(stage, alice, charlie, '4');
  await bob.start();
  say(`${pad(bob.name)} is back as process ${bob.pid}, from his own store`);
  await findEachOther(stage);
  await agree(stage, { alice: '+2.00', bob: '-3.00', charlie: '+1.00', sum: '0.00' });
  for (const actor of actors) await actor.ask('ledger.verify');
  say('every record on every node verified again: id, signature, verdict, balance');
};

const epilogue = async ({ actors, say }: Stage, interrupted: Promise<void>): Promise<void> => {
  say('they stay until Ctrl-C; in another terminal:');
  for (const { home, name } of actors) {
    console.log(`         npm run node balances data ${home.directory}   # as ${name} sees them`);
  }
  say('and live, in a browser on this machine:');
  for (const { home, name } of actors) {
    const control = await readControl(home.controlPath);
    if (control) console.log(`         ${pageOf(control)}   # ${name}`);
  }
  await interrupted;
};

/** Makes three keys, one genesis that names them, and a home for each. */
const rehearse = async (
  directory: string,
  transport: Cast['transport'],
  say: Stage['say'],
): Promise<Cast> => {
  const heard = tellOfDeliveries(say);
  const make = (name: string): Promise<Actor> =>
    createActor({
      name,
      directory: join(directory, name),
      ...(transport === 'QUIC' ? {} : { program: NODE_OVER_WEBTRANSPORT }),
      heard,
    });
  const [alice, bob, charlie] = [await make('alice'), await make('bob'), await make('charlie')];
  const actors = [alice, bob, charlie];
  await foundTogether(actors, 'the corner cooperative');
  return { alice, bob, charlie, actors, transport, say };
};

const play = async (stage: Cast): Promise<void> => {
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
  const say = createTeller();
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
    const transport = spoken.values.has('webtransport') ? 'WebTransport' : 'QUIC';
    const cast = await rehearse(directory, transport, say);
    actors = cast.actors;
    say('three keys, three stores, one founding document');
    const told = play(cast).then(() => true);
    told.catch(() => {}); // What it says after an interruption concerns nobody.
    if (!(await Promise.race([told, interrupted.then(() => false)]))) {
      say('interrupted');
      return EXIT.interrupted;
    }
    if (spoken.values.has('stay')) await epilogue(cast, interrupted);
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
