-- What the wait behind a filler went by with; and in rollups how long user and agent spoke, how long no one did, and what the
-- silences of each length are made of. All rollups are computed again: until then rows are read. A process of an earlier version
-- cannot write rollups any more, and leaves them to one that knows these columns.

ALTER TABLE call_logs ADD COLUMN longest_gap_part text;

TRUNCATE rollup_calls, rollup_latencies, rollup_tenant_latencies, rollup_models, rollup_words;

ALTER TABLE rollup_calls
  ADD COLUMN talk_calls bigint NOT NULL,
  ADD COLUMN user_speech_us bigint NOT NULL,
  ADD COLUMN agent_speech_us bigint NOT NULL,
  ADD COLUMN silence_calls bigint NOT NULL,
  ADD COLUMN silence_call_us bigint NOT NULL,
  ADD COLUMN overlap_us bigint NOT NULL,
  ADD COLUMN dead_air_us bigint NOT NULL,
  ADD COLUMN dead_air_calls bigint NOT NULL,
  ADD COLUMN longest_silence_max double precision;

ALTER TABLE rollup_latencies
  ADD COLUMN bands smallint[],
  ADD COLUMN band_turns integer[],
  ADD COLUMN band_us bigint[];
ALTER TABLE rollup_tenant_latencies
  ADD COLUMN bands smallint[],
  ADD COLUMN band_turns integer[],
  ADD COLUMN band_us bigint[];

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
