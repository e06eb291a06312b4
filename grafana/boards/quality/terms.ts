import { m } from '../../columns.ts';
import { INTERRUPTIONS_OF_CALLS } from '../../scope.ts';

export const NO_CALLS = 'No calls in this time range';
export const NO_TURNS = 'No turns in this time range';
export const NO_BARGE_INS = 'No barge-in whose end is known';
export const NO_METRICS = 'No live metrics: does Prometheus scrape the processes that finalize calls?';

export const interruptionRate = `sum(${m.interruption_count})::double precision / nullif(sum(${m.turn_count}), 0)`;
export const STOP = 'i."timeToSilenceSeconds"';
export const BARGE_INS = `${INTERRUPTIONS_OF_CALLS}\n  AND i.kind = 'barge_in' AND ${STOP} IS NOT NULL`;

/** How long people talk on when the agent does not stop. */
export const STOP_LIMITS = [
  [0, 'green'],
  [0.5, 'orange'],
  [1, 'red'],
] as const;
