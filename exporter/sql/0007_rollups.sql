-- Rollups: what the calls of five minutes, an hour, a day come to, so that no reader needs a million rows. They are a
-- function of the rows alone. A change of rows leaves a mark on the five minutes that they are of, in the same transaction, and
-- workers compute marked periods again: see exporter/store/rollups/roll-up.ts.

-- Left over where the other tables were lost.
DROP TABLE IF EXISTS rollup_marks, rollup_calls, rollup_latencies, rollup_tenant_latencies, rollup_models, rollup_words;

CREATE TABLE rollup_calls (
  grain                  text NOT NULL,
  at                     timestamptz NOT NULL,
  tenant                 text NOT NULL,
  service_name           text,
  service_version        text,
  deployment_environment text,
  agent_name             text,
  campaign_id            text,
  direction              text,
  channel                text,
  calls                  bigint NOT NULL,
  turns                  bigint NOT NULL,
  duration_us            bigint NOT NULL,
  first_started_at       timestamptz NOT NULL,
  last_started_at        timestamptz NOT NULL,
  outcome_success        bigint NOT NULL,
  outcome_fail           bigint NOT NULL,
  outcome_voicemail      bigint NOT NULL,
  outcome_no_answer      bigint NOT NULL,
  outcome_busy           bigint NOT NULL,
  outcome_unknown        bigint NOT NULL,
  interruptions          bigint,
  false_interruptions    bigint,
  unanswered             bigint,
  judged_turns           bigint NOT NULL,
  sentiment_billionths   bigint,
  felt_calls             bigint NOT NULL,
  cost_stt               numeric,
  cost_llm               numeric,
  cost_tts               numeric,
  cost_telephony         numeric,
  cost_livekit           numeric,
  cost_total             numeric,
  cost_judged            numeric,
  priced_calls           bigint NOT NULL,
  unpriced_calls         bigint NOT NULL,
  eou_latency_max        double precision,
  llm_input_tokens       bigint,
  llm_cached_tokens      bigint,
  llm_output_tokens      bigint,
  stt_audio_us           bigint,
  tts_characters         bigint,
  tts_audio_us           bigint
);
COMMENT ON TABLE rollup_calls IS 'What the calls of a period and of one set of dimensions come to.';
CREATE INDEX rollup_calls_at ON rollup_calls (grain, at);

CREATE TABLE rollup_latencies (
  grain                  text NOT NULL,
  at                     timestamptz NOT NULL,
  tenant                 text NOT NULL,
  service_name           text,
  service_version        text,
  deployment_environment text,
  agent_name             text,
  campaign_id            text,
  direction              text,
  channel                text,
  figure                 text NOT NULL,
  provider               text,
  model                  text,
  turns                  bigint NOT NULL,
  sum_us                 bigint NOT NULL,
  least                  double precision NOT NULL,
  greatest               double precision NOT NULL,
  buckets                smallint[] NOT NULL,
  counts                 integer[] NOT NULL
);
COMMENT ON TABLE rollup_latencies IS 'Histograms of latencies and segments, of the turns of the calls of a period.';
CREATE INDEX rollup_latencies_at ON rollup_latencies (grain, at);

CREATE TABLE rollup_tenant_latencies (
  grain    text NOT NULL,
  at       timestamptz NOT NULL,
  tenant   text NOT NULL,
  figure   text NOT NULL,
  provider text,
  model    text,
  turns    bigint NOT NULL,
  sum_us   bigint NOT NULL,
  least    double precision NOT NULL,
  greatest double precision NOT NULL,
  buckets  smallint[] NOT NULL,
  counts   integer[] NOT NULL
);
COMMENT ON TABLE rollup_tenant_latencies IS 'The same of all calls of a tenant, of hours and days.';
CREATE INDEX rollup_tenant_latencies_at ON rollup_tenant_latencies (grain, at);

CREATE TABLE rollup_models (
  grain                  text NOT NULL,
  at                     timestamptz NOT NULL,
  tenant                 text NOT NULL,
  service_name           text,
  service_version        text,
  deployment_environment text,
  agent_name             text,
  campaign_id            text,
  direction              text,
  channel                text,
  stage                  text NOT NULL,
  provider               text,
  model                  text,
  calls                  bigint NOT NULL,
  turns                  bigint NOT NULL,
  cost                   numeric
);
COMMENT ON TABLE rollup_models IS 'What providers and models cost, of the turns of the calls of a period.';
CREATE INDEX rollup_models_at ON rollup_models (grain, at);

CREATE TABLE rollup_words (
  grain                  text NOT NULL,
  at                     timestamptz NOT NULL,
  tenant                 text NOT NULL,
  service_name           text,
  service_version        text,
  deployment_environment text,
  agent_name             text,
  campaign_id            text,
  direction              text,
  channel                text,
  kind                   text NOT NULL,
  name                   text NOT NULL,
  count                  bigint NOT NULL
);
COMMENT ON TABLE rollup_words IS 'How often words of closed or short lists occur, in the calls of a period or in their turns.';
CREATE INDEX rollup_words_at ON rollup_words (grain, at);

-- Marks are added and never wait for one another: no key.
CREATE TABLE rollup_marks (
  grain     text NOT NULL,
  at        timestamptz NOT NULL,
  tenant    text NOT NULL,
  marked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE rollup_marks IS 'Periods whose rollups are to be computed again.';
COMMENT ON COLUMN rollup_marks.grain IS 'Length of the period: slice, hour, day. Unit: name';
COMMENT ON COLUMN rollup_marks.at IS 'Where the period begins. Unit: instant';
COMMENT ON COLUMN rollup_marks.tenant IS 'Whose calls changed; * of all tenants. Unit: name';
COMMENT ON COLUMN rollup_marks.marked_at IS 'When they did. Unit: instant';

-- A trigger, so that nothing can change rows without a mark: no process of an earlier version, and no deletion by hand.
CREATE OR REPLACE FUNCTION mark_rollups() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO rollup_marks (grain, at, tenant) SELECT DISTINCT 'slice', at, '*' FROM rollup_calls;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO rollup_marks (grain, at, tenant)
    SELECT DISTINCT 'slice', date_bin('5 minutes', started_at, 'epoch'::timestamptz), tenant FROM rows_before;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO rollup_marks (grain, at, tenant)
    SELECT DISTINCT 'slice', date_bin('5 minutes', started_at, 'epoch'::timestamptz), tenant FROM rows_after;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION mark_rollups() IS 'Marks the rollups of calls that change.';

CREATE TRIGGER mark_inserted AFTER INSERT ON call_metrics
  REFERENCING NEW TABLE AS rows_after FOR EACH STATEMENT EXECUTE FUNCTION mark_rollups();
CREATE TRIGGER mark_updated AFTER UPDATE ON call_metrics
  REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after FOR EACH STATEMENT EXECUTE FUNCTION mark_rollups();
CREATE TRIGGER mark_deleted AFTER DELETE ON call_metrics
  REFERENCING OLD TABLE AS rows_before FOR EACH STATEMENT EXECUTE FUNCTION mark_rollups();
CREATE TRIGGER mark_truncated AFTER TRUNCATE ON call_metrics
  FOR EACH STATEMENT EXECUTE FUNCTION mark_rollups();

-- Of the calls that there are: from one to the first that is later, by the index, so that it takes as long as there are five
-- minutes with calls and not as long as there are calls. They have waited forever: rows are read until all are computed.
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
