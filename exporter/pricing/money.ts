import { Decimal } from 'decimal.js';

/**
 * The Decimal that money is computed with. 40 significant digits, half up, never written with an exponent. Made apart
 * from `Decimal` itself, whose settings belong to the application.
 */
export const Usd: Decimal.Constructor = Decimal.clone({
  defaults: true,
  precision: 40,
  rounding: Decimal.ROUND_HALF_UP,
  toExpNeg: -60,
  toExpPos: 60,
});

/**
 * Decimal places that a cost keeps. A division that does not end ($0.0043 / 60) ends here, so that sums of costs
 * are exact: adding never needs more digits than `Usd` has.
 */
export const USD_DECIMAL_PLACES = 20;

/**
 * Adds costs exactly. Start a sum of costs here and not from a plain `Decimal`, which rounds to 20 digits.
 *
 * @returns undefined when there is nothing to add: no known cost is not a cost of 0.
 */
export function sumUsd(amounts: Iterable<Decimal | null | undefined>): Decimal | undefined {
  let sum: Decimal | undefined;
  for (const amount of amounts) if (amount) sum = addUsd(sum, amount);
  return sum;
}

/** One more amount of such a sum. */
export const addUsd = (sum: Decimal | undefined, amount: Decimal): Decimal =>
  sum?.plus(amount) ?? asUsd(amount);

/** The amount as a `Usd`, which computes exactly: itself where it is one, as none ever changes. */
export const asUsd = (amount: Decimal): Decimal => (amount.constructor === Usd ? amount : new Usd(amount));
