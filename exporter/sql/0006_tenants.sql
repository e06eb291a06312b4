-- Whose calls they are. Every row that there is, and every one that a process of an earlier version goes on to write, is of
-- the one tenant `default`; so the keys stay as they are here. They get the tenant where a second one comes, and in a new
-- database: see exporter/store/tenant-keys.ts.

ALTER TABLE call_spans ADD COLUMN IF NOT EXISTS tenant text NOT NULL DEFAULT 'default';
ALTER TABLE call_queue ADD COLUMN IF NOT EXISTS tenant text NOT NULL DEFAULT 'default';
ALTER TABLE call_logs ADD COLUMN IF NOT EXISTS tenant text NOT NULL DEFAULT 'default';
ALTER TABLE call_metrics ADD COLUMN IF NOT EXISTS tenant text NOT NULL DEFAULT 'default';

COMMENT ON COLUMN call_spans.tenant IS 'Whose call it is, by the token of its sender; default without one. Unit: name';
COMMENT ON COLUMN call_queue.tenant IS 'Whose call it is. Unit: name';
