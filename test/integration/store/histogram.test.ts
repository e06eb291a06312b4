import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Database } from '../../../exporter/store/database.ts';
import {
  bucketOf,
  type Histogram,
  percentilesOf,
  shareUpTo,
} from '../../../exporter/store/rollups/histogram.ts';
import { onEachDatabase } from '../../support/databases.ts';
import { percentileCont } from '../../support/rollups.ts';

const SHARES = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];
/** From no time at all to a day. */
const SECONDS = fc.oneof(
  fc.constant(0),
  fc.double({ min: 1e-6, max: 86_400, noNaN: true }),
  fc.integer({ min: 0, max: 60_000_000 }).map((us) => us / 1e6),
  // At the edges of buckets.
  fc.integer({ min: -600, max: 600 }).map((n) => 2 ** (n / 64)),
);

const HISTOGRAM = `\
SELECT coalesce(array_agg(bucket ORDER BY bucket), '{}') AS buckets, coalesce(array_agg(n ORDER BY bucket), '{}') AS counts
FROM (
  SELECT ${bucketOf('seconds')}::smallint AS bucket, count(*)::integer AS n
  FROM unnest($1::double precision[]) AS seconds GROUP BY 1
) AS b`;

onEachDatabase(({ empty }) => {
  describe('percentiles of a histogram', () => {
    let db: Database;
    before(async () => {
      db = await empty();
    });
    const histogramOf = async (values: readonly number[]): Promise<Histogram> => {
      const [row] = await db.query<Histogram>(HISTOGRAM, [values]);
      return row ?? { buckets: [], counts: [] };
    };

    it('are within 0.55 % of those of the values, whatever these are', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(SECONDS, { minLength: 1, maxLength: 200 }), async (values) => {
          const sorted = values.toSorted((a, b) => a - b);
          const found = percentilesOf(await histogramOf(values), SHARES);
          SHARES.forEach((share, index) => {
            const [exact, at] = [percentileCont(sorted, share), found[index] ?? Number.NaN];
            assert.ok(Math.abs(at - exact) <= 0.0055 * exact + 1e-6, `p${share}: ${at} for ${exact}`);
          });
        }),
        { numRuns: 60 },
      );
    });

    it('count the values of no more than a target, but for those within 1.1 % of it', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(SECONDS, { minLength: 1, maxLength: 100 }),
          fc.double({ min: 0.001, max: 100, noNaN: true }),
          async (values, target) => {
            const share = shareUpTo(await histogramOf(values), target) ?? Number.NaN;
            const upTo = (seconds: number) =>
              values.filter((value) => value <= seconds).length / values.length;
            assert.ok(share >= upTo(target * 0.989) - 1e-9 && share <= upTo(target * 1.011) + 1e-9);
          },
        ),
        { numRuns: 40 },
      );
    });

    it('are null without values', () => {
      const none = { buckets: [], counts: [] };
      assert.deepEqual(percentilesOf(none, [0.5, 0.95]), [null, null]);
      assert.equal(shareUpTo(none, 1), null);
    });
  });
});
