-- The part of the silence in which tools ran.

ALTER TABLE call_logs ADD COLUMN segment_tools double precision;
