import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { storeCalls } from '../../../bench/stored-calls.ts';
import { type Database, openPostgres, rollUpAll } from '../../../exporter/store/index.ts';
import { BASE } from '../../../exporter/store/rollups/histogram.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

/** Of two days and seven tenths. */
const CALLS = 1_125;
const EVERY_SECONDS = 208;
/** Neither the beginning nor the end of any period. A whole day is in between, at least. */
const ago = (ms: number) => `'${new Date(Date.now() - ms).toISOString()}'::timestamptz`;
const SINCE = ago(((2 * 24 + 14) * 3_600 + 187) * 1_000 + 7);
const UNTIL = ago(41 * 60_000 + 11_003);
const STARTED = `m.started_at >= ${SINCE} AND m.started_at < ${UNTIL}`;
const SOME_AGENTS = `agents => ARRAY['agent-1', 'agent-3']`;
const SOME_MODELS = `models => ARRAY['gpt-4.1', '(none)'], providers => ARRAY['openai', 'deepgram', 'cartesia', '(none)']`;
const ALL_MODELS = `models => ARRAY['gpt-4.1', 'gpt-4o', 'gpt-4o-mini', 'nova-3', 'sonic-2', '(none)'], providers => ARRAY['openai', 'deepgram', 'cartesia', '(none)']`;

const rolled = (table: string, chosen = '', longest = '1 day') =>
  `earshot.rolled_${table}(${[SINCE, UNTIL, `interval '${longest}'`, chosen].filter(Boolean).join(', ')})`;

let server: TestPostgres;
let db: Database;
before(async () => {
  server = await startPostgres();
  db = openPostgres({ url: await server.createMigrated(), statementTimeoutMs: 120_000 });
  await storeCalls(db, CALLS, EVERY_SECONDS);
  // Costs of many places, no two alike.
  await db.query(
    `UPDATE :schema.call_metrics SET cost_total = round((random() / 7)::numeric, 20) WHERE call_id > 'CA1'`,
  );
  await db.query('ANALYZE');
});
after(async () => {
  await db.close();
  await server.stop();
});

const SUMS = 'sum(r.calls)::text AS calls, sum(r.cost_total)::text AS cost, sum(r.priced_us)::text AS us';
const SUMS_OF_ROWS = `count(*)::text AS calls, sum(m.cost_total)::text AS cost, sum(round(m.duration_seconds * 1000000) ) FILTER (WHERE m.cost_total IS NOT NULL)::bigint::text AS us`;
const calls = (chosen?: string, longest?: string) =>
  db.query(`SELECT ${SUMS} FROM ${rolled('calls', chosen, longest)} AS r`);
const rows = (condition = 'true') =>
  db.query(`SELECT ${SUMS_OF_ROWS} FROM earshot.call_metrics m WHERE ${STARTED} AND ${condition}`);

async function assertAsRows(): Promise<void> {
  for (const longest of ['1 day', '1 hour', '5 minutes', '1 second'])
    assert.deepEqual(await calls('', longest), await rows(), longest);
  assert.deepEqual(await calls(ALL_MODELS), await rows());
  assert.deepEqual(await calls(SOME_AGENTS), await rows(`m.agent_name IN ('agent-1', 'agent-3')`));
  assert.deepEqual(
    await calls(SOME_MODELS),
    await rows(
      `EXISTS (SELECT FROM earshot.call_logs l WHERE l.tenant = m.tenant AND l.call_id = m.call_id AND l.llm_model = 'gpt-4.1')`,
    ),
  );
  for (const [chosen, condition] of [
    ['', 'true'],
    [SOME_AGENTS, `m.agent_name IN ('agent-1', 'agent-3')`],
    [SOME_MODELS, `l.llm_model = 'gpt-4.1'`],
  ] as const)
    await assertPercentiles(chosen, condition);
}

async function assertPercentiles(chosen: string, condition: string): Promise<void> {
  const shares = [0, 0.5, 0.95, 0.99, 1];
  const [of] = await db.query<Record<string, number>>(
    `SELECT ${shares.map((share, n) => `earshot.rolled_percentile(${share}, h.buckets, h.counts) AS p${n}`).join(', ')},
      earshot.rolled_share(1.2, h.buckets, h.counts) AS share, h.turns::int AS turns
    FROM (
      SELECT array_agg(bucket ORDER BY bucket) AS buckets, array_agg(n ORDER BY bucket) AS counts, sum(n) AS turns
      FROM (
        SELECT u.bucket::integer AS bucket, sum(u.n) AS n FROM ${rolled('latencies', chosen)} AS f
        CROSS JOIN LATERAL unnest(f.buckets, f.counts) AS u (bucket, n) WHERE f.figure = 'eou_latency' GROUP BY 1
      ) AS b
    ) AS h`,
  );
  const [expected] = await db.query<Record<string, number>>(
    `SELECT ${shares.map((share, n) => `percentile_cont(${share}) WITHIN GROUP (ORDER BY l.eou_latency) AS p${n}`).join(', ')},
      avg((l.eou_latency <= 1.2 / ${BASE})::int)::double precision AS "shareOfLess",
      avg((l.eou_latency <= 1.2 * ${BASE})::int)::double precision AS "shareOfMore", count(*)::int AS turns
    FROM earshot.call_logs l JOIN earshot.call_metrics m USING (tenant, call_id) WHERE ${STARTED} AND ${condition}`,
  );
  assert.ok(of && expected);
  const { turns, shareOfLess = Number.NaN, shareOfMore = Number.NaN, ...percentiles } = expected;
  assert.equal(of.turns, turns);
  // Within the bucket that 1.2 s is in, the values may be anywhere.
  const share = of.share ?? Number.NaN;
  assert.ok(
    share >= shareOfLess && share <= shareOfMore,
    `${chosen} share: ${share}, not from ${shareOfLess} to ${shareOfMore}`,
  );
  for (const [name, value] of Object.entries(percentiles))
    assert.ok(
      Math.abs((of[name] ?? Number.NaN) / value - 1) < 0.01,
      `${chosen} ${name}: ${of[name]} and ${value}`,
    );
}

describe('what the functions of rollups give is what the rows come to, at any moment', {
  concurrency: 1,
}, () => {
  test('while nothing is computed', () => assertAsRows());

  test('when all is computed, from far fewer lines', async () => {
    await rollUpAll(db);
    await db.query('ANALYZE');
    await assertAsRows();
    const [of] = await db.query<{ day: boolean; short: boolean }>(
      `SELECT count(*) FILTER (WHERE grain = 'day') >= 1 AS day, sum(hi - lo) FILTER (WHERE grain = 'row') < interval '70 minutes' AS short FROM ${rolled('periods')}`,
    );
    assert.deepEqual(of, { day: true, short: true });
  });

  test('while late spans, new prices and deletions wait to be computed', async () => {
    await db.query(
      `UPDATE :schema.call_metrics SET cost_total = cost_total + 0.00000000000000000001 WHERE call_id < 'CA2'`,
    );
    await db.query(`DELETE FROM :schema.call_metrics WHERE call_id LIKE 'CAf%'`);
    await assertAsRows();
    await rollUpAll(db);
    await assertAsRows();
  });

  test('words and models add up to those of the rows', async () => {
    const [found] = await db.query(
      `SELECT (SELECT sum(w.count)::int FROM ${rolled('words')} w WHERE w.kind = 'unpriced') AS unpriced,
        (SELECT sum(r.quantity)::text FROM ${rolled('models')} r WHERE r.stage = 'llm') AS tokens,
        (SELECT sum(r.cost)::text FROM ${rolled('models')} r WHERE r.model = 'gpt-4.1') AS cost`,
    );
    const [expected] = await db.query(
      `SELECT (SELECT sum(cardinality(m.unpriced))::int FROM earshot.call_metrics m WHERE ${STARTED}) AS unpriced,
        sum(l.llm_input_tokens + l.llm_output_tokens)::text AS tokens,
        sum(l.cost_llm) FILTER (WHERE l.llm_model = 'gpt-4.1')::text AS cost
      FROM earshot.call_logs l JOIN earshot.call_metrics m USING (tenant, call_id) WHERE ${STARTED}`,
    );
    assert.deepEqual(found, expected);
  });
});
