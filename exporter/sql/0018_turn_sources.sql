-- What columns of a turn come from.

ALTER TABLE call_logs ADD COLUMN sources jsonb;
