import { parseDuration } from './settings.ts';

/** No call has a longer silence. */
const HOUR_SECONDS = 3_600;

/** What a duration may be, in seconds. */
export interface Bounds {
  /** (Default: 0.) */
  readonly least?: number;
  /** (Default: one hour.) */
  readonly most?: number;
}

/**
 * A duration as people write it, in seconds: `900ms`, `1.2s`. It has a unit: people who write 900 mean milliseconds, and a
 * limit of 900 seconds holds of everything. Undefined: it is none, or out of bounds.
 */
export function durationSeconds(
  given: string,
  { least = 0, most = HOUR_SECONDS }: Bounds = {},
): number | undefined {
  const text = given.trim();
  const ms = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  return ms !== undefined && ms >= least * 1_000 && ms <= most * 1_000 ? ms / 1_000 : undefined;
}

/** What a duration is expected to be, for errors. */
export const EXPECTED_DURATION = 'a duration with a unit such as 900ms or 1.2s, of at most an hour';
