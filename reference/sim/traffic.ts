/** What a network counted: for each address, and in all. */

export interface Tally {
  frames: number;
  bytes: number;
}

/** Sent and duplicated are delivered, dropped or still under way: no frame is counted away. */
export interface Traffic {
  /** Accepted by `send` at this address. */
  readonly sent: Tally;
  /** Second copies of what was sent at this address. */
  readonly duplicated: Tally;
  /** Of what was sent to this address. */
  readonly delivered: Tally;
  /** Of what was sent at this address, whatever the cause. */
  readonly dropped: Tally;
}

const emptyTraffic = (): Traffic => ({
  sent: { frames: 0, bytes: 0 },
  duplicated: { frames: 0, bytes: 0 },
  delivered: { frames: 0, bytes: 0 },
  dropped: { frames: 0, bytes: 0 },
});

export interface TrafficBook {
  count(what: keyof Traffic, address: string, byteCount: number): void;
  /** Live figures of one address, or of all. */
  of(address: string | undefined): Traffic;
}

export const createTrafficBook = (): TrafficBook => {
  const all = emptyTraffic();
  const each = new Map<string, Traffic>();

  const of = (address: string | undefined): Traffic => {
    if (address === undefined) return all;
    const known = each.get(address) ?? emptyTraffic();
    each.set(address, known);
    return known;
  };

  return {
    count(what, address, byteCount) {
      for (const tally of [all[what], of(address)[what]]) {
        tally.frames += 1;
        tally.bytes += byteCount;
      }
    },
    of,
  };
};
