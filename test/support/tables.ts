/** What a migrated schema has, by name. Written out, so that a table that comes or goes by mistake is seen. */
export const TABLES = [
  'call_logs',
  'call_metrics',
  'call_queue',
  'call_scores',
  'call_spans',
  'earshot_migrations',
  'incident_looks',
  'incident_messages',
  'incidents',
  'journal_exports',
  'rollup_calls',
  'rollup_latencies',
  'rollup_marks',
  'rollup_models',
  'rollup_tenant_latencies',
  'rollup_words',
] as const;
