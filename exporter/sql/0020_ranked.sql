-- Lists of the dearest and the slowest calls are read from an index; and rollups have the histogram of what calls cost, and of each
-- word when it was last seen and what its calls cost. All rollups are computed again: until then rows are read. A process of an
-- earlier version cannot write rollups any more, and leaves them to one that knows these columns.

CREATE INDEX call_metrics_cost ON call_metrics (cost_total DESC) WHERE cost_total IS NOT NULL;
CREATE INDEX call_metrics_slowness ON call_metrics (eou_latency_p95 DESC) WHERE eou_latency_p95 IS NOT NULL;
CREATE INDEX call_metrics_silence ON call_metrics (eou_latency_max DESC) WHERE eou_latency_max IS NOT NULL;

TRUNCATE rollup_calls, rollup_latencies, rollup_tenant_latencies, rollup_models, rollup_words;

ALTER TABLE rollup_calls
  ADD COLUMN cost_buckets smallint[] NOT NULL,
  ADD COLUMN cost_counts integer[] NOT NULL;
ALTER TABLE rollup_words
  ADD COLUMN last_started_at timestamptz NOT NULL,
  ADD COLUMN cost numeric;

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
