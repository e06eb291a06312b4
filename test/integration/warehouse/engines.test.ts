import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Usd } from '../../../exporter/pricing/index.ts';
import { type Database, openPostgres, writeCallRows } from '../../../exporter/store/index.ts';
import { exportRows, exportToClickHouse } from '../../../exporter/warehouse/index.ts';
import { Folder } from '../../../storage/folder.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { startPostgres } from '../../support/postgres.ts';
import { fixture } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { sqlOfPage } from '../../support/warehouse.ts';

/** Engines that come as Python packages: found without loading them, which takes seconds. */
const PYTHON = process.env.EARSHOT_TEST_PYTHON ?? 'python3';
const FIND = 'import importlib.util as u; print(*[n for n in ("pyspark", "chdb") if u.find_spec(n)])';
const found: readonly string[] =
  spawnSync(PYTHON, ['-c', FIND], { encoding: 'utf8' }).stdout?.match(/\w+/g) ?? [];
const without = (name: string, needs = '') =>
  found.includes(name)
    ? false
    : `${name} is not installed (pip install ${name}${needs}; EARSHOT_TEST_PYTHON is a Python that has it)`;

const DAY_US = 86_400_000_000;

/** Characters that formats and languages take for their own. */
const ODD = `'"\\\u2028\u0001 \t\r\n{}é😀`;

/** Calls of three days; some are priced again, as `earshot reprice` does. */
const calls = (ids: readonly number[], price: string) =>
  ids.map((n) => {
    const callId = `CA${String(n).padStart(4, '0')}`;
    return {
      metrics: metricsRow(callId, {
        started_at: REFERENCE_US + (n % 3) * DAY_US + n,
        campaign_id: n % 5 === 0 ? null : `campaign-${n % 5}`,
        cost_total: n % 4 === 0 ? null : new Usd(price).times(n),
      }),
      logs: [logRow(callId, 0)],
    };
  });

function python(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr, status } = spawnSync(PYTHON, [...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

describe('engines on the files of an export', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let db: Database;
  before(async () => {
    if (found.length === 0) return;
    postgres = await startPostgres();
    db = openPostgres({ url: await postgres.createMigrated() });
  });
  after(async () => {
    await db?.close();
    await postgres?.stop();
  });

  const write = (ids: readonly number[], price: string) =>
    db.transaction((tx) => writeCallRows(tx, calls(ids, price), 'test'));
  async function exported(t: Parameters<typeof temporaryFolder>[0]): Promise<string> {
    const to = await temporaryFolder(t);
    const once = () =>
      exportRows(db, {
        to: new Folder(to),
        format: 'parquet',
        since: REFERENCE_US,
        until: REFERENCE_US + 3 * DAY_US,
        marginMs: 0,
      });
    await write(
      Array.from({ length: 80 }, (_, n) => n),
      '0.00000071666666666667',
    );
    await once();
    await write([3, 4, 5, 41], '123456.00000000000000000001');
    await once();
    return to;
  }
  const expected = () =>
    db.query(
      `SELECT campaign_id, count(*)::int AS calls, (count(*) - count(cost_total))::int AS without_cost,
         sum(cost_total)::numeric(38, 20)::text AS cost
       FROM :schema.call_metrics GROUP BY 1 ORDER BY sum(cost_total) DESC NULLS LAST, 1 NULLS LAST`,
    );
  const lines = (text: string): unknown[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));

  test('Spark’s costs by campaign are the database’s, to the last digit', {
    skip: without('pyspark', ', and Java'),
  }, async (t) => {
    const to = await exported(t);
    const program = join(packageRoot, 'examples/spark/cost_by_campaign.py');
    const submit =
      '--master local[1] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=1 pyspark-shell';
    const printed = python([program, to], { PYSPARK_SUBMIT_ARGS: submit, SPARK_LOCAL_IP: '127.0.0.1' });
    assert.deepEqual(lines(printed), await expected());
  });

  test('so are those of ClickHouse, by the SQL of the page', { skip: without('chdb') }, async (t) => {
    const to = await exported(t);
    const [sql] = sqlOfPage('docs/engines.md', to);
    const printed = python([
      '-c',
      'import sys, chdb; print(chdb.query(sys.argv[1], "JSONEachRow"))',
      `${sql} SETTINGS output_format_json_quote_decimals = 1, output_format_json_quote_64bit_integers = 0, output_format_decimal_trailing_zeros = 1`,
    ]);
    assert.deepEqual(lines(printed), await expected());
  });

  test('a table in ClickHouse has the turns of the database, however often they are written, each in its last version', {
    skip: without('chdb'),
  }, async (t) => {
    await write([1, 2, 4, 6], '0.00000071666666666667');
    const other = { tenant: 'other', call_id: 'CA0001' };
    const odd = {
      metrics: metricsRow(other.call_id, { ...other, tags: { say: ODD }, cost_total: new Usd('-1e-20') }),
      logs: [logRow(other.call_id, 0, { ...other, user_text: ODD, llm_input_tokens: 2 ** 53 + 2 })],
    };
    await db.transaction((tx) => writeCallRows(tx, [odd], 'test'));
    const to = { url: await startClickHouse(t) };
    const written = (since = REFERENCE_US) => exportToClickHouse(db, { to, since, marginMs: 0 });
    const inClickHouse = async () => {
      const body = `SELECT tenant, call_id, turn_index, toString(call_cost_total), eou_latency, call_started_at,
  user_text, toString(llm_input_tokens), JSONExtractString(ifNull(call_tags, ''), 'say')
FROM call_turns_now ORDER BY tenant, call_id, turn_index
FORMAT JSONCompactEachRow`;
      const text = await (await fetch(to.url, { method: 'POST', body })).text();
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const inDatabase = async () =>
      (
        await db.query<{ row: unknown[] }>(
          `SELECT json_build_array(l.tenant, l.call_id, l.turn_index, trim_scale(m.cost_total)::text, l.eou_latency,
  to_char(m.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
  l.user_text, l.llm_input_tokens::text, coalesce(m.tags ->> 'say', '')) AS row
FROM :schema.call_logs l JOIN :schema.call_metrics m USING (tenant, call_id) ORDER BY l.tenant, l.call_id, l.turn_index`,
        )
      ).map(({ row }) => row);

    const first = await written();
    assert.ok(first.calls > 1);
    assert.deepEqual(await inClickHouse(), await inDatabase());
    assert.deepEqual(await written(), { calls: 0, turns: 0 });
    // An earlier beginning brings them all again, as a run that died does.
    assert.deepEqual(await written(REFERENCE_US - 1), first);
    assert.deepEqual(await inClickHouse(), await inDatabase());

    const [call] = calls([2], '0.777');
    assert.ok(call !== undefined);
    const longer = { ...call, logs: [...call.logs, logRow('CA0002', 1)] };
    await db.transaction((tx) => writeCallRows(tx, [longer], 'test'));
    assert.deepEqual(await written(), { calls: 1, turns: 2 });
    await write([2], '0.778');
    assert.deepEqual(await written(), { calls: 1, turns: 1 });
    assert.deepEqual(await inClickHouse(), await inDatabase());
  });
});

/** Until the test ends. */
async function startClickHouse(t: TestContext): Promise<URL> {
  const server = spawn(PYTHON, [fixture('clickhouse.py')], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill('SIGKILL'));
  const [port] = await once(createInterface(server.stdout), 'line');
  return new URL(`http://127.0.0.1:${port}`);
}
