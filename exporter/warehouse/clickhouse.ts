import type { Micros } from '../../model/facts.ts';
import { fetchErrorClass } from '../../model/fetch-error.ts';
import { type Database, keyOf, settledInstant, streamCalls, turnsOfCalls } from '../store/index.ts';
import { EXPORTED, STATEMENTS, TURNS, wideLines } from './clickhouse-table.ts';

/** Calls that are read and sent at a time, with their turns: some megabytes. */
const PAGE = 500;
/** Of a request. */
const TIMEOUT_MS = 300_000;
/** What ClickHouse calls an error, at the end of its message. */
const ERROR_NAME = /\(([A-Z_]{3,60})\)/;

/** ClickHouse could not be asked, or refused what it was asked. */
export class ClickHouseError extends Error {
  override name = 'ClickHouseError';
}

/** A database of ClickHouse, by its HTTP interface. */
export interface ClickHouse {
  /** As `http://clickhouse:8123`. */
  readonly url: URL;
  /** (Default: that of the user.) */
  readonly database?: string | undefined;
  /** (Default: ClickHouse's own `default`, without a password.) */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export interface ClickHouseExportOptions {
  to: ClickHouse;
  /** Calls that began at or after this instant. */
  since: Micros;
  /** Calls that began before then; the run is no beginning of later ones. (Default: all.) */
  until?: Micros | undefined;
  /** How far back from now a call must have been finalized, in milliseconds. (Default: see `settledInstant`.) */
  marginMs?: number;
}

/**
 * Writes the turns of calls that were finalized since the last run into the table `call_turns` of ClickHouse, each with its call:
 * it is made, and gets the columns that it lacks. A row that is written again, after a run that died or by two at once, is the
 * same row; one of a later version of the call takes its place. Resolves with what was written.
 * @throws ClickHouseError
 */
export async function exportToClickHouse(
  db: Database,
  { to, since, until: end, marginMs }: ClickHouseExportOptions,
): Promise<{ calls: number; turns: number }> {
  for (const statement of STATEMENTS) await ask(to, statement);
  const until = await settledInstant(db, marginMs === undefined ? {} : { marginMs });
  const finalizedSince = await exportedUntil(to, since);
  const written = { calls: 0, turns: 0 };
  await db.transaction(async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const filter = {
      since,
      ...(end !== undefined && { until: end }),
      ...(finalizedSince !== undefined && { finalizedSince }),
      finalizedUntil: until,
    };
    for await (const calls of streamCalls(tx, filter, { pageSize: PAGE })) {
      const turns = await turnsOfCalls(tx, calls.map(keyOf));
      const lines = calls.map((call) => wideLines(call, turns.get(keyOf(call)) ?? [])).join('');
      if (lines !== '') await insert(to, TURNS, lines);
      written.calls += calls.length;
      for (const call of calls) written.turns += turns.get(keyOf(call))?.length ?? 0;
    }
  });
  if (end === undefined)
    await insert(to, EXPORTED, JSON.stringify({ since_us: String(since), until_us: String(until) }));
  return written;
}

/** Until when an earlier run has written all calls that began since then. Undefined: none has. */
async function exportedUntil(to: ClickHouse, since: Micros): Promise<Micros | undefined> {
  const text = await ask(
    to,
    `SELECT max(until_us) FROM ${EXPORTED} WHERE since_us <= ${Math.floor(since)} FORMAT TabSeparated`,
  );
  const us = Number(text);
  return us > 0 ? us : undefined;
}

const insert = (to: ClickHouse, table: string, lines: string): Promise<string> =>
  ask(to, `INSERT INTO ${table} FORMAT JSONEachRow`, lines);

/** @throws ClickHouseError that says what ClickHouse calls the error. */
async function ask(
  { url, database, user, password }: ClickHouse,
  sql: string,
  rows?: string,
): Promise<string> {
  const address = new URL(url);
  address.searchParams.set('date_time_input_format', 'best_effort');
  if (database !== undefined) address.searchParams.set('database', database);
  if (rows !== undefined) address.searchParams.set('query', sql);
  const response = await fetch(address, {
    method: 'POST',
    redirect: 'error',
    headers: {
      ...(user !== undefined && { 'x-clickhouse-user': user }),
      ...(password !== undefined && { 'x-clickhouse-key': password }),
    },
    body: rows ?? sql,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new ClickHouseError(`${url.origin} did not answer (${fetchErrorClass(cause)}).`, { cause });
  });
  const text = await response.text();
  if (response.ok) return text;
  // Never its message, which quotes the rows.
  const name = ERROR_NAME.exec(text)?.[1] ?? `status ${response.status}`;
  throw new ClickHouseError(`${url.origin} refused ${sql.split(' ', 2).join(' ')}: ${name}.`);
}
