import type { Fact } from '../../model/facts.ts';
import { DEFAULT_TENANT, tenantOf } from '../../model/tenant.ts';
import type { CALL_SPANS } from './columns.ts';
import { storable, toJson } from './values.ts';

/**
 * Facts as the journal has them. What has a column is there, and not in `facts` again, which halves what PostgreSQL parses
 * and stores; only where processes of an earlier version may read the journal it is in both. Either can be read.
 */

/** Between values of one column: no JSON has it, and an id that has it loses it. */
const SEPARATOR = '\u001f';
const values = (parameter: number) => `string_to_array($${parameter}, E'\\x1f')`;
const instant = (value: string) =>
  `'epoch'::timestamptz + nullif(${value}, '')::double precision * interval '1 microsecond'`;

/** The columns, and how each is made of its values as text, where '' is NULL. */
export const COLUMNS = {
  tenant: 'r.tenant',
  trace_id: `nullif(r.trace_id, '')`,
  span_id: `nullif(r.span_id, '')`,
  call_id: `nullif(r.call_id, '')`,
  turn_index: `nullif(r.turn_index, '')::double precision::integer`,
  stage: `nullif(r.stage, '')`,
  started_at: instant('r.started_at'),
  ended_at: instant('r.ended_at'),
  facts: 'r.facts::jsonb',
} as const satisfies Record<keyof typeof CALL_SPANS, string>;

const NAMES = Object.keys(COLUMNS);

/** SQL: facts as rows of the journal, from parameters from $1 on. One text a column: nothing needs quoting. */
export const ROWS = `\
SELECT ${Object.values(COLUMNS).join(', ')}
FROM UNNEST(${NAMES.map((_, index) => values(index + 1)).join(', ')}) AS r (${NAMES.join(', ')})`;

/** How many parameters these are. */
export const PARAMETERS = NAMES.length;

const text = (value: unknown): string =>
  value === undefined || value === null ? '' : storable(String(value)).replaceAll(SEPARATOR, '\uFFFD');
const number = (value: number | undefined): string => (Number.isFinite(value) ? String(value) : '');

/** The parameters. `whole`: `facts` has everything, as earlier versions read it. */
export function rowsOf(facts: readonly Fact[], whole: boolean): string[] {
  const rows = facts.map((fact) => [
    text(tenantOf(fact)),
    text(fact.traceId),
    text(fact.spanId),
    text(fact.callId),
    number(turnOf(fact)),
    text(fact.type === 'stage' ? fact.stage : fact.type),
    number(fact.startUs),
    number(fact.endUs),
    toJson(whole ? fact : rest(fact)),
  ]);
  return NAMES.map((_, column) => rows.map((row) => row[column]).join(SEPARATOR));
}

/** A fact of a call has none, which its type says. */
const turnOf = (fact: Fact & { readonly turnIndex?: number | undefined }): number | undefined =>
  fact.turnIndex;

/** What no column says exactly. */
function rest(fact: Fact & { readonly turnIndex?: number | undefined }): object {
  const { tenant: _, traceId: __, spanId: ___, callId: ____, startUs, endUs, turnIndex, ...others } = fact;
  const isExact = (value: number | undefined) => value === undefined || Number.isInteger(value);
  // Set, and not spread: every span comes through here.
  const stored: Record<string, unknown> = others;
  if (others.type === 'stage') stored.stage = undefined;
  if (!isExact(turnIndex)) stored.turnIndex = turnIndex;
  if (!isExact(startUs)) stored.startUs = startUs;
  if (!isExact(endUs)) stored.endUs = endUs;
  return stored;
}

/** SQL: a row `s` of the journal as `factOf` reads it. */
export const STORED = `s.tenant, s.call_id, s.trace_id, s.span_id, s.turn_index, s.stage,
  date_part('epoch', s.started_at) AS started, date_part('epoch', s.ended_at) AS ended,
  date_part('epoch', s.recorded_at) AS recorded, s.facts`;

export interface StoredFact {
  readonly tenant: string;
  readonly call_id: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly turn_index: number | null;
  readonly stage: string;
  /** Seconds. A double has them to the microsecond until the year 2100 and beyond. */
  readonly started: number;
  readonly ended: number;
  /** When it was written. */
  readonly recorded: number;
  readonly facts: Fact;
}

/** The fact of a row: what `facts` has itself counts. */
function factOf(row: StoredFact): Fact {
  const { facts } = row;
  return {
    ...(row.tenant !== DEFAULT_TENANT && { tenant: row.tenant }),
    traceId: row.trace_id,
    spanId: row.span_id,
    callId: row.call_id,
    startUs: Math.round(row.started * 1e6),
    endUs: Math.round(row.ended * 1e6),
    ...(facts.type !== 'call' && row.turn_index !== null && { turnIndex: row.turn_index }),
    ...(facts.type === 'stage' && { stage: row.stage }),
    ...(facts as object),
  } as Fact;
}

/**
 * The facts of one call's rows, one of each span, in the order in which they come. A span that was delivered again with another
 * end is in the journal twice: what was written first counts, whatever comes later.
 */
export class SpansOfCall {
  readonly #rows = new Map<string, StoredFact>();

  add(row: StoredFact): void {
    const span = `${row.trace_id}/${row.span_id}`;
    const known = this.#rows.get(span);
    const isFirst =
      known === undefined ||
      row.recorded < known.recorded ||
      (row.recorded === known.recorded && row.ended < known.ended);
    if (isFirst) this.#rows.set(span, row);
  }

  facts(): Fact[] {
    return Array.from(this.#rows.values(), factOf);
  }
}
