import { outcomeColumn } from '../../../model/rollups.ts';
import { OUTCOMES, type Outcome } from '../../../model/vocabulary.ts';

const OUTCOME_WORDS: readonly (Outcome | 'unknown')[] = [...OUTCOMES, 'unknown'];

/** SQL: calls by outcome, as JSON without those that no call has; `measures` are summed rollups of calls. */
export const outcomesOf = (measures: string): string => `\
(SELECT coalesce(jsonb_object_agg(o.name, o.n) FILTER (WHERE o.n > 0), '{}') FROM (
  VALUES ${OUTCOME_WORDS.map((word) => `('${word}', ${measures}.${outcomeColumn(word)})`).join(', ')}
) AS o (name, n))`;

/** SQL: the outcomes' columns, summed. */
export const OUTCOME_SUMS: string = OUTCOME_WORDS.map((word) => {
  const column = outcomeColumn(word);
  return `sum(m.${column})::double precision AS ${column}`;
}).join(', ');
