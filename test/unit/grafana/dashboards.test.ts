import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { parser } from '@prometheus-io/lezer-promql';
import { BOARDS, toJson } from '../../../grafana/boards/index.ts';
import { TABLES } from '../../../grafana/columns.ts';
import {
  buckets,
  COLLECTOR,
  counter,
  gauge,
  LABEL,
  observations,
  SPAN_METRICS,
} from '../../../grafana/names.ts';
import { METRICS } from '../../../model/semconv.ts';
import {
  type Choice,
  committedDashboards,
  expandPromql,
  type GrafanaDashboard,
  type GrafanaTarget,
  panelsOf,
} from '../../support/grafana/query.ts';
import { packageRoot } from '../../support/root.ts';

const FOLDER = join(packageRoot, 'grafana/dashboards');
const DASHBOARDS = committedDashboards();

const sqlOf = (dashboard: GrafanaDashboard) => [
  ...dashboard.templating.list.flatMap(({ type, query }) => (type === 'query' ? [String(query)] : [])),
  ...targetsOf(dashboard).flatMap(({ rawSql }) => (rawSql === undefined ? [] : [rawSql])),
];
const targetsOf = (dashboard: GrafanaDashboard): GrafanaTarget[] =>
  panelsOf(dashboard).flatMap(({ targets }) => targets ?? []);
const promqlOf = (dashboard: GrafanaDashboard) =>
  targetsOf(dashboard).flatMap(({ expr }) => (expr === undefined ? [] : [expr]));

it('the committed dashboards are those that the code makes', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), BOARDS.map(({ uid }) => `${uid}.json`).sort());
  for (const board of BOARDS) {
    const committed = readFileSync(join(FOLDER, `${board.uid}.json`), 'utf8');
    assert.ok(committed === toJson(board), `${board.uid} is out of date: npm run dashboards`);
  }
});

it('there is a dashboard for each question', () => {
  assert.deepEqual(DASHBOARDS.map(({ uid }) => uid).sort(), [
    'voice-call',
    'voice-cost',
    'voice-latency',
    'voice-pipeline',
    'voice-quality',
  ]);
});

for (const dashboard of DASHBOARDS) {
  describe(dashboard.title, () => {
    const variables = dashboard.templating.list;
    const panels = panelsOf(dashboard);

    it('is in the format that file provisioning takes, says that it is generated, and is not edited in place', () => {
      assert.equal(dashboard.schemaVersion, 42);
      assert.equal(dashboard.editable, false);
      assert.match(dashboard.description, /Generated from .*npm run dashboards/);
    });

    it('has data sources that are chosen by variables', () => {
      const sources = variables.filter(({ type }) => type === 'datasource').map(({ name }) => `\${${name}}`);
      for (const { datasource, targets = [], title } of panels) {
        assert.ok(targets.length > 0, `${title} asks nothing`);
        for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
          assert.ok(sources.includes(source?.uid ?? ''), `${title}: ${source?.uid}`);
        }
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
      }
      for (const { datasource, type, name } of variables) {
        if (type === 'query') assert.ok(sources.includes(datasource?.uid ?? ''), name);
      }
    });

    it('has panels with title, description, unit, thresholds and a word for nothing', () => {
      const known = new Set<unknown>(Object.values(units));
      for (const { title, description = '', fieldConfig } of panels) {
        assert.ok(title.length > 2);
        assert.match(description, /^[A-Z].{15,}[.?]$/s, title);
        const { unit = '', noValue = '', thresholds } = fieldConfig?.defaults ?? {};
        assert.ok(known.has(unit) || /^(suffix|prefix): ?\S/.test(unit), `${title}: unit ${unit}`);
        assert.ok(noValue.length > 5, `${title}: what is shown when there is nothing?`);
        assert.equal(thresholds?.steps[0]?.value, null, title);
        for (const { properties } of fieldConfig?.overrides ?? []) {
          const override = properties.find(({ id }) => id === 'unit')?.value;
          assert.ok(override === undefined || known.has(override), `${title}: unit ${override}`);
        }
      }
    });

    it('has ids that differ', () => {
      const ids = dashboard.panels.map(({ id }) => id);
      assert.ok(ids.every(Number.isInteger));
      assert.equal(new Set(ids).size, ids.length);
    });

    it('has a grid without overlaps and holes', () => {
      const taken = new Map<number, Set<number>>();
      for (const { gridPos, title } of dashboard.panels) {
        const { x, y, w, h } = gridPos;
        for (let row = y; row < y + h; row += 1) {
          const columns = taken.get(row) ?? new Set();
          taken.set(row, columns);
          for (let column = x; column < x + w; column += 1) {
            assert.ok(column < 24 && !columns.has(column), `${title} is over another panel`);
            columns.add(column);
          }
        }
      }
      const rows = [...taken.keys()].sort((a, b) => a - b);
      assert.deepEqual(rows, [...rows.keys()], 'a row is empty');
      for (const [row, columns] of taken) assert.equal(columns.size, 24, `row ${row} has a hole`);
    });

    it('uses the variables that it has, and no others', () => {
      const text = JSON.stringify(dashboard);
      const used = new Set([...text.matchAll(/\$\{?([a-zA-Z]\w*)/g)].map(([, name]) => name));
      const names = variables.map(({ name }) => name);
      assert.deepEqual(
        [...used].filter((name) => !names.includes(name ?? '')),
        [],
      );
      for (const { name, description, label } of variables) {
        assert.ok(used.has(name), `${name} is not used`);
        assert.ok(label && description, name);
      }
    });

    it('asks again for what can be chosen when the time range changes', () => {
      for (const { type, refresh, name } of variables) if (type === 'query') assert.equal(refresh, 2, name);
    });

    it('has SQL with tables and columns that exist', () => {
      const tables = new Map(
        Object.entries(TABLES).map(([name, { alias, columns }]) => [alias as string, { name, columns }]),
      );
      for (const sql of sqlOf(dashboard)) {
        for (const [, name, alias = ''] of sql.matchAll(/\b(?:FROM|JOIN) (call_\w+|pg_\w+) (\w+)/g)) {
          const known = tables.get(alias)?.name === name || ['n', 't'].includes(alias);
          assert.ok(known, `${name} ${alias} in ${sql}`);
        }
        for (const [, alias = '', column = ''] of sql.matchAll(/\b([mlsq])\.(\w+)/g)) {
          assert.ok(column in (tables.get(alias)?.columns ?? {}), `${alias}.${column} in ${sql}`);
        }
      }
    });

    it('has SQL that is bound to the time range or to a call, and reads no more rows than can be looked at', () => {
      for (const sql of sqlOf(dashboard)) {
        assert.match(
          sql,
          /\$__timeFilter\(|earshot\.rolled_\w+\((?:earshot\.from_whole_hour\()?\$__timeFrom\(\)::timestamptz, \$__timeTo\(\)|\$\{call_id:sqlstring\}|FROM (earshot\.call_queue|pg_stat_user_tables)\b/,
        );
        if (/ORDER BY .*(DESC|ASC)$/s.test(sql))
          assert.match(sql, /GROUP BY|LIMIT \d+|call_id:sqlstring|pg_stat_user_tables/);
        assert.doesNotMatch(sql, /\b(INSERT|UPDATE|DELETE|DROP|ALTER|CREATE)\b|;/i);
      }
    });

    it('has PromQL that parses, with counters under a rate over the interval that fits', () => {
      for (const expr of promqlOf(dashboard)) {
        for (const [window] of expr.matchAll(/\[[^\]]*\]/g)) {
          assert.match(window, /^\[\$__(rate_interval|range)\]$/, expr);
        }
        const choices = new Map<string, Choice>(
          variables.map(({ name, multi }) => [name, { values: ['a.b', 'c'], several: multi === true }]),
        );
        assertPromql(expandPromql(expr, choices, { rateInterval: '5m', range: '1h' }));
      }
    });
  });
}

const KNOWN_METRICS = new Set<string>([
  ...Object.values(METRICS).flatMap((metric) => [
    counter(metric),
    buckets(metric),
    observations(metric),
    gauge(metric),
  ]),
  ...Object.values(SPAN_METRICS),
  ...Object.values(COLLECTOR),
]);
const KNOWN_LABELS = new Set<string>([...Object.values(LABEL), 'le', '__name__', 'exporter', 'receiver']);

interface SyntaxNode {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly parent: SyntaxNode | null;
  readonly type: { readonly isError: boolean };
}

function assertPromql(expr: string): void {
  let selectors = 0;
  parser.parse(expr).iterate({
    enter: ({ node }: { readonly node: SyntaxNode }) => {
      const text = expr.slice(node.from, node.to);
      assert.ok(!node.type.isError, `at ${node.from}: ${expr}`);
      if (node.name === 'LabelName') assert.ok(KNOWN_LABELS.has(text), `label ${text} in ${expr}`);
      if (node.name !== 'VectorSelector') return;
      selectors += 1;
      const [name = text] = /^\w+/.exec(text) ?? [];
      assert.ok(KNOWN_METRICS.has(name), `metric ${name} in ${expr}`);
      const isCounter = /_(total|bucket|count|sum)$|_total\)\?"/.test(name);
      assert.equal(functionAround(expr, node) !== undefined, isCounter, `${name} in ${expr}`);
    },
  });
  assert.ok(selectors > 0, expr);
}

/** The function that a selector with a range is in. */
function functionAround(expr: string, selector: SyntaxNode): string | undefined {
  if (selector.parent?.name !== 'MatrixSelector') return undefined;
  for (let node: SyntaxNode | null = selector.parent; node !== null; node = node.parent) {
    if (node.name !== 'FunctionCall') continue;
    const [name = ''] = /^\w+/.exec(expr.slice(node.from, node.to)) ?? [];
    assert.ok(['rate', 'increase'].includes(name), `${name} in ${expr}`);
    return name;
  }
  return undefined;
}
