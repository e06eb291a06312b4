import { outcomeColumn } from '../../../model/rollups.ts';
import { OUTCOMES } from '../../../model/vocabulary.ts';
import { INTERRUPTIONS_OF_CALLS } from '../../scope.ts';

export const NO_CALLS = 'No calls in this time range';
export const NO_TURNS = 'No turns in this time range';
export const NO_BARGE_INS = 'No barge-in whose end is known';
export const NO_METRICS = 'No live metrics: does Prometheus scrape the processes that finalize calls?';

/** Of rollups of calls. */
export const interruptionRate = `(sum(r.interruptions) / nullif(sum(r.turns), 0))::double precision`;
export const falseInterruptionRate = `(sum(r.false_interruptions) / nullif(sum(r.turns), 0))::double precision`;

/** A row for each outcome that rollups of calls have, as `o (outcome, calls)`. */
export const EACH_OUTCOME = `CROSS JOIN LATERAL (VALUES\n  ${[...OUTCOMES, 'unknown' as const].map((outcome) => `('${outcome}', r.${outcomeColumn(outcome)})`).join(', ')}\n) AS o (outcome, calls)\nWHERE o.calls > 0`;
export const STOP = 'i."timeToSilenceSeconds"';
export const BARGE_INS = `${INTERRUPTIONS_OF_CALLS}\nWHERE i.kind = 'barge_in' AND ${STOP} IS NOT NULL`;

/** How long people talk on when the agent does not stop. */
export const STOP_LIMITS = [
  [0, 'green'],
  [0.5, 'orange'],
  [1, 'red'],
] as const;
