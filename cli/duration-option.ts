import { parseDuration } from '../model/settings.ts';
import { UsageError } from './command.ts';

const HOUR_SECONDS = 3_600;

interface Duration {
  /** What it has to be, for the error. */
  readonly expected?: string;
  /** In seconds. (Default: 0 to one hour: no call has a longer silence.) */
  readonly least?: number;
  readonly most?: number;
}

/**
 * A duration that an option or a file gives, in seconds: `900ms`, `1.2s`. It has a unit: people who write 900 mean
 * milliseconds, and a limit of 900 seconds holds of everything.
 *
 * @param where - that the message of an error begins with
 * @throws UsageError for one without a unit, and for one that is shorter or longer than it can be.
 */
export function readDuration(where: string, given: string, options: Duration = {}): number {
  const {
    expected = 'a duration with a unit such as 900ms or 1.2s, of at most an hour',
    least = 0,
    most = HOUR_SECONDS,
  } = options;
  const text = given.trim();
  const ms = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  if (ms !== undefined && ms >= least * 1_000 && ms <= most * 1_000) return ms / 1_000;
  throw new UsageError(`${where}: saw ${given}, expected ${expected}.`);
}
