import { groupCall } from '../exporter/calls/group.ts';
import type { GroupedCall } from '../exporter/calls/grouped.ts';
import { type CallFilter, type CallKey, type Database, keyOf, streamFacts } from '../exporter/store/index.ts';
import type { Settings } from '../model/settings.ts';
import { CommandError, type Invocation, UsageError } from './command.ts';
import { readDuration } from './duration-option.ts';
import { readFilter } from './filter-options.ts';

/** Calls that are looked at, at most: the latest. */
export const MOST_CALLS = 5_000;
/** How far back calls are looked at where nothing says it. */
export const DEFAULT_SINCE = '7d';

/** The calls that options mean: those of the last days, where nothing says when they were. */
export const recentFilter = (options: Invocation['options'], utc: boolean): CallFilter =>
  readFilter({ ...(options.until === undefined && { since: DEFAULT_SINCE }), ...options }, utc);

/** Calls of a filter as the journal has them, the latest first; `undefined` for one whose spans have expired. */
export async function* journalCalls(
  db: Database,
  filter: CallFilter,
  { callGap }: Pick<Settings, 'callGap'>,
  limit = MOST_CALLS,
): AsyncGenerator<{ key: CallKey; call: GroupedCall | undefined }> {
  for await (const page of streamFacts(db, filter, { limit, callGapMs: callGap }))
    for (const { call, facts } of page)
      yield { key: keyOf(call), call: facts.length === 0 ? undefined : groupCall(facts) };
}

/**
 * Of no call nothing can be said.
 *
 * @param expired - calls that match, of which the journal has no spans any more
 */
export function noCall({ since, until }: Invocation['options'], expired = 0): CommandError {
  if (expired > 0)
    return new CommandError(
      'every call that matches has lost its spans: they have left the journal (EARSHOT_SPAN_RETENTION).',
    );
  const usual = since === undefined && until === undefined;
  return new CommandError(
    `no call matches${usual ? ` in the last ${DEFAULT_SINCE}: --since looks further back` : ''}.`,
  );
}

/** `220ms`, `0.3s`, in seconds; undefined where the option is not given. */
export function readSeconds(option: string, text: unknown, example: string): number | undefined {
  if (typeof text !== 'string') return undefined;
  const expected = `a duration with a unit such as ${example}, of at most a minute`;
  return readDuration(`--${option}`, text, { expected, most: 60 });
}

/** Seeds of what is drawn. */
export function readSeed(text: unknown): { seed?: number } {
  if (typeof text !== 'string') return {};
  if (/^\d{1,9}$/.test(text)) return { seed: Number(text) };
  throw new UsageError(`--seed: saw ${text}, expected a whole number.`);
}
