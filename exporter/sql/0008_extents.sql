-- Where in the journal a call's spans are, so that reading a call opens the partitions of its days and no others. The journal
-- itself gets its partitions apart from this: see exporter/store/partition-journal.ts.

-- Of spans that came since the call is queued. A process of the version before does not know of them: a place that it makes
-- is for spans of any time, which is what the defaults say.
ALTER TABLE call_queue ADD COLUMN first_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE call_queue ADD COLUMN last_at timestamptz NOT NULL DEFAULT 'infinity';
ALTER TABLE call_queue ADD COLUMN appends integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN call_queue.first_at IS
  'No span that came since the call is queued ended before: a day''s begin (UTC); -infinity is unknown. Unit: instant';
COMMENT ON COLUMN call_queue.last_at IS
  'No span that came since the call is queued ended after: a day''s end (UTC); infinity is unknown. Unit: instant';
COMMENT ON COLUMN call_queue.appends IS
  'Times that spans came, as far as writers count: one that does not leaves the instants unknown. Unit: count';

-- Spans that such a process adds to a call that has a place already could be of any time, too.
CREATE OR REPLACE FUNCTION forget_extent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.first_at := '-infinity';
  NEW.last_at := 'infinity';
  RETURN NEW;
END $$;
COMMENT ON FUNCTION forget_extent() IS 'Where the spans of a queued call are is unknown from now on.';
CREATE TRIGGER forget_extent BEFORE UPDATE OF last_error ON call_queue FOR EACH ROW
  WHEN (NEW.attempts = 0 AND NEW.claim IS NOT DISTINCT FROM OLD.claim AND NEW.last_error IS NULL AND NEW.appends = OLD.appends)
  EXECUTE FUNCTION forget_extent();

-- Of all spans that the row was computed from. It holds for as long as spans_at is finalized_at: a process of the version
-- before writes the row without it.
ALTER TABLE call_metrics ADD COLUMN spans_from timestamptz;
ALTER TABLE call_metrics ADD COLUMN spans_until timestamptz;
ALTER TABLE call_metrics ADD COLUMN spans_ended boolean;
ALTER TABLE call_metrics ADD COLUMN spans_at timestamptz;
