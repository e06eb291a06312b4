-- The role that Grafana reads the rows with: it can read and nothing else.
--
-- Run by the role that owns the tables (the one of EARSHOT_DATABASE_URL), before or after `earshot migrate`:
--   psql "$EARSHOT_DATABASE_URL" --set=password="$GRAFANA_DB_PASSWORD" --file=grafana/reader.sql
-- Running it again changes nothing but the password.
--
-- It reads every column, transcripts included where their capture is switched on. To keep what was said from Grafana,
-- see grafana/README.md.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'earshot_reader') THEN
    CREATE ROLE earshot_reader LOGIN;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO earshot_reader', current_database());
END
$$;

ALTER ROLE earshot_reader PASSWORD :'password';
ALTER ROLE earshot_reader CONNECTION LIMIT 20;
-- A dashboard over a long time range must not hold up the pipeline.
ALTER ROLE earshot_reader SET default_transaction_read_only = on;
ALTER ROLE earshot_reader SET statement_timeout = '30s';
-- Statements of a tenth of a second: compiling them takes longer than running them.
ALTER ROLE earshot_reader SET jit = off;

CREATE SCHEMA IF NOT EXISTS earshot;
GRANT USAGE ON SCHEMA earshot TO earshot_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA earshot TO earshot_reader;
-- Tables of migrations still to come.
ALTER DEFAULT PRIVILEGES IN SCHEMA earshot GRANT SELECT ON TABLES TO earshot_reader;
