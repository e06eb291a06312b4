import type { Fact } from '../../model/facts.ts';
import { DEFAULT_TENANT, tenantOf } from '../../model/tenant.ts';
import type { Queryable } from './database.ts';
import { errorCode } from './errors.ts';

/**
 * The keys of a database that is older than tenants have none in them, which is what processes of earlier versions count
 * on. As long as there is one tenant, that is as good; with the first call of another one they are replaced, and earlier
 * versions can write no more. Ids come first: who asks by an id alone is answered as before.
 */
const KEYS = {
  call_spans: 'trace_id, span_id, tenant',
  call_queue: 'call_id, tenant',
  call_logs: 'call_id, tenant, turn_index',
  call_metrics: 'call_id, tenant',
} as const;

/** A table, and where it is the journal what it is divided into: the table of before is a partition with keys of its own. */
const withParts = (table: string) => `\
SELECT ':schema.${table}'::regclass AS part UNION ALL
SELECT inhrelid FROM pg_inherits WHERE inhparent = ':schema.${table}'::regclass`;

/** SQL: the primary keys of the table and its partitions that have no tenant, as `c`. */
const lackingIn = (table: string) => `\
FROM pg_constraint c
WHERE c.contype = 'p' AND c.conrelid IN (${withParts(table)}) AND NOT EXISTS (
  SELECT FROM pg_attribute a
  WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname = 'tenant'
)`;

/** What else goes with the journal's key: the spans of a call must be found without those of its namesakes. */
const JOURNAL_INDEX = `\
    DROP INDEX IF EXISTS :schema.call_spans_call;
    EXECUTE format('CREATE INDEX call_spans_call ON %s (call_id, tenant, stage)', old.conrelid::regclass);`;

/** The tenant is in the key already, or gets there in one statement: two processes at once are no trouble. */
const withTenant = (table: string, columns: string): string => `\
DO $$
DECLARE
  old record;
BEGIN
  LOCK TABLE :schema.${table} IN ACCESS EXCLUSIVE MODE;
  FOR old IN SELECT c.conrelid, c.conname ${lackingIn(table)} LOOP
    EXECUTE format(
      'ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I PRIMARY KEY (${columns})',
      old.conrelid::regclass, old.conname, old.conname
    );
    ${table === 'call_spans' ? JOURNAL_INDEX : ''}
  END LOOP;
END $$`;

const LACKING = `\
SELECT (${Object.keys(KEYS)
  .map((table) => `(SELECT count(*) ${lackingIn(table)})`)
  .join(' + ')})::int AS lacking`;

/** A statement that ran out of time, or waited for a lock too long. */
const TOO_LONG: ReadonlySet<string | undefined> = new Set(['57014', '55P03', 'ETIMEDOUT']);
/** Between two attempts that fail: each holds up all who write. */
const AGAIN_AFTER_MS = 60_000;

/** Calls of another tenant cannot be written yet: the keys of this database have no tenant, and it takes long to change that. */
class TenantKeysError extends Error {
  override name = 'TenantKeysError';
  readonly code = 'EARSHOT_TENANT_KEYS';
}

/**
 * Puts the tenant into the keys, where it is not there yet. Writers wait meanwhile: a second for a million spans or so.
 * @returns whether anything was changed.
 * @throws the driver's error.
 */
export async function useTenantKeys(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ lacking: number }>(LACKING);
  if (row?.lacking === 0) return false;
  // One table after the other, so that no two are locked at once, and the journal last: it is the one that can fail.
  for (const [table, columns] of Object.entries(KEYS).reverse()) await db.query(withTenant(table, columns));
  return true;
}

/** Sees to it that the keys have a tenant before the first call of a second one is written. */
export class TenantKeys {
  readonly #db: Queryable;
  #ready: Promise<unknown> | undefined;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** @throws TenantKeysError when that cannot be done in the time that a statement has, else the driver's error. */
  async prepare(facts: readonly Fact[]): Promise<void> {
    if (facts.every((fact) => tenantOf(fact) === DEFAULT_TENANT)) return;
    this.#ready ??= this.#use();
    await this.#ready;
  }

  #use(): Promise<unknown> {
    const ready = useTenantKeys(this.#db).catch((cause: unknown) => {
      const long = TOO_LONG.has(errorCode(cause));
      setTimeout(
        () => {
          if (this.#ready === ready) this.#ready = undefined;
        },
        long ? AGAIN_AFTER_MS : 0,
      ).unref();
      throw long
        ? new TenantKeysError(
            'The keys of the database have no tenant. Run `earshot migrate --tenants` first.',
            { cause },
          )
        : cause;
    });
    return ready;
  }
}
