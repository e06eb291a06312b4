/** SQL: rows of $1 finished calls, the call of number n being md5('call' || n), as they lie in the tables for a month. */
export const FINISHED_ROWS = [
  `INSERT INTO earshot.call_logs (call_id, turn_index, created_at, trace_id, interrupted)
   SELECT md5('call' || n), 0, now() - n * interval '2 s', md5(n || '-0'), false FROM generate_series(1, $1::int) AS n`,
  `INSERT INTO earshot.call_metrics (call_id, started_at, ended_at, duration_seconds, turn_count, interruption_count,
     false_interruption_count, unpriced, price_list, finalized_at, finalized_by)
   SELECT md5('call' || n), now() - n * interval '2 s', now() - n * interval '2 s' + interval '60 s', 60, 1, 0, 0, '{}',
     'bench', now(), 'bench' FROM generate_series(1, $1::int) AS n`,
];
