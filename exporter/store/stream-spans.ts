import type { Micros } from '../../model/facts.ts';
import { type Columns, STORED_SPANS } from './columns.ts';
import type { Queryable } from './database.ts';
import { KEY } from './journal-days.ts';
import { selectList } from './values.ts';

/** Which spans of the journal are meant: each from an instant until before another. */
export interface JournalSlice {
  readonly ended: readonly [from: Micros, until: Micros];
  readonly recorded: readonly [from: Micros, until: Micros];
}

/** A row of the journal as it is stored; `facts` is JSON as text, instants are microseconds since 1970. */
export interface StoredSpan {
  readonly tenant: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly call_id: string;
  readonly turn_index: number | null;
  readonly stage: string;
  readonly started_at: Micros;
  readonly ended_at: Micros;
  readonly facts: string;
  readonly recorded_at: Micros;
}

const { facts: _, ...COLUMNS } = STORED_SPANS satisfies Columns;
const at = (parameter: number): string =>
  `'epoch'::timestamptz + $${parameter}::double precision * interval '1 microsecond'`;

// In the order of the key, by which the next page is found; each shard of a journal in shards gives its first ones.
const PAGE = `\
SELECT ${selectList(COLUMNS)}, s.facts::text AS facts FROM :schema.call_spans s
WHERE s.ended_at >= ${at(1)} AND s.ended_at < ${at(2)} AND s.recorded_at >= ${at(3)} AND s.recorded_at < ${at(4)}
  AND (${qualified(KEY)}) > ($5::text, $6::text, $7::text, $8::text, ${at(9)})
ORDER BY ${qualified(KEY)} LIMIT $10`;

function qualified(columns: string): string {
  return columns.replaceAll(/\w+/g, 's.$&');
}

/** Spans in pages, in the order of the journal's key, so those of a call are together. */
export async function* streamSpans(
  db: Queryable,
  { ended, recorded }: JournalSlice,
  pageSize: number,
): AsyncGenerator<StoredSpan[]> {
  let after: readonly (string | number)[] = ['', '', '', '', 0];
  for (;;) {
    const page = await db.query<StoredSpan>(PAGE, [...ended, ...recorded, ...after, pageSize]);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = [last.tenant, last.call_id, last.trace_id, last.span_id, last.ended_at];
  }
}
