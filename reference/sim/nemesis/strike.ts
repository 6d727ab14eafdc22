/**
 * Strikes: deeds of a plan become things done to a cluster, and are undone when their time is over.
 *
 * Deeds overlap as they like. Weather is a stack: what several of them change, the latest that still
 * lasts rules, and when all are over the sky is clear. `heal` ends everything that lasts but the lies
 * that were to last.
 */
import { LIES } from '../adversary/lies.ts';
import type { Liar } from '../adversary/liar.ts';
import type { Cluster, Place } from '../cluster.ts';
import type { Conditions } from '../conditions.ts';
import type { Action, Deed } from './plan.ts';

export interface StrikeOptions {
  readonly cluster: Cluster;
  /** Who speaks for the liar of this number. */
  readonly liarAt: (index: number) => Liar;
  /** The sky when nothing is wrong. */
  readonly calm: Partial<Conditions>;
  /** Calls `run` later, between two steps of the simulation. */
  readonly later: (delayMs: number, run: () => void | Promise<void>) => void;
}

export interface Strikes {
  strike(action: Action): void;
  heal(): void;
}

type Undo = () => void;

export const createStrikes = (options: StrikeOptions): Strikes => {
  const { cluster, later, calm } = options;
  const { network, honest } = cluster;
  /** What lasts, and ends with `heal` at the latest. */
  const lasting = new Set<Undo>();
  const everywhere: Partial<Conditions>[] = [];
  const atNode = new Map<number, Partial<Conditions>[]>();

  const placeAt = (index: number): Place => honest[index]!;

  /** Does something for a while. Undone once, whoever is first. */
  const lastFor = (forMs: number, undo: Undo): void => {
    const end = (): void => {
      if (lasting.delete(end)) undo();
    };
    lasting.add(end);
    later(forMs, end);
  };

  const merged = (layers: readonly Partial<Conditions>[]): Partial<Conditions> =>
    Object.assign({}, ...layers) as Partial<Conditions>;

  const setSky = (): void => network.set(merged([calm, ...everywhere]));

  /** A pair suffers from what is wrong at either end. */
  const setNode = (index: number): void => {
    for (const { index: other, address } of cluster.places) {
      if (other === index) continue;
      const layers = [...(atNode.get(other) ?? []), ...(atNode.get(index) ?? [])];
      const conditions = layers.length === 0 ? undefined : merged(layers);
      network.setPair(placeAt(index).address, address, conditions);
      network.setPair(address, placeAt(index).address, conditions);
    }
  };

  const stack = <Layer>(layers: Layer[], layer: Layer, apply: () => void): Undo => {
    layers.push(layer);
    apply();
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      apply();
    };
  };

  const restart = async (index: number): Promise<void> => {
    if (placeAt(index).node === undefined) await cluster.start(index);
  };

  const crash = ({ node, point, survivors, downMs }: Extract<Deed, { do: 'crash' }>): void => {
    const strikeNow = (): void => {
      if (placeAt(node).node === undefined) return;
      cluster.crash(node, survivors);
      later(downMs, () => restart(node));
    };
    if (point === 'now') strikeNow();
    else placeAt(node).disk.atNext(point, strikeNow);
  };

  const addressesOf = (indices: readonly number[]): string[] =>
    indices.map((index) => placeAt(index).address);

  const swizzle = ({ clog, free, stepMs, holdMs }: Extract<Deed, { do: 'swizzle' }>): void => {
    const everybody = cluster.places.map(({ address }) => address);
    const spanMs = (2 * clog.length - 1) * stepMs + holdMs;
    for (const [turn, index] of clog.entries()) {
      later(turn * stepMs, () => {
        const { address } = placeAt(index);
        const others = everybody.filter((other) => other !== address);
        const freeAtMs = clog.length * stepMs + holdMs + free.indexOf(index) * stepMs;
        lastFor(Math.min(spanMs, freeAtMs - turn * stepMs), network.partition([address], others));
      });
    }
  };

  const strike = ({ deed }: Action): void => {
    switch (deed.do) {
      case 'pay':
        cluster.pay(deed.from, deed.to, BigInt(deed.amount));
        break;
      case 'weather':
        lastFor(deed.forMs, stack(everywhere, deed.conditions, setSky));
        break;
      case 'slow': {
        const layers = atNode.get(deed.node) ?? [];
        atNode.set(deed.node, layers);
        lastFor(
          deed.forMs,
          stack(layers, deed.conditions, () => setNode(deed.node)),
        );
        break;
      }
      case 'part': {
        const heals = deed.cuts.map(({ from, to }) =>
          network.block(addressesOf(from), addressesOf(to)),
        );
        lastFor(deed.forMs, () => heals.forEach((heal) => heal()));
        break;
      }
      case 'swizzle':
        swizzle(deed);
        break;
      case 'pause':
        cluster.pause(deed.node);
        lastFor(deed.forMs, () => cluster.resume(deed.node));
        break;
      case 'crash':
        crash(deed);
        break;
      case 'disk':
        placeAt(deed.node).disk.fail(new Error(deed.error), deed.kept);
        // Of two faults of one disk the one that ends first ends both.
        lastFor(deed.forMs, () => placeAt(deed.node).disk.repair());
        break;
      case 'clock':
        cluster.setClock(deed.node, deed.offsetMs);
        break;
      case 'freeze':
        cluster.freezeClock(deed.node, true);
        lastFor(deed.forMs, () => cluster.freezeClock(deed.node, false));
        break;
      case 'lie': {
        const stop = LIES[deed.lie]!.tell(options.liarAt(deed.liar));
        if (deed.forMs !== undefined) lastFor(deed.forMs, stop);
        break;
      }
    }
  };

  return {
    strike,
    heal() {
      for (const end of lasting) end();
      for (const { disk } of honest) disk.repair();
      network.heal();
    },
  };
};
