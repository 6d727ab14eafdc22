/** Reconciliation of many records: two sides without gossip, and two gossips without nodes. */
import { describe, expect, it } from 'vitest';
import { exponentOf } from '#test/bench/measure.ts';
import {
  authorOf,
  branchOf,
  catchUp,
  chainsOf,
  following,
  holdingOf,
  saltOf,
  summaryOf,
  type Holding,
} from '#test/support/holdings.ts';

const ID_BYTES = 64;

describe('100 000 records, of which one side holds half', () => {
  it('that clocks tell of: equal in 30 answers, and 32 KB beside the records', () => {
    const all = chainsOf(10, 10_000);
    const asker = holdingOf(all.filter(({ sequence }) => sequence <= 5_000));
    const bill = catchUp(asker, holdingOf(all));
    expect(asker.log.count).toBe(100_000);
    // 30 MB of records, a mebibyte an answer.
    expect(bill.rounds).toBeLessThanOrEqual(35);
    expect(bill.talkBytes).toBeLessThan(0.02 * 50_000 * ID_BYTES);
  });

  it('that clocks hide: equal in one search, in few rounds more than the records need', () => {
    const eve = authorOf('eve');
    const seen = branchOf(eve, 50_000, 'seen');
    const asker = holdingOf(seen);
    const holder = holdingOf([...seen, ...branchOf(eve, 50_000, 'hidden')]);
    expect(asker.log.clock()).toEqual(holder.log.clock());
    const bill = catchUp(asker, holder);
    expect(asker.log.count).toBe(100_000);
    expect(bill.rounds).toBeLessThanOrEqual(35);
    expect(bill.talkBytes).toBeLessThan(2 * 50_000 * ID_BYTES);
  });
});

describe('the cost of a search', () => {
  /** Bytes for ten hidden records among so many. */
  const bytesAmong = (size: number): number => {
    const eve = authorOf('eve');
    const base = [...chainsOf(10, size / 10), ...branchOf(eve, 10, 'seen')];
    const holder = holdingOf([...base, ...branchOf(eve, 10, 'hidden')]);
    const asker = holdingOf(base);
    const { talkBytes } = catchUp(asker, holder, { saltFor: (text) => saltOf(`law ${text}`) });
    expect(asker.log.count).toBe(holder.log.count);
    return talkBytes;
  };

  it('grows with the logarithm of the set', () => {
    const sizes = [10_000, 30_000, 100_000, 200_000];
    expect(exponentOf(sizes.map((size) => [size, bytesAmong(size)]))).toBeLessThan(0.25);
  });

  it('of a digest, built or compared, and of its first question does not grow with the set', () => {
    // What is counted is the fields and ids that are looked at: no clock of the machine.
    const looksAt = (size: number): number => {
      const eve = authorOf('eve');
      const holding = holdingOf([...chainsOf(10, size / 10), ...branchOf(eve, 10)]);
      const watched = watch(holding);
      const theirs = { ...summaryOf(holding), fingerprint: 'f'.repeat(64) };
      holding.reconciliation.request(holding.log, theirs, saltOf('warm'));
      holding.take([following(authorOf('late'), undefined, 'first')]);
      watched.looks = 0;
      const digest = holding.reconciliation.summarise(watched.log);
      holding.reconciliation.compare(watched.log, theirs);
      holding.reconciliation.request(
        watched.log,
        { ...digest, fingerprint: 'e'.repeat(64) },
        saltOf('x'),
      );
      return watched.looks;
    };
    const sizes = [10_000, 40_000, 160_000];
    expect(exponentOf(sizes.map((size) => [size, looksAt(size)]))).toBeLessThan(0.1);
  });
});

/** A log that counts what is read from it, by items. */
const watch = ({ log }: Holding) => {
  const watched = { looks: 0, log };
  const items = (value: unknown): number =>
    Array.isArray(value) ? value.length : value instanceof Map ? value.size : 1;
  const counting = <Target extends object>(target: Target): Target =>
    new Proxy(target, {
      get(object, name) {
        const value: unknown = Reflect.get(object, name);
        if (name === 'index') return counting(value as object);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          const answer: unknown = Reflect.apply(value, object, given);
          watched.looks += items(answer);
          return answer;
        };
      },
    });
  watched.log = counting(log);
  return watched;
};
