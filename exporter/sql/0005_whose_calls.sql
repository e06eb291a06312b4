-- Whose call it was and what the application sorts its calls by; and indexes for the lists that are narrowed by it.

ALTER TABLE call_metrics ADD COLUMN service_version text;
ALTER TABLE call_metrics ADD COLUMN deployment_environment text;
ALTER TABLE call_metrics ADD COLUMN customer_id text;
ALTER TABLE call_metrics ADD COLUMN tags jsonb;
ALTER TABLE call_metrics ADD COLUMN recording_url text;

-- Lists are by time, the latest first.
CREATE INDEX call_metrics_agent ON call_metrics (agent_name, started_at);
CREATE INDEX call_metrics_campaign ON call_metrics (campaign_id, started_at);
CREATE INDEX call_metrics_customer ON call_metrics (customer_id, started_at) WHERE customer_id IS NOT NULL;
CREATE INDEX call_metrics_tags ON call_metrics USING gin (tags jsonb_path_ops);
-- What had no price, of the latest calls.
CREATE INDEX call_metrics_unpriced ON call_metrics (started_at) WHERE unpriced <> '{}';
-- The beginning of an id is enough to name a call, whatever the database's collation.
CREATE INDEX call_metrics_id_prefix ON call_metrics (call_id text_pattern_ops);
