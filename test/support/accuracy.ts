import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { nowMicros } from '../../demo/now.ts';
import { errorMs, errorTable, explainedMs, type Measurement, percentile } from './ground-truth.ts';
import type { Stall } from './stalls.ts';

/** What was measured while the machine was watched. */
export interface Measured {
  readonly measurements: readonly Measurement[];
  /** Of every process that took part. */
  readonly stalls: readonly Stall[];
}

/** What is so after every run, by what a test of it is called. No stall excuses that it is not. */
export type Claims<Run> = Readonly<Record<string, (run: Run) => void>>;

/** How far off a measurement may be. */
export interface Bounds {
  /** Of one measurement that has no bound of its own, in milliseconds. */
  readonly mostErrorMs: number;
  /** What share of a run's measurements a stall may excuse. (Default: none.) */
  readonly mostExcused?: number;
  /** Columns whose median error has a bound as well, in milliseconds. */
  readonly median?: { readonly columns: readonly string[]; readonly mostMs: number };
}

/** Too much of a run was lost to stalls of the machine to measure anything: it says nothing about us. */
class StarvedError extends Error {
  override name = 'StarvedError';
  /** scripts/test-reporter.mjs tells such failures from others by it. */
  readonly code = 'STARVED';
}

/** A run that a stall has disturbed is made again, so often. */
const MOST_RUNS = 3;

/**
 * Measures and holds the errors against the bounds. An error that no stall explains fails at once: nothing is measured
 * again until it fits. A run is made again only when the record of stalls shows that the machine stood in the way.
 *
 * @param first The first run, where it was made already: more is claimed of it. (Default: it is made here, too.)
 * @throws StarvedError when it stood in the way of every run.
 */
export async function assertAccurate<Run extends Measured>(
  t: TestContext,
  bounds: Bounds,
  measure: () => Promise<Run>,
  first?: Run,
): Promise<void> {
  let disturbance: string | undefined;
  for (let i = 1; i <= MOST_RUNS; i += 1) {
    const run = (i === 1 ? first : undefined) ?? (await measure());
    t.diagnostic(`run ${i}\n${errorTable(run.measurements)}`);
    assert.ok(
      run.measurements.length > 0 && run.measurements.every((each) => Number.isFinite(errorMs(each))),
    );
    const off = run.measurements.filter((each) => beyondMs(each, bounds) > 0);
    for (const each of off) t.diagnostic(describeError(each, run.stalls));
    const ours = off.filter((each) => beyondMs(each, bounds) > explainedMs(each, run.stalls));
    assert.deepEqual(
      ours.map((each) => describeError(each, run.stalls)),
      [],
    );
    disturbance = disturbanceOf(run, off, bounds);
    if (disturbance === undefined) return;
    t.diagnostic(`the machine was too busy to measure on: ${disturbance}`);
  }
  throw new StarvedError(`The machine was too busy in each of ${MOST_RUNS} runs: ${disturbance}.`);
}

/** Why a run says nothing; undefined when it does. A median that no stall explains fails. */
function disturbanceOf(run: Measured, off: readonly Measurement[], bounds: Bounds): string | undefined {
  const { measurements, stalls } = run;
  if (off.length > measurements.length * (bounds.mostExcused ?? 0))
    return `${off.length} of ${measurements.length} measurements are off, by stalls that were recorded`;
  for (const column of bounds.median?.columns ?? []) {
    const own = measurements.filter((each) => each.column === column);
    const most = bounds.median?.mostMs ?? 0;
    const error = median(own.map((each) => Math.abs(errorMs(each))));
    if (error < most) continue;
    const unexplained = median(own.map((each) => Math.abs(errorMs(each)) - explainedMs(each, stalls)));
    assert.ok(unexplained < most, `the median error of ${column} is ${error.toFixed(1)} ms`);
    return `the median error of ${column} is ${error.toFixed(1)} ms, by stalls that were recorded`;
  }
  return undefined;
}

const median = (values: readonly number[]): number => percentile(values, 0.5);

const beyondMs = (each: Measurement, { mostErrorMs }: Bounds): number =>
  Math.abs(errorMs(each)) - (each.mostErrorMs ?? mostErrorMs);

const describeError = (each: Measurement, stalls: readonly Stall[]): string =>
  `${each.where}: ${each.column} is ${each.measuredSeconds} s, ${errorMs(each).toFixed(1)} ms off, of which stalls explain ${explainedMs(each, stalls).toFixed(0)} ms`;

/** More than this share of the time lost, and a machine is too busy to time anything on. */
const MOST_LOST = 0.05;

/**
 * Makes a claim about time. When it does not hold and the record of stalls shows that the machine stood in the way, that is
 * what failed.
 *
 * @param stalls Of every process that took part.
 * @throws StarvedError, or what the claim throws.
 */
export function assertUnlessStarved(stalls: readonly Stall[], claim: () => void): void {
  try {
    claim();
  } catch (error) {
    const fromMicros = Math.min(...stalls.map((each) => each.fromMicros));
    const lost = stalls.reduce((sum, { lostMicros }) => sum + lostMicros, 0) / (nowMicros() - fromMicros);
    if (!(lost > MOST_LOST)) throw error;
    throw new StarvedError(`The machine was too busy: ${(lost * 100).toFixed(0)} % of the time was lost.`, {
      cause: error,
    });
  }
}
