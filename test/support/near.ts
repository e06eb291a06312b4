import assert from 'node:assert/strict';
import { nowMicros } from '../../demo/now.ts';

const CLAIM_MICROS = 20_000;
/** A report of an instant comes this much later at most: a silence is known to be one when it has lasted. */
const TOLD_MICROS = 500_000;
const TICK_MS = 2;
/** What a timer is late on a quiet machine. */
const USUAL_MICROS = 3_000;

/** When this process stood still: had no processor, or was busy with one thing. Epoch microseconds. */
const standstills: { readonly fromMicros: number; readonly toMicros: number; readonly lostMicros: number }[] =
  [];
let before = nowMicros();
setInterval(() => {
  const now = nowMicros();
  const lostMicros = now - before - TICK_MS * 1_000;
  if (lostMicros > USUAL_MICROS) standstills.push({ fromMicros: before, toMicros: now, lostMicros });
  before = now;
}, TICK_MS).unref();

/** For how long this process stood still between two instants, in microseconds. */
export const stoodStillMicros = (from: number, to: number): number =>
  standstills
    .filter(({ fromMicros, toMicros }) => fromMicros <= to && toMicros >= from)
    .reduce((sum, { lostMicros }) => sum + lostMicros, 0);

/**
 * Asserts that an instant is within 20 ms of one that was taken in this process, in microseconds since 1970. While the
 * process stood still neither could be seen: such a time, near them, does not count. How near an instant is to what other
 * processes saw is for test/accuracy.
 *
 * @param slackMicros What else is known to have come late.
 */
export function assertNear(measured: number | undefined, taken: number | undefined, slackMicros = 0): void {
  assert.ok(measured !== undefined && taken !== undefined, 'an instant is not known');
  const from = Math.min(measured, taken) - CLAIM_MICROS;
  const to = Math.max(measured, taken) + TOLD_MICROS;
  const lost = stoodStillMicros(from, to);
  const off = measured - taken;
  assert.ok(
    Math.abs(off) < CLAIM_MICROS + slackMicros + lost,
    `${off / 1_000} ms off, of which the process stood still for ${lost / 1_000} ms`,
  );
}
