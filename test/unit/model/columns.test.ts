import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROLLUP_TABLES, type RollupColumn } from '../../../model/rollups.ts';
import { describeColumn, ROW_TABLES, USAGE_COLUMNS } from '../../../model/rows.ts';
import { USAGE_SUMS } from '../../../model/usage.ts';
import { packageRoot } from '../../support/root.ts';

const TABLES: readonly (readonly [table: string, what: string])[] = [
  ['call_metrics', 'One row a call. Key: `call_id`.'],
  ['call_logs', 'One row a turn. Key: `call_id`, `turn_index`.'],
  [
    'call_scores',
    'One row a score of a call. Key: `call_id`, `name`. [Scores](scores.md) says where they come from.',
  ],
  [
    'rollup_calls',
    'Rollups: what the calls of a period come to, for each set of dimensions (`tenant` to `channel`). A call is of the period\nin which it began.',
  ],
  [
    'rollup_latencies',
    "Histograms of the latencies and segments of the turns of these calls, whose buckets are those of OpenTelemetry's exponential\nhistograms at scale 6. Percentiles from them are off by 0.55 % at most.",
  ],
  ['rollup_tenant_latencies', 'The same of all calls of a tenant, for hours and days.'],
  ['rollup_models', 'What each provider and model was used for, in the turns of these calls.'],
  ['rollup_words', 'How often a word occurs in these calls, or in their turns.'],
];

const ALL: Readonly<Record<string, Readonly<Record<string, RollupColumn>>>> = {
  ...ROW_TABLES,
  ...ROLLUP_TABLES,
};
const columnsOf = (table: string): Readonly<Record<string, RollupColumn>> => ALL[table] ?? {};

function page(): string {
  const sections = TABLES.map(([table, what]) => {
    const rows = Object.entries(columnsOf(table)).map(([name, column]) => {
      const [comment] = describeColumn(column).split('. Unit: ');
      return `| `.concat(
        [`\`${name}\``, `${column.type}${column.required ? '' : ' or NULL'}`, column.unit, comment].join(
          ' | ',
        ),
        ' |',
      );
    });
    return [
      `## ${table}`,
      '',
      what,
      '',
      '| column | type | unit | what it is |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return `${[
    '# Columns',
    '',
    'Every column of `call_metrics`, `call_logs` and `call_scores`, generated from `model/rows.ts`, and of the tables of rollups, from',
    '`model/rollups.ts`. NULL is unknown, never 0. How the figures are worked out is in [definitions.md](definitions.md);',
    'how rollups are kept is in [operations.md](operations.md#rollups).',
    '',
    sections.join('\n\n'),
  ].join('\n')}\n`;
}

test('docs/columns.md is what model/rows.ts and model/rollups.ts say', () => {
  const path = join(packageRoot, 'docs/columns.md');
  if (process.env.EARSHOT_UPDATE_DOCS === '1') writeFileSync(path, page());
  assert.equal(
    readFileSync(path, 'utf8'),
    page(),
    'docs/columns.md is out of date: npm run build && EARSHOT_UPDATE_DOCS=1 node scripts/test.mjs model/columns',
  );
});

test('every column says what it is and its unit, and times and money say theirs in the type', () => {
  for (const [table] of TABLES) {
    for (const [name, { type, unit, comment }] of Object.entries(columnsOf(table))) {
      assert.doesNotMatch(comment, /\.$/, `${table}.${name}`);
      if (type === 'timestamptz') assert.equal(unit, 'instant', name);
      if (type === 'numeric') assert.equal(unit, 'USD', name);
      if (name.endsWith('_seconds')) assert.equal(unit, 'seconds', name);
    }
  }
});

test('every usage column sums one quantity of the stages of one kind', () => {
  assert.deepEqual(
    USAGE_SUMS.map(({ column }) => column),
    Object.keys(USAGE_COLUMNS),
  );
});
