-- What became slower than it was: incidents, when was looked for them last, and the messages about them that are to be sent.

ALTER TABLE call_metrics ADD COLUMN cloud_region text;

CREATE TABLE IF NOT EXISTS incidents (
  id           text PRIMARY KEY,
  tenant       text NOT NULL,
  part         text NOT NULL,
  kind         text NOT NULL,
  name         text NOT NULL,
  provider     text,
  model        text,
  region       text,
  agent        text,
  since        timestamptz NOT NULL,
  opened_at    timestamptz NOT NULL,
  looked_at    timestamptz NOT NULL,
  closed_at    timestamptz,
  closed_as    text,
  recovered_at timestamptz,
  budget       double precision NOT NULL,
  p95_before   double precision NOT NULL,
  p95_after    double precision NOT NULL,
  over_before  double precision,
  over_after   double precision,
  details      jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS incidents_open ON incidents (tenant) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS incidents_opened_at ON incidents (opened_at);
COMMENT ON TABLE incidents IS 'Owners of silence that took longer than in the hour before.';
COMMENT ON COLUMN incidents.id IS 'The incident. Unit: identifier';
COMMENT ON COLUMN incidents.tenant IS 'Whose calls they are. Unit: name';
COMMENT ON COLUMN incidents.part IS 'What took longer: a segment of the silence, or stt. Unit: name';
COMMENT ON COLUMN incidents.kind IS 'Who has it: setting, model, application or transport. Unit: name';
COMMENT ON COLUMN incidents.name IS 'Its owner. Unit: name';
COMMENT ON COLUMN incidents.provider IS 'Provider of the model; NULL of what is no model. Unit: name';
COMMENT ON COLUMN incidents.model IS 'The model; NULL of what is no model. Unit: name';
COMMENT ON COLUMN incidents.region IS 'Region that the agent program runs in; NULL is unknown. Unit: name';
COMMENT ON COLUMN incidents.agent IS 'The agent, of what is no model. Unit: name';
COMMENT ON COLUMN incidents.since IS 'When it began, as the turns say. Unit: instant';
COMMENT ON COLUMN incidents.opened_at IS 'When it was seen. Unit: instant';
COMMENT ON COLUMN incidents.looked_at IS 'When there were last enough turns to say something. Unit: instant';
COMMENT ON COLUMN incidents.closed_at IS 'When it was seen to be over; NULL: it is open. Unit: instant';
COMMENT ON COLUMN incidents.closed_as IS 'Why it is over: recovered, quiet, lasting. Unit: name';
COMMENT ON COLUMN incidents.recovered_at IS 'From when on turns were as before; NULL: they are not, or it is not known. Unit: instant';
COMMENT ON COLUMN incidents.budget IS 'Silence that is still good. Unit: seconds';
COMMENT ON COLUMN incidents.p95_before IS '95th percentile in the hour before. Unit: seconds';
COMMENT ON COLUMN incidents.p95_after IS '95th percentile since. Unit: seconds';
COMMENT ON COLUMN incidents.over_before IS 'Share of turns over the budget in the hour before; NULL: not known. Unit: 0 to 1';
COMMENT ON COLUMN incidents.over_after IS 'Share of turns over the budget since; NULL: not known. Unit: 0 to 1';
COMMENT ON COLUMN incidents.details IS 'Distributions before and since, and what was usual. Unit: names and values';

-- One row, locked by the process that looks.
CREATE TABLE IF NOT EXISTS incident_looks (
  one          boolean PRIMARY KEY DEFAULT true CHECK (one),
  looked_until timestamptz
);
COMMENT ON TABLE incident_looks IS 'Up to when was looked for incidents.';
COMMENT ON COLUMN incident_looks.one IS 'There is one row. Unit: true or false';
COMMENT ON COLUMN incident_looks.looked_until IS 'End of the last five minutes that were looked at. Unit: instant';
INSERT INTO incident_looks DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS incident_messages (
  id          text PRIMARY KEY,
  incident_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
  body        text NOT NULL,
  attempts    integer NOT NULL DEFAULT 0,
  queued_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS incident_messages_due_at ON incident_messages (due_at);
COMMENT ON TABLE incident_messages IS 'What the webhook has still to be told.';
COMMENT ON COLUMN incident_messages.id IS 'The message: a receiver that has it already need not take it again. Unit: identifier';
COMMENT ON COLUMN incident_messages.incident_id IS 'What it is about. Unit: identifier';
COMMENT ON COLUMN incident_messages.body IS 'JSON that is sent. Unit: text';
COMMENT ON COLUMN incident_messages.attempts IS 'How often it was tried. Unit: count';
COMMENT ON COLUMN incident_messages.queued_at IS 'When it was written down. Unit: instant';
COMMENT ON COLUMN incident_messages.due_at IS 'When it is tried again. Unit: instant';
