import {
  type Database,
  dayOf,
  errorClass,
  errorCode,
  noteExported,
  settledInstant,
  streamSpans,
} from '../store/index.ts';
import { type ExportedDay, exportDays } from './batches.ts';
import type { ExportOptions } from './export.ts';
import type { JournalTable } from './tables.ts';

/** Spans that are read at a time. */
const PAGE = 2_000;
/** No transaction of ours is so long: all that was written before has been committed, in milliseconds. */
const MARGIN_MS = 3_600_000;
/** Before any journal. */
const EVER = 0;
/** read_only_sql_transaction (a copy of the database), insufficient_privilege, undefined_table (an earlier schema). */
const CANNOT_NOTE = ['25006', '42501', '42P01'];

export interface JournalExportOptions extends Omit<ExportOptions, 'format' | 'onDay' | 'marginMs'> {
  /** How far back from now a span must have been written, in milliseconds. (Default: one hour.) */
  marginMs?: number;
  /** Called with each day of which something was exported. (Default: nothing.) */
  onDay?: (day: ExportedDay<JournalTable>) => void;
  /** Told why retention cannot be told what was exported: the database takes no note of this user. (Default: nothing.) */
  onUnnoted?: (reason: string) => void;
}

/**
 * Writes the spans that came into the journal since the last export as Parquet below `journal` of a place, a batch for each
 * day on which spans ended: `journal/call_spans/day=2026-11-29/part-000001.parquet`. Each is there exactly once, however
 * often a process died on the way, if it is in the journal when an export runs. Afterwards retention knows these days.
 * @throws ExportError for a place with a damaged manifest, or that another process exports into; what the place throws.
 */
export async function exportJournal(
  db: Database,
  { to, since, until: end, marginMs = MARGIN_MS, onDay, onUnnoted = () => {} }: JournalExportOptions,
): Promise<void> {
  const exported = await exportDays(
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
  const last = dayOf((exported.end - 1) / 1_000);
  await noteExported(db, { first: dayOf(since / 1_000), last, untilUs: exported.until }).catch(
    (error: unknown) => {
      if (!CANNOT_NOTE.includes(errorCode(error) ?? '')) throw error;
      onUnnoted(errorClass(error));
    },
  );
}
