import { type Database, settledInstant, streamSpans } from '../store/index.ts';
import { type ExportedDay, exportDays } from './batches.ts';
import type { ExportOptions } from './export.ts';
import type { JournalTable } from './tables.ts';

/** Spans that are read at a time. */
const PAGE = 2_000;
/** No transaction of ours is so long: all that was written before has been committed, in milliseconds. */
const MARGIN_MS = 3_600_000;
/** Before any journal. */
const EVER = 0;

export interface JournalExportOptions extends Omit<ExportOptions, 'format' | 'onDay' | 'marginMs'> {
  /** How far back from now a span must have been written, in milliseconds. (Default: one hour.) */
  marginMs?: number;
  /** Called with each day of which something was exported. (Default: nothing.) */
  onDay?: (day: ExportedDay<JournalTable>) => void;
}

/**
 * Writes the spans that came into the journal since the last export as Parquet below `journal` of a place, a batch for each
 * day on which spans ended: `journal/call_spans/day=2026-11-29/part-000001.parquet`. Each is there exactly once, however
 * often a process died on the way, if it is in the journal when an export runs.
 * @throws ExportError for a place with a damaged manifest, or that another process exports into; what the place throws.
 */
export function exportJournal(
  db: Database,
  { to, since, until: end, marginMs = MARGIN_MS, onDay }: JournalExportOptions,
): Promise<void> {
  return exportDays(
    {
      place: to.below('journal'),
      format: 'parquet',
      since,
      tables: ['call_spans'],
      onDay,
      write: ({ day, writtenFrom = EVER, writtenUntil }, files) =>
        db.transaction(async (tx) => {
          await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
          const slice = { ended: day, recorded: [writtenFrom, writtenUntil] } as const;
          for await (const spans of streamSpans(tx, slice, PAGE)) await files.call_spans.write(spans);
        }),
    },
    async () => {
      const until = await settledInstant(db, { marginMs });
      return { until, end: end ?? until };
    },
  );
}
