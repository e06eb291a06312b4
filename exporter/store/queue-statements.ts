/**
 * The statements of the queue. A worker claims calls in a statement of its own, and reads and computes without holding
 * any lock: spans that come meanwhile are written, and set `attempts` to 0, which queues the call again afterwards. Rows
 * are written only while the claim holds, so that never older rows replace newer ones.
 */

// Queued in the future: the clock of the database was set back, maybe by a fail-over to another server, and `due_at` says
// nothing. Such a call is computed once, at once; a span that comes later queues it again.
const BEFORE_SET_BACK = 'queued_at > clock_timestamp() AND claim IS NULL AND attempts = 0';
/** As `CallKey` has it. */
const KEY = `(tenant || '/' || call_id)`;
/** The row is of one of the calls whose tenants are $1 and whose ids are $2. */
const IS_GIVEN = '(tenant, call_id) IN (SELECT * FROM UNNEST($1::text[], $2::text[]))';

// Claiming is the attempt: it is committed before the work, which may end the process. A claim that is not ended lapses
// at `due_at`. A call whose last attempt was never ended comes to rest here.
export const CLAIM = `\
WITH due AS (
  SELECT tenant, call_id FROM :schema.call_queue
  WHERE CASE
    WHEN $2::text[] IS NOT NULL THEN ${KEY} = ANY ($2)
    WHEN $4::text[] IS NULL OR ${KEY} = ANY ($4)
      THEN due_at <= now() OR ($3::boolean AND ended AND attempts = 0 AND claim IS NULL) OR ${BEFORE_SET_BACK}
    ELSE due_at <= now() - $5::double precision * interval '1 millisecond' OR ${BEFORE_SET_BACK}
  END
  ORDER BY due_at
  LIMIT $1
  FOR UPDATE SKIP LOCKED
), claimed AS (
  UPDATE :schema.call_queue q SET
    claim = CASE WHEN q.attempts < $7::integer OR $2 IS NOT NULL THEN $6 END,
    attempts = q.attempts + 1,
    last_error = CASE WHEN q.claim IS NULL THEN q.last_error ELSE 'unfinished' END,
    due_at = CASE WHEN q.attempts < $7 OR $2 IS NOT NULL
      THEN now() + $8::double precision * interval '1 millisecond'
      ELSE 'infinity'
    END
  FROM due
  WHERE q.tenant = due.tenant AND q.call_id = due.call_id
  RETURNING q.tenant, q.call_id, q.claim
)
SELECT tenant, call_id, claim IS NULL AS resting FROM claimed`;

export const RENEW = `\
UPDATE :schema.call_queue SET due_at = now() + $4::double precision * interval '1 millisecond'
WHERE ${IS_GIVEN} AND claim = $3`;

export const RELEASE = `\
UPDATE :schema.call_queue SET claim = NULL, attempts = greatest(attempts - 1, 0), due_at = now()
WHERE claim = $1`;

export const LOCK_CLAIMED = `\
SELECT tenant, call_id FROM :schema.call_queue
WHERE ${IS_GIVEN} AND claim = $3
ORDER BY tenant, call_id
FOR UPDATE`;

export const LOCK = `\
SELECT tenant, call_id FROM :schema.call_queue
WHERE ${IS_GIVEN}
ORDER BY tenant, call_id
FOR UPDATE`;

export const REMOVE = `DELETE FROM :schema.call_queue WHERE ${IS_GIVEN}`;

/** Ends the work on calls: they leave the queue, or wait again where a span came meanwhile. */
export const FINISH = `\
WITH again AS (
  UPDATE :schema.call_queue SET
    claim = NULL,
    ended_at = CASE WHEN ended THEN now() END,
    due_at = now() + $3::double precision * interval '1 millisecond'
  WHERE ${IS_GIVEN} AND attempts = 0
)
DELETE FROM :schema.call_queue WHERE ${IS_GIVEN} AND attempts > 0`;

export const PUT_BACK = `\
UPDATE :schema.call_queue q SET
  claim = NULL,
  last_error = f.last_error,
  due_at = CASE
    WHEN q.attempts >= $5::integer THEN 'infinity'
    ELSE now() + least($6::double precision * power(2, greatest(q.attempts - 1, 0)), 3600000) * interval '1 millisecond'
  END
FROM UNNEST($1::text[], $2::text[], $3::text[]) AS f (tenant, call_id, last_error)
WHERE q.tenant = f.tenant AND q.call_id = f.call_id AND q.claim = $4
RETURNING q.tenant, q.call_id, q.due_at = 'infinity' AS resting`;

export const STATE = `\
SELECT
  (count(*) FILTER (WHERE due_at < 'infinity'))::int AS waiting,
  (count(*) FILTER (WHERE due_at = 'infinity'))::int AS resting,
  (extract(epoch FROM min(due_at) FILTER (WHERE due_at < 'infinity') - now()) * 1000)::double precision AS next_due_ms,
  (extract(epoch FROM min(
    due_at + CASE WHEN $1::text[] IS NULL OR ${KEY} = ANY ($1) THEN 0 ELSE $2::double precision END
      * interval '1 millisecond'
  ) FILTER (WHERE due_at < 'infinity') - now()) * 1000)::double precision AS next_look_ms,
  extract(epoch FROM now() - min(queued_at) FILTER (WHERE due_at < 'infinity'))::double precision AS oldest_seconds
FROM :schema.call_queue`;

/** Calls at rest, the latest first; of all tenants, or of some. */
export const RESTING = `\
SELECT tenant, call_id, coalesce(last_error, 'unfinished') AS last_error FROM :schema.call_queue
WHERE due_at = 'infinity' AND ($2::text[] IS NULL OR tenant = ANY ($2))
ORDER BY queued_at DESC
LIMIT $1`;
