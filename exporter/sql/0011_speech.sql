-- How long user and agent spoke, and when no one did.

ALTER TABLE call_logs
  ADD COLUMN user_speech_seconds double precision,
  ADD COLUMN agent_speech_seconds double precision,
  ADD COLUMN overlap_seconds double precision;

ALTER TABLE call_metrics
  ADD COLUMN user_speech_seconds double precision,
  ADD COLUMN agent_speech_seconds double precision,
  ADD COLUMN overlap_seconds double precision,
  ADD COLUMN talk_ratio double precision,
  ADD COLUMN longest_silence double precision,
  ADD COLUMN dead_air_seconds double precision,
  ADD COLUMN user_words_per_minute double precision,
  ADD COLUMN agent_words_per_minute double precision;
