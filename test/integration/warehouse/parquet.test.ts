import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import type { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { Usd } from '../../../exporter/pricing/index.ts';
import { CALL_LOGS, STORED_METRICS } from '../../../exporter/store/columns.ts';
import { openParquet } from '../../../exporter/warehouse/parquet.ts';
import { TABLES } from '../../../exporter/warehouse/tables.ts';
import type { SqlType } from '../../../model/rows.ts';
import { anyRow } from '../../support/any-row.ts';
import { logRow, metricsRow, REFERENCE_US } from '../../support/call-rows.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { askDuckDb } from '../../support/warehouse.ts';

const SEED = 1;
const ROWS = 300;
const stored = { finalized_at: REFERENCE_US, finalized_by: 'test' };
const SAMPLES = {
  call_metrics: fc.sample(anyRow(STORED_METRICS, { ...metricsRow('CA1'), ...stored }), {
    seed: SEED,
    numRuns: ROWS,
  }),
  call_logs: fc
    .sample(anyRow(CALL_LOGS, logRow('CA1', 0)), { seed: SEED, numRuns: ROWS })
    .map((row) => ({ ...row, finalized_at: REFERENCE_US })),
};

async function writeFile(path: string, table: keyof typeof TABLES, rows: readonly object[]): Promise<void> {
  const file = await open(path, 'w');
  const writer = await openParquet(TABLES[table], async (bytes) => void (await file.appendFile(bytes)));
  try {
    // In parts, and beyond one row group.
    for (let at = 0; at < rows.length; at += 7_000) await writer.write(rows.slice(at, at + 7_000));
    await writer.finish();
  } finally {
    await file.close();
  }
}

/** A value as DuckDB is asked for it, and as it is expected. */
const AS_TEXT: Readonly<Record<SqlType, { sql: (column: string) => string; of: (value: never) => string }>> =
  {
    text: { sql: (column) => column, of: String },
    boolean: { sql: (column) => column, of: String },
    integer: { sql: (column) => column, of: String },
    bigint: { sql: (column) => column, of: String },
    'double precision': { sql: (column) => column, of: String },
    numeric: { sql: (column) => `${column}::VARCHAR`, of: (value: Decimal) => value.toFixed(20) },
    timestamptz: { sql: (column) => `epoch_us(${column})`, of: String },
    'text[]': {
      sql: (column) => `to_json(${column})::VARCHAR`,
      of: (value: string[]) => JSON.stringify(value),
    },
    jsonb: { sql: (column) => column, of: (value: object) => JSON.stringify(value) },
  };

for (const table of ['call_metrics', 'call_logs'] as const) {
  test(`any row of ${table} is in Parquet as it was: every type, NULL, and every digit`, async (t) => {
    const path = `${await temporaryFolder(t)}/rows.parquet`;
    await writeFile(path, table, SAMPLES[table]);
    const columns = Object.entries(TABLES[table]);
    const read = await askDuckDb(
      `SELECT ${columns.map(([name, { type }]) => `${AS_TEXT[type].sql(name)} AS ${name}`).join(', ')} FROM '${path}'`,
    );
    const expected = SAMPLES[table].map((row) =>
      Object.fromEntries(
        columns.map(([name, { type }]) => {
          const value = (row as Record<string, unknown>)[name] ?? null;
          return [name, value === null ? null : AS_TEXT[type].of(value as never)];
        }),
      ),
    );
    assert.deepEqual(read, expected);
    assert.deepEqual(
      await askDuckDb(
        `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM '${path}') WHERE name IN ('finalized_at', 'cost_total', 'unpriced', 'llm_input_tokens')`,
      ),
      [
        { name: 'llm_input_tokens', type: 'BIGINT' },
        { name: 'cost_total', type: 'DECIMAL(38,20)' },
        ...(table === 'call_metrics' ? [{ name: 'unpriced', type: 'VARCHAR[]' }] : []),
        { name: 'finalized_at', type: 'TIMESTAMP WITH TIME ZONE' },
      ],
    );
  });
}

test('an amount that no column holds is an error, and is not rounded', async (t) => {
  const path = `${await temporaryFolder(t)}/rows.parquet`;
  const row = { ...metricsRow('CA1', { cost_total: new Usd('0.000000000000000000001') }), ...stored };
  await assert.rejects(writeFile(path, 'call_metrics', [row]), /more digits than decimal\(38, 20\) holds/);
});

const manyRows = () =>
  Array.from({ length: 24_000 }, (_, n) => ({
    ...metricsRow(`CA${n}`, { cost_total: n % 3 === 0 ? null : new Usd('0.00000071666666666667').times(n) }),
    ...stored,
  }));

const PYTHON = process.env.EARSHOT_TEST_PYTHON ?? 'python3';
const without = spawnSync(PYTHON, ['-c', 'import pyarrow']).status !== 0;
const skip =
  without && `pyarrow is not installed (pip install pyarrow; EARSHOT_TEST_PYTHON is a Python that has it)`;

test('pyarrow reads the types and the sum, over several row groups', { skip }, async (t) => {
  const path = `${await temporaryFolder(t)}/rows.parquet`;
  const many = manyRows();
  await writeFile(path, 'call_metrics', many);
  const { stdout, stderr } = spawnSync(
    PYTHON,
    [
      '-c',
      `import sys, pyarrow.parquet as pq, pyarrow.compute as pc
f = pq.ParquetFile(sys.argv[1]); t = f.read()
print(f.num_row_groups, t.num_rows, t.schema.field('cost_total').type, t.schema.field('started_at').type, t.schema.field('unpriced').type)
print(format(pc.sum(t['cost_total']).as_py(), 'f'), t['cost_total'].null_count)`,
      path,
    ],
    { encoding: 'utf8' },
  );
  const sum = many.reduce((total, { cost_total }) => total.plus(cost_total ?? 0), new Usd(0));
  assert.equal(stderr, '');
  const [types, sums] = stdout.trim().split('\n');
  assert.match(types ?? '', /^2 24000 decimal128\(38, 20\) timestamp\[us, tz=UTC\] list<element: string/);
  assert.equal(sums, `${sum.toFixed(20)} 8000`);
});

test('DuckDB reads the same sum over several row groups', async (t) => {
  const path = `${await temporaryFolder(t)}/rows.parquet`;
  const many = manyRows();
  await writeFile(path, 'call_metrics', many);
  const sum = many.reduce((total, { cost_total }) => total.plus(cost_total ?? 0), new Usd(0));
  assert.deepEqual(
    await askDuckDb(
      `SELECT sum(cost_total)::VARCHAR AS cost, count(*) - count(cost_total) AS unknown FROM '${path}'`,
    ),
    [{ cost: sum.toFixed(20), unknown: '8000' }],
  );
});
