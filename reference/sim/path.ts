/**
 * One direction of one link through the weather of the network: each frame is dropped, delayed,
 * doubled and overtaken by chance. Chance has one stream per purpose, so that a network that begins
 * to drop frames delays the others exactly as before.
 */
import type { Conditions } from './conditions.ts';
import type { Path } from './link.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { TrafficBook } from './traffic.ts';

export interface Chances {
  readonly delay: Random;
  readonly drop: Random;
  readonly duplicate: Random;
  readonly cut: Random;
}

export interface PathOptions {
  readonly from: string;
  readonly to: string;
  readonly scheduler: Scheduler;
  readonly chances: Chances;
  readonly traffic: TrafficBook;
  readonly conditions: () => Conditions;
  /** True while nothing may pass in this direction. */
  readonly blocked: () => boolean;
}

export const createPath = (options: PathOptions): Path => {
  const { from, to, scheduler, chances, traffic, conditions, blocked } = options;
  let lastArrivalMs = scheduler.now();

  const arrivalMs = (inOrder: boolean): number => {
    const atMs = scheduler.now() + drawDelayMs(conditions(), chances.delay);
    const orderedMs = inOrder ? Math.max(atMs, lastArrivalMs) : atMs;
    lastArrivalMs = Math.max(lastArrivalMs, orderedMs);
    return orderedMs;
  };

  const cutOff = (): boolean => blocked() || conditions().dropRate === 1;

  const dropped = (): boolean => {
    const { dropRate } = conditions();
    return blocked() || (dropRate > 0 && chances.drop.next() < dropRate);
  };

  return {
    cutOff,
    bytesPerSecondMax: () => conditions().bytesPerSecondMax,
    carry(frame, journey) {
      const size = frame.byteLength;
      const { duplicateRate, reorder } = conditions();
      if (dropped()) {
        traffic.count('dropped', from, size);
        return false;
      }
      const copy = (duplicate: boolean): void => {
        scheduler.at(arrivalMs(!reorder), () => {
          const taken = !blocked() && journey.arrive(duplicate);
          if (!taken && !duplicate) journey.vanish();
          if (taken) traffic.count('delivered', to, size);
          else traffic.count('dropped', from, size);
        });
      };
      copy(false);
      if (duplicateRate > 0 && chances.duplicate.next() < duplicateRate) {
        traffic.count('duplicated', from, size);
        copy(true);
      }
      return true;
    },
    carryFirst(done) {
      const left = !cutOff();
      scheduler.at(arrivalMs(true), () => done(left && !cutOff()));
    },
    carryLast(arrive) {
      if (dropped()) return;
      scheduler.at(arrivalMs(true), () => {
        if (!blocked()) arrive();
      });
    },
    countSent: (frame) => traffic.count('sent', from, frame.byteLength),
    countDropped: (frame) => traffic.count('dropped', from, frame.byteLength),
    cut: (frame) => (conditions().cut ? pieces(frame, chances.cut) : [frame]),
  };
};

/** How long one frame is on its way under these conditions. */
export const drawDelayMs = (conditions: Conditions, chance: Random): number =>
  conditions.delayMsMin + chance.next() * (conditions.delayMsMax - conditions.delayMsMin);

/** Two to four pieces, each of a byte at least where there are bytes enough. */
const pieces = (frame: Uint8Array, chance: Random): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  let rest = frame;
  for (let cuts = 1 + chance.integer(3); cuts > 0 && rest.byteLength > 1; cuts--) {
    const at = 1 + chance.integer(rest.byteLength - 1);
    parts.push(rest.subarray(0, at));
    rest = rest.subarray(at);
  }
  parts.push(rest);
  return parts;
};
