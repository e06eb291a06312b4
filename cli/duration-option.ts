import { type Bounds, durationSeconds, EXPECTED_DURATION } from '../model/duration.ts';
import { UsageError } from './command.ts';

interface Duration extends Bounds {
  /** What it has to be, for the error. */
  readonly expected?: string;
}

/**
 * A duration that an option or a file gives, in seconds: `900ms`, `1.2s`.
 *
 * @param where - that the message of an error begins with
 * @throws UsageError for one without a unit, and for one that is shorter or longer than it can be.
 */
export function readDuration(
  where: string,
  given: string,
  { expected = EXPECTED_DURATION, ...bounds }: Duration = {},
): number {
  const seconds = durationSeconds(given, bounds);
  if (seconds !== undefined) return seconds;
  throw new UsageError(`${where}: saw ${given}, expected ${expected}.`);
}
