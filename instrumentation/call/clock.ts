import type { Micros } from '../../model/facts.ts';

/** A point in time: a `Date`, or milliseconds since 1970, fractions welcome. */
export type Instant = Date | number;

/** Beyond this the wall clock was set or the machine slept: follow it. */
const MAX_DRIFT_MS = 20;

let originMs = performance.timeOrigin;

/**
 * Now, in milliseconds since 1970 with microsecond resolution. Monotonic while a call runs: `Date.now()` has no
 * fractions and jumps when the clock is set, which would show as latency.
 */
export const nowMs = (): number => originMs + performance.now();

/** Now, in whole microseconds. */
export const nowUs = (): Micros => Math.round(nowMs() * 1_000);

/** Called when a call starts, so that a process that runs for weeks stays in step with the wall clock. */
export function followWallClock(): void {
  const drift = Date.now() - nowMs();
  if (Math.abs(drift) > MAX_DRIFT_MS) originMs += drift;
}

/** An instant as whole microseconds; now, when it is absent or no real point in time. */
export function instantUs(at: Instant | undefined): Micros {
  const ms = at instanceof Date ? at.getTime() : at;
  return typeof ms === 'number' && Number.isFinite(ms) && ms > 0 && ms < 8.64e15
    ? Math.round(ms * 1_000)
    : nowUs();
}

/** OpenTelemetry's `[seconds, nanoseconds]`. A plain number would be read as `performance.now()` when it is small. */
export const hrTime = (us: Micros): [number, number] => [Math.floor(us / 1e6), (us % 1e6) * 1_000];

/** Whole microseconds as seconds. */
export const seconds = (us: Micros): number => us / 1e6;
