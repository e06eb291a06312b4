import type { CallScoreRow } from '../../model/rows.ts';
import { type Score, scoreProblem } from '../../model/scores.ts';
import { DEFAULT_TENANT } from '../../model/tenant.ts';
import { InvalidRecordError } from '../kit/errors.ts';
import { type CallKey, isGiven, keyArrays, keyOf, partsOf } from './call-key.ts';
import { CALL_SCORES } from './columns.ts';
import type { Queryable } from './database.ts';
import { type CallFilter, callCondition } from './filter.ts';
import { columnArrays, columnList, decodeRow, selectList, unnest } from './values.ts';

const SELECT = `SELECT ${selectList(CALL_SCORES)} FROM :schema.call_scores s`;

/** The scores of one call, by name. (Default: a call of the default tenant.) */
export async function getCallScores(
  db: Queryable,
  callId: string,
  tenant: string = DEFAULT_TENANT,
): Promise<CallScoreRow[]> {
  const rows = await db.query(`${SELECT} WHERE s.tenant = $2 AND s.call_id = $1 ORDER BY s.name`, [
    callId,
    tenant,
  ]);
  return rows.map((row) => decodeRow<CallScoreRow>(CALL_SCORES, row));
}

/** The scores of calls that have some, by call and by name. */
export async function scoresOfCalls(
  db: Queryable,
  calls: readonly CallKey[],
): Promise<ReadonlyMap<CallKey, readonly CallScoreRow[]>> {
  const scores = new Map<CallKey, CallScoreRow[]>();
  const rows = await db.query(`${SELECT} WHERE ${isGiven('s')} ORDER BY s.name`, keyArrays(calls));
  for (const row of rows) {
    const score = decodeRow<CallScoreRow>(CALL_SCORES, row);
    scores.set(keyOf(score), [...(scores.get(keyOf(score)) ?? []), score]);
  }
  return scores;
}

/** The mean of some scores over the calls of a filter that have a figure of the name, and how many these are. */
export async function scoreMeans(
  db: Queryable,
  filter: CallFilter,
  names: readonly string[],
): Promise<ReadonlyMap<string, { readonly value: number; readonly count: number }>> {
  const { sql, params } = callCondition(filter, 2);
  const rows = await db.query<{ name: string; value: number; count: number }>(
    `SELECT s.name, avg(s.value) AS value, count(*)::int AS count
FROM :schema.call_metrics m JOIN :schema.call_scores s ON s.tenant = m.tenant AND s.call_id = m.call_id
WHERE s.name = ANY ($1::text[]) AND s.value IS NOT NULL AND ${sql}
GROUP BY s.name`,
    [names, ...params],
  );
  return new Map(rows.map(({ name, value, count }) => [name, { value, count }]));
}

const WRITE = `\
INSERT INTO :schema.call_scores (${columnList(CALL_SCORES)})
${unnest(CALL_SCORES)}
ON CONFLICT (tenant, call_id, name) DO NOTHING`;

/** Writes the scores that spans say, where no other of the name stands. Those that spans said before are gone by then. */
export const writeScores = async (tx: Queryable, scores: readonly CallScoreRow[]): Promise<void> => {
  if (scores.length > 0) await tx.query(WRITE, columnArrays(CALL_SCORES, scores));
};

// A call that is deleted meanwhile has none: the lock is on its row.
const GIVE = `\
INSERT INTO :schema.call_scores AS s (tenant, call_id, name, value, label, source, scored_at)
SELECT m.tenant, m.call_id, r.name, r.value, r.label, 'given', now()
FROM (SELECT tenant, call_id FROM :schema.call_metrics WHERE tenant = $1 AND call_id = $2 FOR KEY SHARE) AS m
CROSS JOIN UNNEST($3::text[], $4::double precision[], $5::text[]) AS r (name, value, label)
ON CONFLICT (tenant, call_id, name) DO UPDATE
SET value = excluded.value, label = excluded.label, source = excluded.source, scored_at = excluded.scored_at
RETURNING s.name`;

/**
 * Gives scores to a finished call. They stand, whatever its spans say, until the same names are given again.
 *
 * @param scores - one of each name
 * @returns false when there is no such call.
 * @throws InvalidRecordError for one that cannot be, naming the field; then none is given.
 */
export async function giveScores(db: Queryable, call: CallKey, scores: readonly Score[]): Promise<boolean> {
  assertScores(scores);
  const { tenant, callId } = partsOf(call);
  const rows = await db.query(GIVE, [
    tenant,
    callId,
    scores.map(({ name }) => name),
    scores.map(({ value = null }) => value),
    scores.map(({ label = null }) => label),
  ]);
  return rows.length > 0;
}

function assertScores(scores: readonly Score[]): void {
  const names = new Set<string>();
  scores.forEach((score, index) => {
    const problem = scoreProblem(score);
    if (problem !== undefined)
      throw new InvalidRecordError(
        `scores[${index}].${problem.part}: saw ${seen(score[problem.part])}, expected ${problem.expected}.`,
      );
    if (names.has(score.name))
      throw new InvalidRecordError(
        `scores[${index}].name: ${score.name} is there twice, expected one of each.`,
      );
    names.add(score.name);
  });
}

/** Of a text no more than its length: it may be longer than any line, and have in it what a terminal obeys. */
function seen(value: unknown): string {
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'string'
    ? `a text of ${value.length} characters`
    : `a value of type ${typeof value}`;
}
