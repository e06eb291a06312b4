import { keepingFilters, withParameters } from '../../shared/query.ts';
import { path, query } from '../app/location.ts';

const iso = (seconds: number) => new Date(seconds * 1_000).toISOString();

/** The address of this view with only a stretch of time, in seconds since 1970. */
export const zoomTo = (from: number, to: number): string =>
  withParameters(path.value, query.value, { since: iso(from), until: iso(to) });

/** The address of the calls that began in a stretch of time, with the filters of this view and some more. */
export const callsBetween = (
  from: number,
  to: number,
  changes: Readonly<Record<string, string | undefined>> = {},
): string => {
  const [, filters = ''] = keepingFilters('/calls', query.value).split('?');
  return withParameters('/calls', new URLSearchParams(filters), {
    ...changes,
    since: iso(from),
    until: iso(to),
  });
};
