-- What someone or something thinks of a call: a figure or a word under a name. Of what its spans say the rows are a function of
-- the journal; what was given afterwards stays.

CREATE TABLE IF NOT EXISTS call_scores (
  tenant    text NOT NULL DEFAULT 'default',
  call_id   text NOT NULL,
  name      text NOT NULL,
  value     double precision,
  label     text,
  source    text NOT NULL,
  scored_at timestamptz NOT NULL,
  PRIMARY KEY (tenant, call_id, name)
);
COMMENT ON TABLE call_scores IS 'Scores of calls.';

-- A trigger, and no foreign key, whose columns the key of call_metrics may not have yet. Whatever deletes a call, by hand too,
-- deletes its scores.
CREATE OR REPLACE FUNCTION delete_scores() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE call_scores;
  ELSE
    DELETE FROM call_scores s USING rows_before m WHERE s.tenant = m.tenant AND s.call_id = m.call_id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION delete_scores() IS 'Deletes the scores of calls that are deleted.';

DROP TRIGGER IF EXISTS scores_deleted ON call_metrics;
CREATE TRIGGER scores_deleted AFTER DELETE ON call_metrics
  REFERENCING OLD TABLE AS rows_before FOR EACH STATEMENT EXECUTE FUNCTION delete_scores();
DROP TRIGGER IF EXISTS scores_truncated ON call_metrics;
CREATE TRIGGER scores_truncated AFTER TRUNCATE ON call_metrics
  FOR EACH STATEMENT EXECUTE FUNCTION delete_scores();
