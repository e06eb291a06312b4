-- Which days of the journal have been exported: retention waits for those that have not.

CREATE TABLE IF NOT EXISTS journal_exports (
  day            date PRIMARY KEY,
  exported_until timestamptz NOT NULL,
  exported_at    timestamptz NOT NULL
);
COMMENT ON TABLE journal_exports IS 'Days of the journal that were exported: spans that ended on the day and were recorded before exported_until are in the files.';
COMMENT ON COLUMN journal_exports.day IS 'Day of UTC on which the spans ended. Unit: date';
COMMENT ON COLUMN journal_exports.exported_until IS 'Spans that were recorded before then are exported. Unit: instant';
COMMENT ON COLUMN journal_exports.exported_at IS 'When the last export of the day had ended. Unit: instant';
