import { Decimal } from 'decimal.js';
import { Usd } from './money.ts';

/** Every rounding rule, as price files spell it. */
export const ROUNDINGS = ['none', 'up_to_second', 'nearest_second', 'up_to_minute'] as const;
/** How a provider rounds the seconds of one billed unit (request, connection, call leg) before it multiplies. */
export type Rounding = (typeof ROUNDINGS)[number];

/** A provider's rule for time. */
export interface Metering {
  readonly rounding: Rounding;
  /** Seconds that are billed at least, once anything is. Absent: no minimum. */
  readonly minimumBilledSeconds?: Decimal;
}

/**
 * The seconds that are billed for `seconds` used. 0 stays 0: nothing was sent, nothing is billed.
 *
 * 61 s `up_to_minute` are 120 s; 3 s with a minimum of 10 s are 10 s.
 */
export function billedSeconds(seconds: Decimal, { rounding, minimumBilledSeconds }: Metering): Decimal {
  if (seconds.isZero()) return seconds;
  const rounded = round(seconds, rounding);
  return minimumBilledSeconds?.greaterThan(rounded) ? minimumBilledSeconds : rounded;
}

function round(seconds: Decimal, rounding: Rounding): Decimal {
  switch (rounding) {
    case 'none':
      return seconds;
    case 'up_to_second':
      return toMicroseconds(seconds).toDecimalPlaces(0, Decimal.ROUND_CEIL);
    case 'nearest_second':
      return toMicroseconds(seconds).toDecimalPlaces(0, Decimal.ROUND_HALF_UP);
    case 'up_to_minute':
      return toMicroseconds(seconds).dividedBy(60).toDecimalPlaces(0, Decimal.ROUND_CEIL).times(60);
    default:
      return rounding satisfies never;
  }
}

/** Durations are known to the microsecond. What is below is the dust of binary fractions and must not buy a minute. */
const toMicroseconds = (seconds: Decimal): Decimal => new Usd(seconds).toDecimalPlaces(6);
