import type { CallFilter } from '../store/filter.ts';
import { LimitError } from './limits.ts';

/**
 * The calls that others are held against: those that are judged, with what is said of the baseline in its place. Where that
 * is a time alone without an end, it ends where the judged calls begin: no call is judged by itself.
 *
 * @param given - as it was said, for errors that begin with `where`; `since` is what the time of the judged calls is called there
 * @throws LimitError where they would be the judged calls again
 */
export function baselineCalls<Selection extends CallFilter>(
  judged: Selection,
  own: Selection,
  { where, given, since }: { where: string; given: string; since: string },
): Selection {
  const isTimed = own.since !== undefined || own.until !== undefined;
  const { since: _, until: __, ...timeless } = judged;
  const calls = { ...(isTimed ? timeless : judged), ...own } as Selection;
  const isTimeAlone = Object.keys(own).every((name) => name === 'since' || name === 'until');
  if (!isTimeAlone || own.until !== undefined) return calls;
  if (judged.since === undefined)
    throw new LimitError(
      `${where}: saw ${given}, which has the calls that are judged; expected ${since} beside it, or another version.`,
    );
  if (calls.since !== undefined && calls.since >= judged.since)
    throw new LimitError(`${where}: saw ${given}, expected a time that begins before ${since}.`);
  return { ...calls, until: judged.since };
}
