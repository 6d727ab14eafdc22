/**
 * `reconcile`: the bytes that it takes to find d records which clocks hide, among n.
 *
 * One author has signed two branches of equal length; one side lacks d records of the second. Counted are
 * digest, questions and answers without the records themselves. Beside it stand what everybody must say at
 * least (d ids), a Bloom filter of eight bits an id (which hides every fiftieth), and all ids.
 */
import type { SignedRecord } from '#contracts/records.ts';
import {
  authorOf,
  branchOf,
  catchUp,
  chainsOf,
  holdingOf,
  saltOf,
} from '#test/support/holdings.ts';
import type { Bench, Figure } from './report.ts';

/** Hex digits of an id: bytes of it on the wire. */
const ID_BYTES = 64;
const SIZES = [4_000, 10_000, 100_000];
const QUICK_MAX = 10_000;
const DIFFERENCES = [1, 10, 100, 1_000];
const eve = authorOf('eve');

const figuresAt = (size: number): Figure[] => {
  const branchLength = DIFFERENCES.at(-1)!;
  const common: readonly SignedRecord[] = [
    ...chainsOf(10, (size - branchLength) / 10),
    ...branchOf(eve, branchLength, 'seen'),
  ];
  const branch = branchOf(eve, branchLength, 'hidden');
  const searched = DIFFERENCES.map((difference): Figure => {
    const asker = holdingOf(common);
    const holder = holdingOf([...common, ...branch.slice(0, difference)]);
    const bill = catchUp(asker, holder, { saltFor: (text) => saltOf(`bench ${text}`) });
    if (asker.log.count !== holder.log.count) throw new Error('something stayed hidden');
    return {
      name: `${size} records, ${difference} hidden, ${bill.rounds} rounds`,
      value: bill.talkBytes,
      unit: 'bytes',
      limit: difference * ID_BYTES,
    };
  });
  const all = chainsOf(10, size / 10);
  const some = all.filter(({ sequence }) => sequence <= size / 20);
  const byClock = catchUp(holdingOf(some), holdingOf(all));
  return [
    ...searched,
    {
      name: `${size} records, half of them behind, by clocks, ${byClock.rounds} rounds`,
      value: byClock.talkBytes,
      unit: 'bytes',
      limit: (size / 2) * ID_BYTES,
    },
    { name: `${size} records: plain Bloom`, value: (size * 4) / 3, unit: 'bytes' },
    { name: `${size} records: all ids`, value: size * ID_BYTES, unit: 'bytes' },
  ];
};

export const reconcile: Bench = {
  summary: 'bytes for d hidden differences among n records; the word full takes 100 000',
  async run({ full }) {
    const sizes = SIZES.filter((size) => full || size <= QUICK_MAX);
    return {
      name: 'reconcile',
      about: [
        'JSON bytes of digest, questions and answers, without the records that are answered and unpacked',
        'limit: the ids of the difference, 64 bytes each',
      ],
      figures: sizes.flatMap(figuresAt),
    };
  },
};
