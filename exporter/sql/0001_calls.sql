-- The journal of spans, the queue of calls to finalise, and the rows that calls become.
-- Times are seconds, money is US dollars; every column says its unit.

CREATE TABLE call_spans (
  trace_id    text NOT NULL,
  span_id     text NOT NULL,
  call_id     text NOT NULL,
  turn_index  integer,
  stage       text NOT NULL,
  started_at  timestamptz NOT NULL,
  ended_at    timestamptz NOT NULL,
  facts       jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (trace_id, span_id)
);

COMMENT ON TABLE call_spans IS
  'The journal: one row a finished span, appended once. Kept for EARSHOT_SPAN_RETENTION.';
COMMENT ON COLUMN call_spans.trace_id IS 'OpenTelemetry trace id. Unit: hexadecimal';
COMMENT ON COLUMN call_spans.span_id IS 'OpenTelemetry span id. Unit: hexadecimal';
COMMENT ON COLUMN call_spans.call_id IS 'The call. Unit: identifier';
COMMENT ON COLUMN call_spans.turn_index IS 'The turn, counted from 0; NULL for a span of the call as a whole. Unit: ordinal';
COMMENT ON COLUMN call_spans.stage IS 'call, turn, turn_part, stt, llm, tts, playback, tool or other. Unit: name';
COMMENT ON COLUMN call_spans.started_at IS 'Span start. Unit: instant';
COMMENT ON COLUMN call_spans.ended_at IS 'Span end. Unit: instant';
COMMENT ON COLUMN call_spans.facts IS 'What the span says, in the shape of exporter/facts.ts. Unit: JSON';
COMMENT ON COLUMN call_spans.recorded_at IS 'When the span was written here. Unit: instant';

-- A call's spans; and whether the call has ended.
CREATE INDEX call_spans_call ON call_spans (call_id, stage);
-- Retention deletes the oldest first.
CREATE INDEX call_spans_ended_at ON call_spans (ended_at);

CREATE TABLE call_queue (
  call_id    text NOT NULL,
  due_at     timestamptz NOT NULL,
  ended      boolean NOT NULL,
  queued_at  timestamptz NOT NULL DEFAULT now(),
  attempts   integer NOT NULL DEFAULT 0,
  last_error text,
  PRIMARY KEY (call_id)
);

COMMENT ON TABLE call_queue IS
  'Calls waiting to be finalised. Workers take them with FOR UPDATE SKIP LOCKED.';
COMMENT ON COLUMN call_queue.call_id IS 'The call. Unit: identifier';
COMMENT ON COLUMN call_queue.due_at IS 'Not before then; infinity: given up on until a new span arrives. Unit: instant';
COMMENT ON COLUMN call_queue.ended IS 'The span of the call itself has been seen. Unit: true or false';
COMMENT ON COLUMN call_queue.queued_at IS 'Since when the call has been waiting. Unit: instant';
COMMENT ON COLUMN call_queue.attempts IS 'Failed attempts since the last new span. Unit: count';
COMMENT ON COLUMN call_queue.last_error IS 'Class or code of the last failure, never its message. Unit: name';

CREATE INDEX call_queue_due_at ON call_queue (due_at);

CREATE TABLE call_logs (
  call_id             text NOT NULL,
  turn_index          integer NOT NULL,
  created_at          timestamptz NOT NULL,
  trace_id            text NOT NULL,
  initiator           text,
  user_text           text,
  agent_text          text,
  stt_provider        text,
  stt_model           text,
  llm_provider        text,
  llm_model           text,
  tts_provider        text,
  tts_model           text,
  ttfb_stt            double precision,
  ttfb_llm            double precision,
  ttfb_tts            double precision,
  latency_stt         double precision,
  latency_llm         double precision,
  latency_tts         double precision,
  eou_latency         double precision,
  segment_endpointing double precision,
  segment_preparation double precision,
  segment_llm         double precision,
  segment_aggregation double precision,
  segment_tts         double precision,
  segment_playout     double precision,
  eou_source          text,
  playback_source     text,
  llm_input_tokens    bigint,
  llm_cached_tokens   bigint,
  llm_output_tokens   bigint,
  stt_audio_seconds   double precision,
  tts_characters      bigint,
  tts_audio_seconds   double precision,
  usage_estimated     boolean,
  interrupted         boolean NOT NULL,
  interruption_kind   text,
  sentiment_score     double precision,
  cost_stt            numeric,
  cost_llm            numeric,
  cost_tts            numeric,
  cost_total          numeric,
  error_type          text,
  PRIMARY KEY (call_id, turn_index)
);

COMMENT ON TABLE call_logs IS
  'One row a turn.';
COMMENT ON COLUMN call_logs.call_id IS 'The call. Unit: identifier';
COMMENT ON COLUMN call_logs.turn_index IS 'The turn, counted from 0. Unit: ordinal';
COMMENT ON COLUMN call_logs.created_at IS 'Turn start. Unit: instant';
COMMENT ON COLUMN call_logs.trace_id IS 'The turn''s trace. Unit: hexadecimal';
COMMENT ON COLUMN call_logs.initiator IS 'Who opened the turn: user or agent. Unit: name';
COMMENT ON COLUMN call_logs.user_text IS 'What the user said; only with content capture. Unit: text';
COMMENT ON COLUMN call_logs.agent_text IS 'What the agent answered; only with content capture. Unit: text';
COMMENT ON COLUMN call_logs.stt_provider IS 'Speech-to-text provider. Unit: name';
COMMENT ON COLUMN call_logs.stt_model IS 'Speech-to-text model. Unit: name';
COMMENT ON COLUMN call_logs.llm_provider IS 'Language model provider. Unit: name';
COMMENT ON COLUMN call_logs.llm_model IS 'Language model model. Unit: name';
COMMENT ON COLUMN call_logs.tts_provider IS 'Text-to-speech provider. Unit: name';
COMMENT ON COLUMN call_logs.tts_model IS 'Text-to-speech model. Unit: name';
COMMENT ON COLUMN call_logs.ttfb_stt IS 'STT start to first transcript of the utterance. Unit: seconds';
COMMENT ON COLUMN call_logs.ttfb_llm IS 'LLM request to first content or tool-call chunk. Unit: seconds';
COMMENT ON COLUMN call_logs.ttfb_tts IS 'First text sent to first audio byte. Unit: seconds';
COMMENT ON COLUMN call_logs.latency_stt IS 'End of utterance to final transcript. Unit: seconds';
COMMENT ON COLUMN call_logs.latency_llm IS 'LLM request to end of the answer that was spoken. Unit: seconds';
COMMENT ON COLUMN call_logs.latency_tts IS 'First text sent to last audio byte. Unit: seconds';
COMMENT ON COLUMN call_logs.eou_latency IS 'End of utterance to playback start: the silence the caller hears. Unit: seconds';
COMMENT ON COLUMN call_logs.segment_endpointing IS 'Part of eou_latency: speech ended to committed. Unit: seconds';
COMMENT ON COLUMN call_logs.segment_preparation IS 'Part of eou_latency: committed to LLM started. Unit: seconds';
COMMENT ON COLUMN call_logs.segment_llm IS 'Part of eou_latency: LLM started to LLM first byte. Unit: seconds';
COMMENT ON COLUMN call_logs.segment_aggregation IS 'Part of eou_latency: LLM first byte to TTS started. Unit: seconds';
COMMENT ON COLUMN call_logs.segment_tts IS 'Part of eou_latency: TTS started to TTS first byte. Unit: seconds';
COMMENT ON COLUMN call_logs.segment_playout IS 'Part of eou_latency: TTS first byte to playback started. Unit: seconds';
COMMENT ON COLUMN call_logs.eou_source IS 'How the end of utterance is known: vad, stt_word_end, stt_event, framework, turn_start. Unit: name';
COMMENT ON COLUMN call_logs.playback_source IS 'How the playback start is known: observed, estimated. Unit: name';
COMMENT ON COLUMN call_logs.llm_input_tokens IS 'Prompt tokens, cached ones included. Unit: tokens';
COMMENT ON COLUMN call_logs.llm_cached_tokens IS 'The part of llm_input_tokens that was read from a cache. Unit: tokens';
COMMENT ON COLUMN call_logs.llm_output_tokens IS 'Generated tokens, reasoning included. Unit: tokens';
COMMENT ON COLUMN call_logs.stt_audio_seconds IS 'Audio transcribed. Unit: seconds';
COMMENT ON COLUMN call_logs.tts_characters IS 'Text sent to synthesis. Unit: characters';
COMMENT ON COLUMN call_logs.tts_audio_seconds IS 'Audio synthesised. Unit: seconds';
COMMENT ON COLUMN call_logs.usage_estimated IS 'Some usage of the turn is an estimate. Unit: true or false';
COMMENT ON COLUMN call_logs.interrupted IS 'The agent was cut off by the user. Unit: true or false';
COMMENT ON COLUMN call_logs.interruption_kind IS 'barge_in, false_interruption, agent_over_user, backchannel. Unit: name';
COMMENT ON COLUMN call_logs.sentiment_score IS 'Sentiment of the user''s words. Unit: -1 to 1';
COMMENT ON COLUMN call_logs.cost_stt IS 'Speech-to-text. Unit: USD';
COMMENT ON COLUMN call_logs.cost_llm IS 'Language model. Unit: USD';
COMMENT ON COLUMN call_logs.cost_tts IS 'Text-to-speech. Unit: USD';
COMMENT ON COLUMN call_logs.cost_total IS 'Sum of the priced components. Unit: USD';
COMMENT ON COLUMN call_logs.error_type IS 'Class of the first error, never its message. Unit: name';

CREATE INDEX call_logs_created_at ON call_logs (created_at);

CREATE TABLE call_metrics (
  call_id                  text NOT NULL,
  service_name             text,
  agent_name               text,
  campaign_id              text,
  direction                text,
  channel                  text,
  started_at               timestamptz NOT NULL,
  ended_at                 timestamptz NOT NULL,
  duration_seconds         double precision NOT NULL,
  turn_count               integer NOT NULL,
  ttfb_stt_avg             double precision,
  ttfb_stt_min             double precision,
  ttfb_stt_max             double precision,
  ttfb_stt_p50             double precision,
  ttfb_stt_p95             double precision,
  ttfb_llm_avg             double precision,
  ttfb_llm_min             double precision,
  ttfb_llm_max             double precision,
  ttfb_llm_p50             double precision,
  ttfb_llm_p95             double precision,
  ttfb_tts_avg             double precision,
  ttfb_tts_min             double precision,
  ttfb_tts_max             double precision,
  ttfb_tts_p50             double precision,
  ttfb_tts_p95             double precision,
  latency_stt_avg          double precision,
  latency_stt_min          double precision,
  latency_stt_max          double precision,
  latency_stt_p50          double precision,
  latency_stt_p95          double precision,
  latency_llm_avg          double precision,
  latency_llm_min          double precision,
  latency_llm_max          double precision,
  latency_llm_p50          double precision,
  latency_llm_p95          double precision,
  latency_tts_avg          double precision,
  latency_tts_min          double precision,
  latency_tts_max          double precision,
  latency_tts_p50          double precision,
  latency_tts_p95          double precision,
  eou_latency_avg          double precision,
  eou_latency_min          double precision,
  eou_latency_max          double precision,
  eou_latency_p50          double precision,
  eou_latency_p95          double precision,
  llm_input_tokens         bigint,
  llm_cached_tokens        bigint,
  llm_output_tokens        bigint,
  stt_audio_seconds        double precision,
  tts_characters           bigint,
  tts_audio_seconds        double precision,
  interruption_count       integer NOT NULL,
  interruption_rate        double precision,
  false_interruption_count integer NOT NULL,
  outcome                  text,
  outcome_confidence       double precision,
  outcome_source           text,
  end_reason               text,
  sentiment_avg            double precision,
  sentiment_label          text,
  cost_stt                 numeric,
  cost_llm                 numeric,
  cost_tts                 numeric,
  cost_livekit             numeric,
  cost_telephony           numeric,
  cost_total               numeric,
  unpriced                 text[] NOT NULL,
  price_list               text NOT NULL,
  finalized_at             timestamptz NOT NULL,
  finalized_by             text NOT NULL,
  PRIMARY KEY (call_id)
);

COMMENT ON TABLE call_metrics IS
  'One row a call.';
COMMENT ON COLUMN call_metrics.call_id IS 'The call. Unit: identifier';
COMMENT ON COLUMN call_metrics.service_name IS 'The agent program. Unit: name';
COMMENT ON COLUMN call_metrics.agent_name IS 'The agent. Unit: name';
COMMENT ON COLUMN call_metrics.campaign_id IS 'Campaign the call belongs to. Unit: identifier';
COMMENT ON COLUMN call_metrics.direction IS 'inbound, outbound, web. Unit: name';
COMMENT ON COLUMN call_metrics.channel IS 'phone, web, app. Unit: name';
COMMENT ON COLUMN call_metrics.started_at IS 'Connect. Unit: instant';
COMMENT ON COLUMN call_metrics.ended_at IS 'Hang-up. Unit: instant';
COMMENT ON COLUMN call_metrics.duration_seconds IS 'From started_at to ended_at. Unit: seconds';
COMMENT ON COLUMN call_metrics.turn_count IS 'Turns of the call. Unit: count';
COMMENT ON COLUMN call_metrics.ttfb_stt_avg IS 'Mean over the turns that have it of: STT start to first transcript of the utterance. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_stt_min IS 'Least over the turns that have it of: STT start to first transcript of the utterance. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_stt_max IS 'Greatest over the turns that have it of: STT start to first transcript of the utterance. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_stt_p50 IS 'Median over the turns that have it of: STT start to first transcript of the utterance. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_stt_p95 IS '95th percentile (linear interpolation) over the turns that have it of: STT start to first transcript of the utterance. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_llm_avg IS 'Mean over the turns that have it of: LLM request to first content or tool-call chunk. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_llm_min IS 'Least over the turns that have it of: LLM request to first content or tool-call chunk. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_llm_max IS 'Greatest over the turns that have it of: LLM request to first content or tool-call chunk. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_llm_p50 IS 'Median over the turns that have it of: LLM request to first content or tool-call chunk. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_llm_p95 IS '95th percentile (linear interpolation) over the turns that have it of: LLM request to first content or tool-call chunk. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_tts_avg IS 'Mean over the turns that have it of: First text sent to first audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_tts_min IS 'Least over the turns that have it of: First text sent to first audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_tts_max IS 'Greatest over the turns that have it of: First text sent to first audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_tts_p50 IS 'Median over the turns that have it of: First text sent to first audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.ttfb_tts_p95 IS '95th percentile (linear interpolation) over the turns that have it of: First text sent to first audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_stt_avg IS 'Mean over the turns that have it of: End of utterance to final transcript. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_stt_min IS 'Least over the turns that have it of: End of utterance to final transcript. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_stt_max IS 'Greatest over the turns that have it of: End of utterance to final transcript. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_stt_p50 IS 'Median over the turns that have it of: End of utterance to final transcript. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_stt_p95 IS '95th percentile (linear interpolation) over the turns that have it of: End of utterance to final transcript. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_llm_avg IS 'Mean over the turns that have it of: LLM request to end of the answer that was spoken. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_llm_min IS 'Least over the turns that have it of: LLM request to end of the answer that was spoken. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_llm_max IS 'Greatest over the turns that have it of: LLM request to end of the answer that was spoken. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_llm_p50 IS 'Median over the turns that have it of: LLM request to end of the answer that was spoken. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_llm_p95 IS '95th percentile (linear interpolation) over the turns that have it of: LLM request to end of the answer that was spoken. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_tts_avg IS 'Mean over the turns that have it of: First text sent to last audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_tts_min IS 'Least over the turns that have it of: First text sent to last audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_tts_max IS 'Greatest over the turns that have it of: First text sent to last audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_tts_p50 IS 'Median over the turns that have it of: First text sent to last audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.latency_tts_p95 IS '95th percentile (linear interpolation) over the turns that have it of: First text sent to last audio byte. Unit: seconds';
COMMENT ON COLUMN call_metrics.eou_latency_avg IS 'Mean over the turns that have it of: End of utterance to playback start: the silence the caller hears. Unit: seconds';
COMMENT ON COLUMN call_metrics.eou_latency_min IS 'Least over the turns that have it of: End of utterance to playback start: the silence the caller hears. Unit: seconds';
COMMENT ON COLUMN call_metrics.eou_latency_max IS 'Greatest over the turns that have it of: End of utterance to playback start: the silence the caller hears. Unit: seconds';
COMMENT ON COLUMN call_metrics.eou_latency_p50 IS 'Median over the turns that have it of: End of utterance to playback start: the silence the caller hears. Unit: seconds';
COMMENT ON COLUMN call_metrics.eou_latency_p95 IS '95th percentile (linear interpolation) over the turns that have it of: End of utterance to playback start: the silence the caller hears. Unit: seconds';
COMMENT ON COLUMN call_metrics.llm_input_tokens IS 'Prompt tokens, cached ones included. Unit: tokens';
COMMENT ON COLUMN call_metrics.llm_cached_tokens IS 'The part of llm_input_tokens that was read from a cache. Unit: tokens';
COMMENT ON COLUMN call_metrics.llm_output_tokens IS 'Generated tokens, reasoning included. Unit: tokens';
COMMENT ON COLUMN call_metrics.stt_audio_seconds IS 'Audio transcribed. Unit: seconds';
COMMENT ON COLUMN call_metrics.tts_characters IS 'Text sent to synthesis. Unit: characters';
COMMENT ON COLUMN call_metrics.tts_audio_seconds IS 'Audio synthesised. Unit: seconds';
COMMENT ON COLUMN call_metrics.interruption_count IS 'Interruptions of the agent by the user. Unit: count';
COMMENT ON COLUMN call_metrics.interruption_rate IS 'interruption_count / turn_count. Unit: ratio';
COMMENT ON COLUMN call_metrics.false_interruption_count IS 'Interruptions after which the agent resumed. Unit: count';
COMMENT ON COLUMN call_metrics.outcome IS 'SUCCESS, FAIL, VOICEMAIL, NO_ANSWER, BUSY; NULL is unknown. Unit: name';
COMMENT ON COLUMN call_metrics.outcome_confidence IS 'How sure the outcome is. Unit: 0 to 1';
COMMENT ON COLUMN call_metrics.outcome_source IS 'What decided the outcome: explicit, sip, amd, end_reason, keywords. Unit: name';
COMMENT ON COLUMN call_metrics.end_reason IS 'How the call stopped, as the framework or transport says it. Unit: name';
COMMENT ON COLUMN call_metrics.sentiment_avg IS 'Mean sentiment of the turns. Unit: -1 to 1';
COMMENT ON COLUMN call_metrics.sentiment_label IS 'positive, neutral, negative. Unit: name';
COMMENT ON COLUMN call_metrics.cost_stt IS 'Speech-to-text. Unit: USD';
COMMENT ON COLUMN call_metrics.cost_llm IS 'Language model. Unit: USD';
COMMENT ON COLUMN call_metrics.cost_tts IS 'Text-to-speech. Unit: USD';
COMMENT ON COLUMN call_metrics.cost_livekit IS 'LiveKit minutes. Unit: USD';
COMMENT ON COLUMN call_metrics.cost_telephony IS 'Telephony minutes. Unit: USD';
COMMENT ON COLUMN call_metrics.cost_total IS 'Sum of the priced components; a lower bound where unpriced is not empty. Unit: USD';
COMMENT ON COLUMN call_metrics.unpriced IS 'What had no price, as component:provider/model; empty when all is priced. Unit: names';
COMMENT ON COLUMN call_metrics.price_list IS 'Price list that the costs come from. Unit: name and version';
COMMENT ON COLUMN call_metrics.finalized_at IS 'When these rows were last computed. Unit: instant';
COMMENT ON COLUMN call_metrics.finalized_by IS 'Worker that computed them. Unit: identifier';

CREATE INDEX call_metrics_started_at ON call_metrics (started_at);
CREATE INDEX call_metrics_ended_at ON call_metrics (ended_at);
