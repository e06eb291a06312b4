import { beginsWithDay } from '../model/calendar.ts';
import { parseDuration } from '../model/settings.ts';
import { UsageError } from './command.ts';

const TIMES =
  'a date such as 2026-11-01 or 2026-11-01T08:00, today, yesterday, or a time back from now such as 30m, 12h or 7d';

/** How `--since` and `--until` are explained in the help of commands. */
export const TIME_HELP = '2026-11-01, 2026-11-01T08:00, today, yesterday, 12h or 7d back';

/**
 * What `--since` and `--until` say, in microseconds since 1970. A date is its midnight; it and a time without a zone are
 * local, or UTC with `utc`. What is before 1970 is 1970.
 * @throws UsageError for anything else.
 */
export function readTime(
  option: string,
  given: unknown,
  utc = false,
  nowMs = Date.now(),
): number | undefined {
  if (typeof given !== 'string') return undefined;
  const text = given.trim();
  const back = /^[\d.]+[a-z]+$/.test(text) ? parseDuration(text) : undefined;
  const ms = back === undefined ? dateOf(text, utc, nowMs) : Math.max(0, nowMs - back);
  if (Number.isFinite(ms)) return ms * 1_000;
  throw new UsageError(`--${option}: saw ${given}, expected ${TIMES}.`);
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?(Z|[+-]\d{2}:?\d{2})?$/;

function dateOf(text: string, utc: boolean, nowMs: number): number {
  const daysBack = ['today', 'yesterday'].indexOf(text);
  if (daysBack >= 0) {
    const midnight = new Date(nowMs);
    if (utc) midnight.setUTCHours(-24 * daysBack, 0, 0, 0);
    else midnight.setHours(-24 * daysBack, 0, 0, 0);
    return midnight.getTime();
  }
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = utc ? 'Z' : ''] =
    DATE.exec(text) ?? [];
  const date = `${year}-${month}-${day}`;
  return beginsWithDay(date) ? Date.parse(`${date}T${hour}:${minute}:${second}${zone}`) : Number.NaN;
}
