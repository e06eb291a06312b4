-- What carriers and hosted platforms say of calls: over how many connections they came, and what was billed.

ALTER TABLE call_metrics ADD COLUMN platform text;
ALTER TABLE call_metrics ADD COLUMN leg_count integer;
ALTER TABLE call_metrics ADD COLUMN billed_seconds double precision;
ALTER TABLE call_metrics ADD COLUMN cost_platform numeric;
