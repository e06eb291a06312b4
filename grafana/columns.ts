import { CALL_LOGS, type Columns, STORED_METRICS, STORED_SPANS } from '../exporter/store/columns.ts';
import type { Fact } from '../model/facts.ts';

/** Columns by the alias that every query gives their table: a column that is no more does not compile. */
const aliased = <const C extends Columns>(alias: string, columns: C) =>
  Object.fromEntries(Object.keys(columns).map((name) => [name, `${alias}.${name}`])) as {
    readonly [Name in keyof C]: string;
  };

/** What the database adds. */
const EXTENT = { spans_from: 'timestamptz', spans_until: 'timestamptz' } as const satisfies Columns;
const CALL_QUEUE = {
  tenant: 'text',
  call_id: 'text',
  due_at: 'timestamptz',
  ended: 'boolean',
  queued_at: 'timestamptz',
  attempts: 'integer',
  last_error: 'text',
} as const satisfies Columns;

/** Every table that a panel may read, with the alias that it has in all of them. */
export const TABLES = {
  call_metrics: { alias: 'm', columns: { ...STORED_METRICS, ...EXTENT } },
  call_logs: { alias: 'l', columns: CALL_LOGS },
  call_spans: { alias: 's', columns: STORED_SPANS },
  call_queue: { alias: 'q', columns: CALL_QUEUE },
} as const;

/** `call_metrics`, one row a call. */
export const m = aliased(TABLES.call_metrics.alias, TABLES.call_metrics.columns);
/** `call_logs`, one row a turn. */
export const l = aliased(TABLES.call_logs.alias, TABLES.call_logs.columns);
/** `call_spans`, the journal. */
export const s = aliased(TABLES.call_spans.alias, TABLES.call_spans.columns);
/** `call_queue`, calls waiting to be finalized. */
export const q = aliased(TABLES.call_queue.alias, TABLES.call_queue.columns);

/** Columns of two tables say the same call. */
export const sameCall = (a: CallColumns, b: CallColumns): string =>
  `${a.tenant} = ${b.tenant} AND ${a.call_id} = ${b.call_id}`;

/** The row `s` of the journal is of the call `m`. For each call the partitions of its days are read, and no others. */
export const SPAN_OF_CALL = `${sameCall(s, m)} AND ${s.ended_at} BETWEEN coalesce(${m.spans_from}, '-infinity') AND coalesce(${m.spans_until}, 'infinity')`;

export interface CallColumns {
  readonly tenant: string;
  readonly call_id: string;
}

type KeyOf<F> = F extends Fact ? keyof F & string : never;

/** What a span says that no column has, as text: a key of its fact. */
export const factText = (key: KeyOf<Fact>): string => `${s.facts}->>'${key}'`;
/** The same as JSON. */
export const factJson = (key: KeyOf<Fact>): string => `${s.facts}->'${key}'`;
