/**
 * Settlement: what stands for ever, because the stewards have certified it.
 *
 * A checkpoint names tips. What is on the way to one is settled: there a fork is decided, whatever its
 * ids are, and the walk goes on. Beyond the tip everything is as before. So a chain is seen from its
 * settled place on, and what does not pass that place is evidence and moves nothing:
 *
 *        1 ── 2 ── 3 ── 5        settled 3: stands up to 5, though 4 has the smaller id
 *              └── 4
 *
 * Checkpoints follow each other along a chain, so of several named tips the furthest counts: a function
 * of the set of them, in any order, whether the records come before or after.
 */
import type { RecordId } from '#contracts/identifiers.ts';
import { leadsTo, tipsOf } from './chain.ts';
import { join } from './sight.ts';
import type { Chain, Place } from './state.ts';

export const createSettlement = (places: readonly Place[]) => {
  const named = new Set<RecordId>();

  const passes = ({ settled }: Chain, place: Place): boolean =>
    settled === undefined || leadsTo(settled, place);

  /** How far a chain stands, by all that is held of it. */
  const sightOf = (chain: Chain): number => {
    let sighting = chain.settled?.index ?? 0;
    for (const tip of tipsOf(chain)) {
      if (passes(chain, tip)) sighting = join(places, sighting, tip.index);
    }
    return sighting;
  };

  /** Whether a named place is further than what is settled; of two as far the smaller id. */
  const isFurther = ({ chain: { settled }, sequence, id }: Place): boolean =>
    settled === undefined ||
    sequence > settled.sequence ||
    (sequence === settled.sequence && id < settled.id);

  const settleAt = (place: Place): number => {
    const { chain } = place;
    if (isFurther(place)) chain.settled = place;
    return sightOf(chain);
  };

  return {
    sightOf,
    /** The same as a record would see it that knows of no certificate: no verdict depends on one. */
    unsettledSightOf: (chain: Chain): number =>
      chain.settled === undefined || chain.forks.size === 0
        ? chain.sighting
        : tipsOf(chain).reduce((sighting, tip) => join(places, sighting, tip.index), 0),
    /** How far its chain stands, now that this place is the last that came. */
    seen(place: Place): number {
      const { chain, id, index } = place;
      if (named.has(id)) return settleAt(place);
      return passes(chain, place) ? join(places, chain.sighting, index) : chain.sighting;
    },
    /** A checkpoint names this record, which may come later; gives how far its chain stands then. */
    name(id: RecordId, place: Place | undefined): number {
      named.add(id);
      return place ? settleAt(place) : 0;
    },
    isSettled: (place: Place | undefined): boolean =>
      place?.chain.settled !== undefined && leadsTo(place, place.chain.settled),
    /** Whether a place goes beyond what is settled of its chain. */
    isAhead: (place: Place): boolean => place !== place.chain.settled && passes(place.chain, place),
    /** Places of a chain are taken back: settled is what was named and is left. */
    unsettle(chain: Chain, gone: ReadonlySet<Place>): void {
      let place: Place | null | undefined = chain.settled;
      while (place && (gone.has(place) || !named.has(place.id))) place = place.previous;
      chain.settled = place ?? undefined;
    },
  };
};
