-- The wait behind a filler: the longest silence inside an answer.

ALTER TABLE call_logs ADD COLUMN longest_gap double precision;
