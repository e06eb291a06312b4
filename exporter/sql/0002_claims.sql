-- A worker claims a call before it works on it, so that an attempt counts even where it ends the process; and a row says
-- when its call had more spans than are read.

ALTER TABLE call_queue ADD COLUMN claim text;
COMMENT ON COLUMN call_queue.claim IS
  'Who works on the call until due_at; NULL when it waits. Unit: identifier';
COMMENT ON COLUMN call_queue.attempts IS 'Attempts since the last new span, the one under way included; 0 while one is under way: a span came since. Unit: count';

ALTER TABLE call_queue ADD COLUMN ended_at timestamptz;
COMMENT ON COLUMN call_queue.ended_at IS
  'When the end of the call was known here; late spans put it off for ten seconds from then at most. Unit: instant';

ALTER TABLE call_metrics ADD COLUMN spans_dropped integer;
COMMENT ON COLUMN call_metrics.spans_dropped IS
  'Spans beyond EARSHOT_MAX_CALL_SPANS, which the row leaves out; NULL when it is of all. Unit: count';
