import type { Micros } from '../../model/facts.ts';
import { type Database, keyOf, settledInstant, streamCalls, turnsOfCalls } from '../store/index.ts';
import { ask, type ClickHouse, insert, select } from './clickhouse-http.ts';
import { EXPORTED, lackingStatements, TURNS, WHAT_THERE_IS, wideLines } from './clickhouse-table.ts';

/** Calls that are read at a time, with their turns. */
const PAGE = 500;
/** Characters that are sent at a time, and the call with which they are reached. */
const MOST_SENT = 8_000_000;

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
  const columns = await select(to, WHAT_THERE_IS, 2);
  for (const statement of lackingStatements(columns)) await ask(to, statement);
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
      let lines = '';
      for (const call of calls) {
        const own = turns.get(keyOf(call)) ?? [];
        lines += wideLines(call, own);
        written.calls += 1;
        written.turns += own.length;
        if (lines.length < MOST_SENT) continue;
        await insert(to, TURNS, lines);
        lines = '';
      }
      if (lines !== '') await insert(to, TURNS, lines);
    }
  });
  if (end === undefined)
    await insert(to, EXPORTED, JSON.stringify({ since_us: String(since), until_us: String(until) }));
  return written;
}

/** Until when an earlier run has written all calls that began since then. Undefined: none has. */
async function exportedUntil(to: ClickHouse, since: Micros): Promise<Micros | undefined> {
  const sql = `SELECT max(until_us) FROM ${EXPORTED} WHERE since_us <= ${Math.floor(since)}`;
  const [[text] = []] = await select(to, sql, 1);
  const us = Number(text);
  return us > 0 ? us : undefined;
}
