import assert from 'node:assert/strict';
import { watchStalls } from './stalls.ts';

const CLAIM_MICROS = 20_000;

const stalls = watchStalls();

/**
 * Asserts that an instant is within 20 ms of the true one, in microseconds since 1970. What the machine lost around the
 * two, because it did not let this process run, does not count.
 *
 * @param slackMicros What else is known to have come late.
 */
export function assertNear(measured: number | undefined, truth: number | undefined, slackMicros = 0): void {
  assert.ok(measured !== undefined && truth !== undefined, 'an instant is not known');
  const from = Math.min(measured, truth) - CLAIM_MICROS;
  const to = Math.max(measured, truth) + CLAIM_MICROS;
  const lost = stalls
    .filter(({ fromMicros, toMicros }) => fromMicros <= to && toMicros >= from)
    .reduce((sum, { lostMicros }) => sum + lostMicros, 0);
  const off = measured - truth;
  assert.ok(
    Math.abs(off) < CLAIM_MICROS + slackMicros + lost,
    `${off / 1_000} ms off, of which ${lost / 1_000} ms were lost`,
  );
}
