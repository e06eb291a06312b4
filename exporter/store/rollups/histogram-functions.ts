import { BASE, BUCKETS_PER_DOUBLING, LEAST, ZERO } from './histogram.ts';

/** What `histogram.ts` computes, as functions of the database. */

const lower = (bucket: string) =>
  `CASE WHEN ${bucket} = ${ZERO} THEN 0 ELSE power(2, ${bucket}::double precision / ${BUCKETS_PER_DOUBLING}) END`;
const upper = (bucket: string) =>
  `CASE WHEN ${bucket} = ${ZERO} THEN ${LEAST} ELSE power(2, (${bucket} + 1)::double precision / ${BUCKETS_PER_DOUBLING}) END`;
const seconds = (bucket: string) => `(${lower(bucket)}) * ${(2 * BASE) / (1 + BASE)}::double precision`;

// In one pass, in a language with loops: a statement over the two arrays takes ten times as long.
const PERCENTILE = `\
CREATE OR REPLACE FUNCTION :schema.rolled_percentile(share double precision, buckets integer[], counts bigint[])
RETURNS double precision LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  total bigint := (SELECT sum(n) FROM unnest(counts) AS u (n));
  place double precision := share * (total - 1);
  up_to bigint := 0;
  low double precision;
BEGIN
  FOR i IN 1 .. coalesce(cardinality(buckets), 0) LOOP
    up_to := up_to + counts[i];
    IF low IS NULL AND up_to > floor(place) THEN low := ${seconds('buckets[i]')}; END IF;
    IF up_to > ceil(place) THEN
      RETURN low + (${seconds('buckets[i]')} - low) * (place - floor(place));
    END IF;
  END LOOP;
  RETURN NULL;
END $function$`;

const SHARE_UP_TO = `\
CREATE OR REPLACE FUNCTION :schema.rolled_share(seconds double precision, buckets integer[], counts bigint[])
RETURNS double precision LANGUAGE sql IMMUTABLE AS $function$
SELECT (sum(u.n * least(1, greatest(0, ($1 - (${lower('u.bucket')})) / ((${upper('u.bucket')}) - (${lower('u.bucket')}))))) / nullif(sum(u.n), 0))::double precision
FROM unnest($2, $3) AS u (bucket, n)
$function$`;

/** `rolled_percentile`, and `rolled_share`: of the values, the share of no more than so many seconds. */
export const HISTOGRAM_FUNCTIONS: readonly string[] = [PERCENTILE, SHARE_UP_TO];
