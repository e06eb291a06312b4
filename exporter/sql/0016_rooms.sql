-- Where a call took place, what a turn detector thought of a turn, and what columns come from.

ALTER TABLE call_metrics
  ADD COLUMN room_id text,
  ADD COLUMN sip_call_id text,
  ADD COLUMN sip_trunk_id text,
  ADD COLUMN sources jsonb;

ALTER TABLE call_logs
  ADD COLUMN eou_probability double precision,
  ADD COLUMN eou_threshold double precision,
  ADD COLUMN endpointing_delay double precision;
