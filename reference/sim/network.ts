/**
 * A network in one process: a `Transport` for each address, over virtual time.
 *
 * Each `send` carries one frame. Frames are delayed, dropped, doubled, overtaken and cut; addresses are
 * parted from each other, in one direction or both; bandwidth is limited (`Conditions`). All of it may
 * be changed at any moment and is drawn from the seed.
 *
 * Fault model, harsher than QUIC on purpose: QUIC repeats what is lost, or ends the connection; here a
 * frame may vanish from the middle of a link that lives on. Gossip may not rely on more than its own
 * acknowledgements, and the shortest way to see that is to break the promise. (With the default
 * conditions a link keeps all of the contract, and passes the suite that QUIC passes.) Frames vanish
 * whole: a link's bytes still have edges, as they would after any reconnection.
 *
 *   parted while under way   the frame is dropped, even when the partition heals before its time
 *   dropped, doubled         frames and goodbyes; a handshake is repeated until the dial times out, so
 *                            that only a direction which is cut off fails it
 *   crashed                  the links vanish without goodbye; the other ends hear nothing from then on
 *   silence                  an end that nothing could reach for `silenceMs` takes its link for `lost`
 *
 * Identity: the simulated handshake proves the DID that the network was told for an address. Nobody
 * can lie to it: lying about identity is tried with records and sessions, not here.
 *
 * A promise of a transport's `close` is kept by virtual time: run the scheduler before awaiting it.
 */
import assert from 'node:assert/strict';
import { Fault } from '#contracts/faults.ts';
import type { Did } from '#contracts/identifiers.ts';
import type { DialResult, Link, Transport } from '#contracts/transport.ts';
import { createConditionTable, type Conditions } from './conditions.ts';
import { createLinkEnd, type LinkEnd, type LinkSettings, type Path } from './link.ts';
import { createPath, drawDelayMs, type Chances } from './path.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { createTrafficBook, type Traffic } from './traffic.ts';

export type { Conditions } from './conditions.ts';
export type { Tally, Traffic } from './traffic.ts';

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Where they differ from a short cable without faults. */
  readonly conditions?: Partial<Conditions>;
  /** Until an end that hears nothing takes its link for lost. 3 000. */
  readonly silenceMs?: number;
  /** Until a dial that nobody answers is `unreachable`. 5 000. */
  readonly dialTimeoutMs?: number;
  /** How long `close` waits for frames that were accepted. 1 000. */
  readonly flushMs?: number;
  /** From here on `send` answers `full`. 1 048 576. */
  readonly unsentBytesMax?: number;
  /** What is on its way, or waits for `open`, before the sender feels it. 1 048 576. */
  readonly windowBytes?: number;
}

/** Ends one partition or block; harmless when it was ended before. */
export type Heal = () => void;

export interface Network {
  /** The transport of a node that starts at this address; `did` is what its handshakes will prove. */
  transport(address: string, did?: Did): Transport;
  /** Changes conditions for all; pairs keep what they override. */
  set(conditions: Partial<Conditions>): void;
  /** Overrides conditions from one address to another; undefined lifts it. */
  setPair(from: string, to: string, conditions: Partial<Conditions> | undefined): void;
  /** Nothing passes between two addresses of different sets; an address in no set reaches all. */
  partition(...sets: readonly (readonly string[])[]): Heal;
  /** Nothing passes from any of these to any of those; the other direction is as it was. */
  block(from: readonly string[], to: readonly string[]): Heal;
  /** Ends every partition and block. */
  heal(): void;
  /** The node at this address is gone without a word; a new transport may start there. */
  crash(address: string): void;
  /** Live counters of one address, or of all; they go on over a crash. */
  traffic(address?: string): Traffic;
  /** Links that the node at this address has, and the bytes that it has said and they have not taken. */
  load(address: string): { readonly links: number; readonly unsentBytes: number };
}

/** One start of a node: from its transport to the end of it. */
interface Party {
  readonly address: string;
  readonly did: Did | undefined;
  readonly ends: Set<LinkEnd>;
  /** One for each dial under way: gives it up. */
  readonly dials: Set<(result: DialResult) => void>;
  state: 'open' | 'closing' | 'closed' | 'crashed';
  /** Waiting for the last end. */
  readonly closed: (() => void)[];
}

interface Post {
  readonly party: Party;
  readonly accepted: (link: Link) => void;
  open: boolean;
}

type Block = { readonly from: ReadonlySet<string>; readonly to: ReadonlySet<string> };

export const createNetwork = (options: NetworkOptions): Network => {
  const { scheduler } = options;
  const settings: LinkSettings = {
    scheduler,
    silenceMs: options.silenceMs ?? 3_000,
    flushMs: options.flushMs ?? 1_000,
    unsentBytesMax: options.unsentBytesMax ?? 1_048_576,
    windowBytes: options.windowBytes ?? 1_048_576,
  };
  const dialTimeoutMs = options.dialTimeoutMs ?? 5_000;
  const random = options.random.fork('network');
  const chances: Chances = {
    delay: random.fork('delay'),
    drop: random.fork('drop'),
    duplicate: random.fork('duplicate'),
    cut: random.fork('cut'),
  };
  const handshakeChance = random.fork('handshake');
  const table = createConditionTable(options.conditions ?? {});
  const traffic = createTrafficBook();
  const parties = new Map<string, Party>();
  const posts = new Map<string, Post>();
  const blocks = new Set<Block>();
  let linkCount = 0;

  const blocked = (from: string, to: string): boolean => {
    for (const block of blocks) if (block.from.has(from) && block.to.has(to)) return true;
    return false;
  };

  const reviewSilence = (): void => {
    for (const party of parties.values()) for (const end of party.ends) end.reviewSilence();
  };

  const raise = (added: readonly Block[]): Heal => {
    for (const block of added) blocks.add(block);
    reviewSilence();
    return () => {
      for (const block of added) blocks.delete(block);
      reviewSilence();
    };
  };

  const pathBetween = (from: string, to: string): Path =>
    createPath({
      from,
      to,
      scheduler,
      chances,
      traffic,
      conditions: () => table.of(from, to),
      blocked: () => blocked(from, to),
    });

  /** One leg of a handshake. */
  const travel = (from: string, to: string, arrive: () => void): void => {
    const cutOff = (): boolean => blocked(from, to) || table.of(from, to).dropRate === 1;
    if (cutOff()) return;
    scheduler.after(drawDelayMs(table.of(from, to), handshakeChance), () => {
      if (!cutOff()) arrive();
    });
  };

  const createEnd = (party: Party, other: Party, side: Link['side'], binding: string): LinkEnd => {
    const end = createLinkEnd(settings, {
      side,
      proven: other.did,
      binding,
      remoteAddress: other.address,
      path: pathBetween(party.address, other.address),
      ended() {
        party.ends.delete(end);
        if (party.state === 'closing' && party.ends.size === 0) leave(party, 'closed');
      },
    });
    party.ends.add(end);
    return end;
  };

  /** The dialler knows who answered; the listener is told when the last leg arrives. */
  const connect = (from: Party, post: Post): Link => {
    const binding = `simulated-link-${++linkCount}`;
    const near = createEnd(from, post.party, 'dialler', binding);
    const far = createEnd(post.party, from, 'listener', binding);
    near.join(far);
    far.join(near);
    near.path.carryFirst((arrived) => {
      if (far.over) return;
      if (!arrived) far.vanish();
      else if (post.open) post.accepted(far.link);
      else far.link.close();
    });
    return near.link;
  };

  const dial = (
    from: Party,
    address: string,
    expected: Did | undefined,
    done: (result: DialResult) => void,
  ): void => {
    if (from.state === 'crashed') return;
    const settle = (result: DialResult): void => {
      if (!from.dials.delete(settle)) return;
      stopWaiting();
      done(result);
    };
    const waitMs = from.state === 'open' ? dialTimeoutMs : 0;
    const stopWaiting = scheduler.after(waitMs, () =>
      settle(unreachable(address, waitMs > 0 ? `${waitMs} ms passed` : 'this transport is closed')),
    );
    from.dials.add(settle);
    const there = posts.get(address)?.party.address ?? address;
    travel(from.address, there, () => {
      const post = posts.get(address);
      if (post === undefined) return;
      travel(there, from.address, () => {
        if (!from.dials.has(settle) || from.state !== 'open' || !post.open) return;
        const { did } = post.party;
        if (expected === undefined || expected === did) {
          settle({ status: 'open', link: connect(from, post) });
        } else settle(wrongIdentity(address, expected, did));
      });
    });
  };

  const leave = (party: Party, state: 'closed' | 'crashed'): void => {
    party.state = state;
    if (parties.get(party.address) === party) parties.delete(party.address);
    for (const resolve of party.closed.splice(0)) resolve();
  };

  const withdraw = (address: string, post: Post): void => {
    post.open = false;
    if (posts.get(address) === post) posts.delete(address);
  };

  const unlist = (party: Party): void => {
    for (const [address, post] of posts) if (post.party === party) withdraw(address, post);
  };

  const close = (party: Party): Promise<void> => {
    if (party.state === 'closed' || party.state === 'crashed') return Promise.resolve();
    const closed = new Promise<void>((resolve) => party.closed.push(resolve));
    if (party.state === 'closing') return closed;
    party.state = 'closing';
    unlist(party);
    for (const settle of party.dials) {
      scheduler.after(0, () => settle(unreachable('the address', 'this transport is closed')));
    }
    for (const end of party.ends) end.link.close();
    if (party.ends.size === 0) leave(party, 'closed');
    return closed;
  };

  const listen = (party: Party, wanted: string, accepted: (link: Link) => void) => {
    if (party.state !== 'open') {
      throw new Fault(
        'transport_unavailable',
        'This transport is closed: nothing can listen on it.',
      );
    }
    const address = wanted.endsWith(':0') ? party.address : wanted;
    if (posts.has(address)) {
      throw new Fault(
        'port_in_use',
        `Somebody listens on ${address} already: choose another port.`,
      );
    }
    const post: Post = { party, accepted, open: true };
    posts.set(address, post);
    return { address, close: async () => withdraw(address, post) };
  };

  return {
    transport(address, did) {
      assert(!parties.has(address), `a node runs at ${address}: crash or close it first`);
      const party: Party = {
        address,
        did,
        ends: new Set(),
        dials: new Set(),
        state: 'open',
        closed: [],
      };
      parties.set(address, party);
      return {
        listen: async (wanted, accepted) => listen(party, wanted, accepted),
        dial: (wanted, expected, done) => dial(party, wanted, expected, done),
        close: () => close(party),
      };
    },
    set(conditions) {
      table.set(conditions);
      reviewSilence();
    },
    setPair(from, to, conditions) {
      table.setPair(from, to, conditions);
      reviewSilence();
    },
    partition(...sets) {
      const parts = sets.map((set) => new Set(set));
      return raise(
        parts.flatMap((from) => parts.filter((to) => to !== from).map((to) => ({ from, to }))),
      );
    },
    block: (from, to) => raise([{ from: new Set(from), to: new Set(to) }]),
    heal() {
      blocks.clear();
      reviewSilence();
    },
    crash(address) {
      const party = parties.get(address);
      if (party === undefined) return;
      unlist(party);
      party.dials.clear();
      for (const end of party.ends) end.vanish();
      leave(party, 'crashed');
    },
    traffic: (address) => traffic.of(address),
    load(address) {
      const ends = [...(parties.get(address)?.ends ?? [])];
      const unsentBytes = ends.reduce((sum, { link }) => sum + link.unsentBytes, 0);
      return { links: ends.length, unsentBytes };
    },
  };
};

const unreachable = (address: string, why: string): DialResult => ({
  status: 'unreachable',
  reason: `nobody answered at ${address}: ${why}`,
});

const wrongIdentity = (address: string, expected: Did, did: Did | undefined): DialResult => ({
  status: 'wrong_identity',
  reason: `${expected} was expected at ${address}, and ${did ?? 'nobody'} was proven`,
});
