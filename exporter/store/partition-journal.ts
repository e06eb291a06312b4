import type { Queryable } from './database.ts';
import { beginOf, type Day, dayOf, JournalDays, KEY, nameOfBefore } from './journal-days.ts';

/**
 * A journal of an earlier version is one table. It becomes a partition as it is, with its own keys, for all that ended up to
 * the end of today; days that come get partitions of their own, and retention drops the old one when all of it has expired.
 * Nothing is copied: PostgreSQL reads it once, to see that it has no later spans, while writers wait.
 *
 * Keys are each partition's own for so long, as those of the old table are others: a span that is delivered again goes to the
 * same partition again, and is found there. Processes of the version before work on either shape.
 */
const partition = (today: Day): string => {
  const before = nameOfBefore(today + 1);
  const bound = beginOf(today + 1);
  return `\
LOCK TABLE :schema.call_spans IN ACCESS EXCLUSIVE MODE;
DO $$
DECLARE
  granted record;
  owner name;
  is_empty boolean;
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = ':schema.call_spans'::regclass) = 'p' THEN
    RETURN;
  END IF;
  ALTER TABLE :schema.call_spans RENAME TO ${before};
  ALTER TABLE :schema.${before} RENAME CONSTRAINT call_spans_pkey TO ${before}_pkey;
  CREATE TABLE :schema.call_spans (LIKE :schema.${before} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)
    PARTITION BY RANGE (ended_at);
  COMMENT ON TABLE :schema.call_spans IS
    'The journal: one row a finished span, appended once, in a partition a day. Kept for EARSHOT_SPAN_RETENTION.';
  CREATE TABLE :schema.call_spans_default
    PARTITION OF :schema.call_spans (PRIMARY KEY (${KEY})) DEFAULT;
  COMMENT ON TABLE :schema.call_spans_default IS
    'Spans of the journal of days that have no partition: of clocks that are off, and long past.';
  CREATE INDEX call_spans_default_ended_at ON :schema.call_spans_default (ended_at);

  -- Roles that may read or write the table may still.
  FOR granted IN
    SELECT a.privilege_type AS privilege, a.is_grantable, NULL AS attname,
      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) AS a WHERE c.oid = ':schema.${before}'::regclass
    UNION ALL
    SELECT a.privilege_type, a.is_grantable, t.attname,
      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
    FROM pg_attribute t CROSS JOIN aclexplode(t.attacl) AS a WHERE t.attrelid = ':schema.${before}'::regclass
  LOOP
    EXECUTE format('GRANT %s%s ON :schema.call_spans, :schema.call_spans_default TO %s%s', granted.privilege,
      '(' || quote_ident(granted.attname) || ')', granted.grantee,
      CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
  END LOOP;
  SELECT pg_get_userbyid(relowner) INTO owner FROM pg_class WHERE oid = ':schema.${before}'::regclass;
  IF owner <> current_user THEN
    EXECUTE format('ALTER TABLE :schema.call_spans OWNER TO %I', owner);
    EXECUTE format('ALTER TABLE :schema.call_spans_default OWNER TO %I', owner);
  END IF;

  SELECT NOT EXISTS (SELECT FROM :schema.${before}) INTO is_empty;
  IF is_empty THEN
    DROP TABLE :schema.${before};
    ALTER TABLE :schema.call_spans ADD PRIMARY KEY (${KEY});
  ELSE
    WITH ahead AS (DELETE FROM :schema.${before} WHERE ended_at >= '${bound}' RETURNING *)
    INSERT INTO :schema.call_spans_default SELECT * FROM ahead;
    ALTER TABLE :schema.call_spans ATTACH PARTITION :schema.${before} FOR VALUES FROM (MINVALUE) TO ('${bound}');
    COMMENT ON TABLE :schema.${before} IS 'The journal of an earlier version: spans that ended before ${bound.slice(0, 10)} (UTC).';
  END IF;
END $$`;
};

const STATE = `\
SELECT c.relkind = 'r' AS whole, pg_relation_size(c.oid)::double precision AS bytes, EXISTS (
  SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
  WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attname = 'tenant'
) AS tenants
FROM pg_class c WHERE c.oid = to_regclass(':schema.call_spans')`;

/** What is read in a second or two, while writers wait. */
const SMALL_BYTES = 1 << 30;

/** A journal that is one table still. */
export interface WholeJournal {
  readonly bytes: number;
  /** Its key has the tenant: no version before tenants writes to it. */
  readonly tenants: boolean;
}

/** The journal, where it is one table; undefined: it is in partitions. */
export async function wholeJournal(db: Queryable): Promise<WholeJournal | undefined> {
  const [row] = await db.query<WholeJournal & { whole: boolean }>(STATE);
  return row?.whole === true ? { bytes: row.bytes, tenants: row.tenants } : undefined;
}

/**
 * Divides the journal into partitions by day, where it is one table. Writers wait while that is read once; processes of
 * versions before tenants can write no more. Any number of processes may call this at once.
 * @throws the driver's error.
 */
export async function partitionJournal(db: Queryable): Promise<void> {
  if ((await wholeJournal(db)) !== undefined) await db.query(partition(dayOf(Date.now())));
  await new JournalDays(db).prepare([]);
}

/** The same, where no one notices: the table is small, and no process counts on its keys. */
export async function partitionSmallJournal(db: Queryable): Promise<void> {
  const whole = await wholeJournal(db);
  if (whole === undefined || (whole.tenants && whole.bytes < SMALL_BYTES)) await partitionJournal(db);
}
