-- More of what calls come to, for dashboards; and functions that give rollups to readers who write SQL, which every migration
-- makes again (exporter/store/rollups/functions.ts). All rollups are computed again: until then rows are read. A process of an
-- earlier version cannot write rollups any more, and leaves them to one that knows these columns.

TRUNCATE rollup_calls, rollup_latencies, rollup_tenant_latencies, rollup_models, rollup_words;

ALTER TABLE rollup_calls ADD COLUMN priced_us bigint NOT NULL;
ALTER TABLE rollup_calls ADD COLUMN priced_successes bigint NOT NULL;
ALTER TABLE rollup_calls ADD COLUMN judged_input_tokens bigint;
ALTER TABLE rollup_models ADD COLUMN quantity bigint;

INSERT INTO rollup_marks (grain, at, tenant, marked_at)
WITH RECURSIVE slices AS (
  SELECT date_bin('5 minutes', min(started_at), 'epoch'::timestamptz) AS at FROM call_metrics
  UNION ALL
  SELECT (
    SELECT date_bin('5 minutes', m.started_at, 'epoch'::timestamptz) FROM call_metrics m
    WHERE m.started_at >= s.at + interval '5 minutes' ORDER BY m.started_at LIMIT 1
  )
  FROM slices s WHERE s.at IS NOT NULL
)
SELECT 'slice', at, '*', '-infinity' FROM slices WHERE at IS NOT NULL;
