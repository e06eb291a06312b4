import type { Micros } from '../../model/facts.ts';
import type { Queryable } from './database.ts';
import type { Day } from './journal-days.ts';

/** `earshot export --journal` notes here which days it has written, and retention asks: what was not exported yet stays a while. */

const EPOCH = "date '1970-01-01'";
/** No export goes back further. Days. */
const MOST = 3_660;
/** After its end a day is whole: its last spans have come, but for those that were held up for longer. Days. */
const WHOLE_AFTER = 1;

const NOTE = `\
INSERT INTO :schema.journal_exports AS e (day, exported_until, exported_at)
SELECT ${EPOCH} + d.day, 'epoch'::timestamptz + $3::double precision * interval '1 microsecond', clock_timestamp()
FROM generate_series(greatest($1::int, $2::int - ${MOST}), $2::int) AS d (day)
ON CONFLICT (day) DO UPDATE SET
  exported_until = greatest(e.exported_until, excluded.exported_until), exported_at = excluded.exported_at`;

/** Notes that spans that ended on these days, and were recorded before an instant, are exported. */
export async function noteExported(
  db: Queryable,
  { first, last, untilUs }: { first: Day; last: Day; untilUs: Micros },
): Promise<void> {
  await db.query(NOTE, [first, last, untilUs]);
}

// Days before the first that was ever exported are no one's wish.
const UNEXPORTED = `\
SELECT d.day FROM UNNEST($1::int[]) AS d (day)
LEFT JOIN :schema.journal_exports e ON e.day = ${EPOCH} + d.day
WHERE d.day >= (SELECT min(x.day) - ${EPOCH} FROM :schema.journal_exports x)
  AND EXISTS (
    SELECT FROM :schema.journal_exports x
    WHERE x.exported_at >= now() - $2::double precision * interval '1 millisecond'
  )
  AND (e.day IS NULL OR e.exported_until < (e.day + ${1 + WHOLE_AFTER})::timestamp AT TIME ZONE 'UTC')
ORDER BY 1`;

/**
 * Of some days, those that are not exported as a whole; none where nothing was exported for `usedMs` milliseconds: exports have
 * ended.
 */
export async function unexportedDays(db: Queryable, days: readonly Day[], usedMs: number): Promise<Day[]> {
  if (days.length === 0) return [];
  return (await db.query<{ day: Day }>(UNEXPORTED, [days, usedMs])).map(({ day }) => day);
}
