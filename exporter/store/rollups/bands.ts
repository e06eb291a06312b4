import { LAST_BAND } from '../../../model/rollups.ts';

/**
 * Bands of silences, a tenth of a second each: n is from n tenths, exclusive, to n + 1, and the last one is all beyond. So
 * what is over a whole number of tenths, up to ten seconds, is told exactly.
 */

/** SQL: the band of a silence in seconds. */
export const bandOf = (seconds: string): string =>
  `least((round(${seconds} * 1000000)::bigint - 1) / 100000, ${LAST_BAND})`;

/**
 * SQL: the share of a band that is over so many seconds: of the band that they are in, in proportion. Of more than ten seconds
 * it is all that is over ten.
 */
export const shareBeyond = (band: string, seconds: string): string =>
  `CASE WHEN ${band} = ${LAST_BAND} THEN 1 ELSE least(1, greatest(0, ${band} + 1 - round((${seconds} * 1000000)::numeric) / 100000)) END`;
