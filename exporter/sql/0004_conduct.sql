-- Who did what in a turn, as far as anything shows it: what is not known is NULL.

ALTER TABLE call_logs ALTER COLUMN interrupted DROP NOT NULL;
ALTER TABLE call_logs ADD COLUMN cut_off_by text;

COMMENT ON COLUMN call_logs.interrupted IS
  'The agent was cut off by the user; NULL where nothing shows when the user spoke. Unit: true or false';
COMMENT ON COLUMN call_logs.cut_off_by IS
  'Who ended the agent''s words before their end: user, hangup, program; NULL is none, or unknown. Unit: name';

ALTER TABLE call_metrics ALTER COLUMN interruption_count DROP NOT NULL;
ALTER TABLE call_metrics ALTER COLUMN false_interruption_count DROP NOT NULL;
ALTER TABLE call_metrics ADD COLUMN unanswered_count integer;
ALTER TABLE call_metrics ADD COLUMN clock_skew_count integer;

COMMENT ON COLUMN call_metrics.interruption_count IS
  'Interruptions of the agent by the user; NULL where nothing shows when the user spoke. Unit: count';
COMMENT ON COLUMN call_metrics.false_interruption_count IS
  'Interruptions after which the agent resumed; NULL where nothing shows when the user spoke. Unit: count';
COMMENT ON COLUMN call_metrics.unanswered_count IS
  'Utterances of the user that the agent did not answer; NULL where nothing shows the agent''s words. Unit: count';
COMMENT ON COLUMN call_metrics.clock_skew_count IS
  'Turns whose spans come from clocks that disagree: what compares the two is NULL. Unit: count';
