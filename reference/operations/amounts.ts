/** Amounts between people and the ledger: `10.5` hours at two decimals are 1050 minor units. */
import { AMOUNT_MAX } from '#contracts/ledger.ts';
import { accepted, refused, type Outcome } from '#contracts/outcome.ts';

/** Reads what a person typed. Refuses signs, exponents, more digits than the currency has, zero and more than an i64. */
export const parseAmount = (
  text: string,
  decimals: number,
): Outcome<bigint, 'amount_malformed'> => {
  const match = /^(\d{1,20})(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[2] ?? '';
  if (!match || fraction.length > decimals) {
    const example = decimals > 0 ? `10 or 10.${'5'.padEnd(decimals, '0')}` : '10';
    return refused('amount_malformed', `expected an amount such as ${example}, got ${text}`);
  }
  const units = BigInt(match[1] + fraction.padEnd(decimals, '0'));
  if (units === 0n) return refused('amount_malformed', 'expected more than 0');
  if (units > AMOUNT_MAX) return refused('amount_malformed', `${text} is above the largest amount`);
  return accepted(units);
};

/** The other way: 1050 at two decimals is `10.50`; with `sign`, `+10.50`. */
export const formatAmount = (units: bigint, decimals: number, sign = false): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals > 0 ? `.${digits.slice(-decimals)}` : '';
  const mark = units < 0n ? '-' : sign && units > 0n ? '+' : '';
  return `${mark}${whole}${fraction}`;
};
